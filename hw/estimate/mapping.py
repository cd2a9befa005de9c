"""Which memory cells synthesis takes for a memory, and how many: its own choice, followed to the block.

Yosys's `memory_libmap` knows each cell of a device with a cost, and weighs for every width that the cell can have how
many are needed and what must be added to choose among rows of cells; the least cost wins, not the fewest cells. The
cells and their costs are those of Yosys 0.70's libraries (ice40/brams.txt, lattice/brams_16kd.txt,
lattice/lutrams_trellis.txt, xilinx/brams_xc4v.txt and xilinx/lutrams_xc5v.txt as `synth_xilinx -family xc7` reads
them). A memory that is asked for in blocks, as all of ours are, never becomes logic, however small it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import ceil

_BYTE = 8
# What Yosys counts for a bit of a choice among rows of cells, read or written.
_CHOICE_COST = 0.5


@dataclass(frozen=True)
class _Cell:
    """A memory cell.

    Attributes:
        units: block memories, or lookup tables of a memory in logic, that it takes.
        cost: Yosys's for one.
        scaled_cost: the part of it that is only paid for the bits that are used.
        words: at its narrowest; each wider width halves them.
        widths: of a word, rising; of some families with a ninth bit to each eight.
        byte: bits that are written together; 0 for the whole word.
        written: least and greatest width in which it can be written.
        readers: words that are read at once.
        writes_for_reader: whether writing takes the place of a reader.
    """

    units: int
    cost: int
    words: int
    widths: tuple[int, ...]
    byte: int
    written: tuple[int, int]
    readers: int = 1
    writes_for_reader: bool = False
    scaled_cost: int = 0


_NINTHS = (1, 2, 4, 9, 18, 36, 72)

_BLOCKS = {
    "ice40": (
        _Cell(1, 64, 2048, (2, 4, 8, 16), byte=1, written=(16, 16)),
        _Cell(1, 64, 2048, (2, 4, 8, 16), byte=0, written=(2, 8)),
    ),
    "ecp5": (
        _Cell(1, 128, 1 << 14, _NINTHS[:5], byte=9, written=(1, 18), readers=2, writes_for_reader=True),
        _Cell(1, 128, 1 << 14, _NINTHS[:6], byte=9, written=(36, 36)),
    ),
    "xc7": (
        _Cell(1, 129, 1 << 14, _NINTHS[:5], byte=9, written=(1, 18), readers=2, writes_for_reader=True),
        _Cell(2, 257, 1 << 15, _NINTHS[:6], byte=9, written=(1, 36), readers=2, writes_for_reader=True),
        _Cell(4, 513, 1 << 16, _NINTHS[:4], byte=9, written=(1, 9), readers=2, writes_for_reader=True),
        _Cell(1, 129, 1 << 14, _NINTHS[:6], byte=9, written=(1, 36)),
        _Cell(2, 257, 1 << 15, _NINTHS, byte=9, written=(1, 72)),
    ),
}
# Written at run time; the lookup tables are those that `hw.tools.yosys` counts for a cell.
_TABLES = {
    "ecp5": (_Cell(6, 4, 16, (4,), byte=0, written=(4, 4)),),
    "xc7": (
        _Cell(4, 8, 32, (6,), byte=0, written=(6, 6), scaled_cost=7),
        _Cell(4, 8, 64, (3,), byte=0, written=(3, 3), scaled_cost=7),
    ),
}


@dataclass(frozen=True)
class Mapped:
    """What a memory is mapped to.

    Attributes:
        units: block memories, or lookup tables.
        rows: of cells, one of which the upper address bits choose.
    """

    units: int
    rows: int


def in_blocks(family: str, depth: int, width: int, readers: int = 1, is_written: bool = False) -> Mapped:
    """Block memories for a memory.

    Args:
        family: of the device.
        depth: words.
        width: bits of a word that are read, and not the same in all words: synthesis takes those out before.
        readers: words that are read at once, at addresses that have nothing to do with each other.
        is_written: whether each byte of a word can be written by itself; there are whole bytes then.
    """
    return _cheapest(_BLOCKS[family], depth, width, readers, is_written)


def in_blocks_written_by_bit(family: str, words: int, lanes_doublings: int) -> Mapped:
    """Block memories for words of `2**lanes_doublings` bits that are written bit by bit."""
    ways = (way for cell in _BLOCKS[family] for way in _ways_by_bit(cell, words, lanes_doublings))
    return min(ways, key=lambda way: way[0])[1]


def in_written_tables(family: str, depth: int, width: int) -> Mapped:
    """Lookup tables for a memory that is written at run time, a byte at a time.

    Raises:
        KeyError: for a family whose lookup tables cannot be written.
    """
    return _cheapest(_TABLES[family], depth, width, 1, True)


@cache
def _cheapest(cells: tuple[_Cell, ...], depth: int, width: int, readers: int, is_written: bool) -> Mapped:
    ways = (way for cell in cells for way in _ways(cell, depth, width, readers, is_written))
    return min(ways, key=lambda way: way[0])[1]  # of equals the first, as Yosys has it


def _ways(cell: _Cell, depth: int, width: int, readers: int, is_written: bool) -> Iterator[tuple[float, Mapped]]:
    """Every way to build a memory of a cell, with its cost."""
    copies = ceil(readers / (cell.readers - (is_written and cell.writes_for_reader)))
    n_bytes = ceil(width / _BYTE) if is_written else 0
    stored = _BYTE * n_bytes or width
    for doublings, unit in enumerate(cell.widths):
        if is_written and not _can_write(cell, unit):
            continue
        rows = ceil(depth * 2**doublings / cell.words)
        # Bytes begin where a cell can begin to write, and rows share cells.
        byte_bits = ceil(_BYTE / min(cell.byte or unit, unit)) * min(cell.byte or unit, unit)
        cells = ceil(rows * (n_bytes * byte_bits or width) / unit) * copies
        cost = (cell.cost - cell.scaled_cost) * cells + cell.scaled_cost * rows * stored // unit * copies
        choices = (rows - 1) * stored * readers + (rows * n_bytes if rows > 1 else 0)
        used = _read_cells(rows, width, unit, byte_bits) if width < stored else cells
        yield cost + _CHOICE_COST * choices, Mapped(cell.units * used, rows)


def _ways_by_bit(cell: _Cell, words: int, lanes_doublings: int) -> Iterator[tuple[float, Mapped]]:
    """Every way to build a memory of bits whose neighbours are read at once, from one cell or from several."""
    for doublings, unit in enumerate(cell.widths):
        if not _can_write(cell, unit):
            continue
        byte_bits = min(cell.byte or unit, unit)
        for in_cell in range(min(lanes_doublings, len(cell.widths) - 1 - doublings) + 1):
            beside = 2 ** (lanes_doublings - in_cell)
            rows = ceil(words * 2 ** (doublings + in_cell) / cell.words)
            cells = ceil(rows * beside * byte_bits / unit)
            choices = (rows - 1) * 2**lanes_doublings + (rows * beside if rows * beside > 1 else 0)
            yield cell.cost * cells + _CHOICE_COST * choices, Mapped(cell.units * cells, rows)


def _can_write(cell: _Cell, unit: int) -> bool:
    """Whether a cell can be written that is read in words of `unit` bits.

    Where its port for writing is wider, parts of the word are written; below the width of those there is no way.
    """
    least, most = cell.written
    return unit <= most and (unit >= least or unit >= cell.byte > 0)


def _read_cells(rows: int, width: int, unit: int, byte_bits: int) -> int:
    """Cells that hold a bit which is read; synthesis takes the others out again."""
    row_bits = ceil(width / _BYTE) * byte_bits
    lanes = [bit // _BYTE * byte_bits + bit % _BYTE for bit in range(width)]
    return len({(row * row_bits + lane) // unit for row in range(rows) for lane in lanes})

"""What a memory takes, from its depth and width alone."""

from bisect import bisect_right
from dataclasses import dataclass
from math import ceil

from hw.components.columns import Columns
from hw.components.counters import counter_bits
from hw.components.rom import Storage
from hw.devices import Device
from hw.estimate.mapping import Mapped, in_blocks, in_written_tables
from hw.estimate.resources import Resources

_BYTE = 8
# Columns of a memory in logic share their parts: each doubling of the width saves so much, from this width on.
_SHARED_EXPONENT, _USUAL_WIDTH = 0.08, 24
# Up to this many words, columns that are equal or inverse to each other are common.
_FEW_WORDS = 8


@dataclass(frozen=True)
class _Family:
    """Lookup tables of a memory of random bits in logic, `_USUAL_WIDTH` columns wide: read off Yosys 0.70's counts.

    Attributes:
        deepest: words of which one lookup table makes a column.
        luts: pairs of depth and lookup tables a column; between them it is a line.
    """

    deepest: int
    luts: tuple[tuple[int, float], ...]


_FOUR_INPUTS = _Family(
    16,
    (
        (16, 1),
        (17, 2.0),
        (24, 3.1),
        (32, 3.9),
        (64, 8.8),
        (128, 18.2),
        (256, 34),
        (512, 63),
        (1024, 121),
        (2048, 235),
        (4096, 460),
    ),
)
_FAMILIES = {
    "ice40": _FOUR_INPUTS,
    "ecp5": _FOUR_INPUTS,
    # Behind a counter, as all of ours are: with an address that comes from elsewhere, one table holds 64 words.
    "xc7": _Family(16, ((16, 1), (24, 1.6), (32, 2.4), (48, 3.8), (64, 4.5), (96, 7.8), (128, 9.3), (256, 20.5))),
}


@dataclass(frozen=True)
class MemoryShape:
    """A memory with a registered output.

    Attributes:
        depth: words.
        width: bits of a word that are not the same in all words; of a memory that is written, all that are read.
        storage: where it is kept.
        readers: words that are read at once, in blocks only.
        is_written: whether bytes of it are written at run time.
        distinct: different ones among the columns of the width, as far as that is known.
    """

    depth: int
    width: int
    storage: Storage
    readers: int = 1
    is_written: bool = False
    distinct: int | None = None


def read_only_memory(depth: int, columns: Columns, storage: Storage) -> MemoryShape:
    """A memory of such columns that is only read."""
    return MemoryShape(depth, columns.varying, storage, distinct=columns.distinct)


def memory_resources(memory: MemoryShape, device: Device) -> Resources:
    """A memory, with the choice among its rows of cells; block memories are exact."""
    if memory.width == 0:
        return Resources()
    if memory.storage is Storage.BLOCK:
        return _blocks(memory, device)
    return _written_tables(memory, device) if memory.is_written else _tables(memory, device)


def choice_luts(ways: int, device: Device) -> int:
    """Lookup tables of a bit that is chosen among several."""
    # Two tables of four inputs, or one of six, choose among four.
    return ceil((ways - 1) / 3) if device.lut_inputs == 6 else ceil(2 * (ways - 1) / 3)


def _blocks(memory: MemoryShape, device: Device) -> Resources:
    mapped = in_blocks(device.family, memory.depth, memory.width, memory.readers, memory.is_written)
    return Resources(
        luts=memory.readers * memory.width * choice_luts(mapped.rows, device) + _writing_luts(memory, mapped),
        flip_flops=memory.readers * counter_bits(mapped.rows),
        block_rams=mapped.units,
    )


def _written_tables(memory: MemoryShape, device: Device) -> Resources:
    mapped = in_written_tables(device.family, memory.depth, memory.width)
    choice = memory.width * choice_luts(mapped.rows, device)
    return Resources(luts=mapped.units + choice + _writing_luts(memory, mapped), flip_flops=memory.width)


def _writing_luts(memory: MemoryShape, mapped: Mapped) -> int:
    """Which row of cells each byte is written to."""
    return mapped.rows * ceil(memory.width / _BYTE) if memory.is_written and mapped.rows > 1 else 0


def _tables(memory: MemoryShape, device: Device) -> Resources:
    """Lookup tables of a memory that is only read, each column a function of the address."""
    family = _FAMILIES[device.family]
    # Of so few words there are no more functions, constants left out; a function and its inverse make a pair.
    pairs = 2 ** (memory.depth - 1) - 1
    columns = min(memory.width if memory.distinct is None else memory.distinct, 2 * pairs)
    if memory.depth <= _FEW_WORDS:
        taken = columns / (2 * pairs)
        luts = pairs * (1 - (1 - taken) ** 2) - taken * counter_bits(memory.depth)  # bits of the address need none
    elif memory.depth <= family.deepest:
        luts = columns
    else:
        luts = columns * _line(family.luts, memory.depth) * (columns / _USUAL_WIDTH) ** -_SHARED_EXPONENT
    return Resources(luts=max(0, round(luts)), flip_flops=columns)


def _line(points: tuple[tuple[int, float], ...], at: int) -> float:
    """The value at a place, on lines between points and beyond the last of them."""
    depths = [depth for depth, _ in points]
    last = min(bisect_right(depths, at), len(points) - 1)
    (below, low), (above, high) = points[last - 1], points[last]
    return low + (high - low) * (at - below) / (above - below)

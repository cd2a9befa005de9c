"""How bytes reach the rows of memories that are written at run time."""

from collections.abc import Sequence
from dataclasses import dataclass

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from hw.components.rom import Rom


@dataclass(frozen=True)
class WriteBus:
    """A byte a clock for one of several memories: memory, bank, row and place in the row, low byte first.

    Attributes:
        banks: of each memory.
        rows: of a bank of the deepest memory.
        row_bytes: of a row of the widest memory.
        memories: how many there are.
    """

    banks: int
    rows: int
    row_bytes: int
    memories: int

    @classmethod
    def of(cls, roms: Sequence[Rom], banks: int) -> "WriteBus":
        """The bus that serves memories, each of which has so many banks of a Rom's rows."""
        return cls(banks, max(len(rom.rows) for rom in roms), max(rom.row_bytes for rom in roms), len(roms))

    @property
    def signature(self) -> wiring.Signature:
        """Members `bank`, `row`, `byte`, `data` and a bit of `enable` for each memory."""
        return wiring.Signature(
            {
                "bank": Out(range(self.banks)),
                "row": Out(range(self.rows)),
                "byte": Out(range(self.row_bytes)),
                "data": Out(8),
                "enable": Out(self.memories),
            }
        )


def bank_members(bank: Sequence[Rom], banks: int, writable: bool) -> dict[str, wiring.Member]:
    """What a part with memories adds to its streams: the choice of a bank, and the bus where it is written."""
    choice = {"bank": In(range(banks)), "vector_end": Out(1)} if banks > 1 else {}
    return {**choice, **({"writes": In(WriteBus.of(bank, banks).signature)} if writable else {})}


def add_write_port(m: Module, memory: Memory, rom: Rom, bus: wiring.PureInterface, index: int) -> None:
    """Let a memory of banks of a Rom's rows take what the bus brings for its memory `index`."""
    port = memory.write_port(granularity=8)
    m.d.comb += [
        port.addr.eq(bus.bank * len(rom.rows) + bus.row),
        port.data.eq(bus.data.replicate(rom.row_bytes)),
        port.en.eq(bus.enable[index] << bus.byte),
    ]

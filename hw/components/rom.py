"""Read-only memories for weights and row constants."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from amaranth.hdl import unsigned
from amaranth.lib.memory import Memory


class Storage(StrEnum):
    """Where weights and row constants are kept."""

    BLOCK = "block"  # block RAM of the device
    LOGIC = "logic"  # a memory in lookup tables
    CONSTANT = "constant"  # in no memory: every weight shapes the sums of a layer that is unrolled


MEMORIES = (Storage.BLOCK, Storage.LOGIC)


@dataclass(frozen=True, eq=False)
class Rom:
    """A read-only memory of `len(rows)` words; a word comes one clock after its address.

    Raises:
        ValueError: if there is no row, or a row does not fit the width.
    """

    rows: Sequence[int]
    width: int
    storage: Storage

    def __post_init__(self) -> None:
        if not self.rows:
            raise ValueError("a memory needs at least one row")
        if worst := [row for row in self.rows if not 0 <= row < 1 << self.width]:
            raise ValueError(f"row value {worst[0]} does not fit a memory of {self.width} bits")

    def memory(self) -> Memory:
        """The Amaranth memory; one synchronous read port is to be added where it is used."""
        # Yosys reads both names, the second on families that tell ROM from RAM.
        attributes = {"ram_style": str(self.storage), "rom_style": str(self.storage)}
        return Memory(shape=unsigned(self.width), depth=len(self.rows), init=list(self.rows), attrs=attributes)

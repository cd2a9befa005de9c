"""Memories for weights and row constants: written once, with the bitstream, or also at run time."""

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
    """A memory of `len(rows)` words; a word comes one clock after its address.

    A writable one is as wide as the whole bytes that its words need, since it is written a byte at a time.

    Raises:
        ValueError: if there is no row, or a row does not fit the width.
    """

    rows: Sequence[int]
    width: int
    storage: Storage
    writable: bool = False

    def __post_init__(self) -> None:
        if not self.rows:
            raise ValueError("a memory needs at least one row")
        if worst := [row for row in self.rows if not 0 <= row < 1 << self.width]:
            raise ValueError(f"row value {worst[0]} does not fit a memory of {self.width} bits")

    @classmethod
    def joined(cls, banks: Sequence["Rom"]) -> "Rom":
        """One memory with the rows of several alike, one after another."""
        rows = [row for bank in banks for row in bank.rows]
        return cls(rows, banks[0].width, banks[0].storage, banks[0].writable)

    @property
    def row_bytes(self) -> int:
        """Whole bytes that hold a row."""
        return -(-self.width // 8)

    def memory(self) -> Memory:
        """The Amaranth memory; one synchronous read port is to be added where it is used."""
        # Yosys reads both names, the second on families that tell ROM from RAM. Its "logic" means flip-flops for a
        # memory that is written.
        in_lookup_tables = "distributed" if self.writable else str(Storage.LOGIC)
        style = str(self.storage) if self.storage is Storage.BLOCK else in_lookup_tables
        return Memory(
            shape=unsigned(8 * self.row_bytes if self.writable else self.width),
            depth=len(self.rows),
            init=list(self.rows),
            attrs={"ram_style": style, "rom_style": style},
        )

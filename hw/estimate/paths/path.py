"""One way from register to register."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Path:
    """What lies between two registers, or between a block memory and a register.

    Attributes:
        where: in the design's terms: layer and what it computes.
        hops: lookup tables in a row, each with the wire that leads to it.
        chains: carry chains that it enters and leaves.
        carry_bits: their positions that it runs along.
        from_memory: whether it begins at a block memory.
        handshakes: parts whose ready or valid it passes on.
        enables: registers that hold or take a value by it, all at once; 0 where it ends at data.
        fan_out: of its widest net.
    """

    where: str
    hops: int
    chains: int = 0
    carry_bits: int = 0
    from_memory: bool = False
    handshakes: int = 0
    enables: int = 0
    fan_out: int = 1

"""The memory between the layers: single bits in, words of many bits out."""

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Module, unsigned
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

# A block memory that is written two bits at a time (one of them unused) is read 16 at a time: 8 lanes.
LANES_OF_A_BLOCK = 8


@dataclass(frozen=True)
class ActivationMemory:
    """`words` words of `lanes` bits, written bit by bit; all zero at first.

    A word comes one clock after its address. Reading a word in the very clock in which it is written gives no
    promise: block memories differ there.

    Raises:
        ValueError: if the lanes are no power of two from 8.
    """

    lanes: int
    words: int

    def __post_init__(self) -> None:
        if self.lanes < LANES_OF_A_BLOCK or self.lanes & (self.lanes - 1):
            raise ValueError(f"engine: lanes must be a power of two from {LANES_OF_A_BLOCK}, not {self.lanes}")

    @property
    def blocks(self) -> int:
        """Memories of 8 lanes."""
        return self.lanes // LANES_OF_A_BLOCK

    @property
    def word_bits(self) -> int:
        """Bits of a word's address."""
        return (self.words - 1).bit_length()

    @property
    def lane_bits(self) -> int:
        """Bits of a lane's number; a bit's address is its word's, above its lane's."""
        return (self.lanes - 1).bit_length()

    def circuit(self) -> "ActivationMemoryCircuit":
        """The Amaranth component."""
        return ActivationMemoryCircuit(self)


class ActivationMemoryCircuit(wiring.Component):
    """Circuit of an `ActivationMemory`."""

    def __init__(self, spec: ActivationMemory):
        self.spec = spec
        super().__init__(
            {
                "read_address": In(spec.word_bits),
                "read_enable": In(1),
                "word": Out(spec.lanes),
                "write_address": In(spec.word_bits + spec.lane_bits),
                "write_bit": In(1),
                "write_enable": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        inner_bits = (LANES_OF_A_BLOCK - 1).bit_length()
        lane = self.write_address[: self.spec.lane_bits]
        word = self.write_address[self.spec.lane_bits :]
        # Nobody relies on a word that is read while it is written; to say so spares the logic that would settle it.
        attributes = {"ram_style": "block", "no_rw_check": 1}
        for block in range(self.spec.blocks):
            memory = Memory(shape=unsigned(1), depth=self.spec.words * LANES_OF_A_BLOCK, init=[], attrs=attributes)
            m.submodules[f"block{block}"] = memory
            write = memory.write_port()
            m.d.comb += [
                write.addr.eq(Cat(lane[:inner_bits], word)),
                write.data.eq(self.write_bit),
                write.en.eq(self.write_enable & (lane[inner_bits:] == block)),
            ]
            # Synthesis joins read ports of neighbouring addresses into one wide port.
            for inner in range(LANES_OF_A_BLOCK):
                read = memory.read_port()
                m.d.comb += [
                    read.addr.eq(Cat(Const(inner, inner_bits), self.read_address)),
                    read.en.eq(self.read_enable),
                    self.word[block * LANES_OF_A_BLOCK + inner].eq(read.data),
                ]
        return m

"""How many bits of a word are set, looked up in block memory or added up in logic."""

from dataclasses import dataclass
from functools import cached_property

from amaranth.hdl import Cat, Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.components.rom import Rom, Storage
from hw.components.sums import tree_sum

_TABLE_BITS = 8


@dataclass(frozen=True)
class BitCounter:
    """Population count of `bits` bits, or 0 where `count` is low, one clock later; holds while `enable` is low.

    In block memory, a table counts 8 bits and logic adds up the tables; in logic everything is added. The sum of the
    tables is formed after the clock, that of logic before it.

    Raises:
        ValueError: if the bits are no multiple of 8.
    """

    bits: int
    storage: Storage

    def __post_init__(self) -> None:
        if self.bits < _TABLE_BITS or self.bits % _TABLE_BITS:
            raise ValueError(f"a bit counter takes a multiple of {_TABLE_BITS} bits, not {self.bits}")

    @property
    def n_tables(self) -> int:
        """Tables that are looked up at once."""
        return self.bits // _TABLE_BITS if self.storage is Storage.BLOCK else 0

    @cached_property
    def table(self) -> Rom:
        """The count of 8 bits; `count` is the highest address bit."""
        counts = [address.bit_count() for address in range(1 << _TABLE_BITS)]
        return Rom([0] * len(counts) + counts, _TABLE_BITS.bit_length(), Storage.BLOCK)

    def compute(self, word: int, count: bool) -> int:
        """The count of a word."""
        return word.bit_count() if count else 0

    def circuit(self) -> "BitCounterCircuit":
        """The Amaranth component."""
        return BitCounterCircuit(self)


class BitCounterCircuit(wiring.Component):
    """Circuit of a `BitCounter`."""

    def __init__(self, spec: BitCounter):
        self.spec = spec
        super().__init__({"word": In(spec.bits), "count": In(1), "enable": In(1), "total": Out(range(spec.bits + 1))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if self.spec.storage is Storage.LOGIC:
            with m.If(self.enable):
                m.d.sync += self.total.eq(Mux(self.count, tree_sum(list(self.word)), 0))
            return m
        counts = []
        for index in range(self.spec.n_tables):
            m.submodules[f"table{index}"] = memory = self.spec.table.memory()
            port = memory.read_port()
            part = self.word[index * _TABLE_BITS :][:_TABLE_BITS]
            m.d.comb += [port.addr.eq(Cat(part, self.count)), port.en.eq(self.enable)]
            counts.append(port.data)
        m.d.comb += self.total.eq(tree_sum(counts))
        return m

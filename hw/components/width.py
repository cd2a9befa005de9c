"""Width conversion: the same elements in wider or narrower stream words."""

from dataclasses import dataclass
from math import gcd

from amaranth.hdl import Cat, Module, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out


@dataclass(frozen=True)
class WidthConverter:
    """Regroups elements of `element_bits` from words of `lanes_in` into words of `lanes_out`, order kept.

    Words in and out carry the same elements: `compute` concatenates and cuts again. Where neither width divides the
    other, the elements pass through words of their greatest common divisor.

    Widening takes one word a clock and gives its word one clock after the last part came in. Narrowing takes a word
    and gives its parts over the following clocks, without a gap between words. Both give and take backpressure. Equal
    widths are wires.

    Raises:
        ValueError: if a width is not positive.
    """

    element_bits: int
    lanes_in: int
    lanes_out: int

    def __post_init__(self) -> None:
        for name in ("element_bits", "lanes_in", "lanes_out"):
            if getattr(self, name) < 1:
                raise ValueError(f"width converter: {name} must be at least 1, not {getattr(self, name)}")

    @property
    def bits_in(self) -> int:
        """Width of a word that comes in."""
        return self.element_bits * self.lanes_in

    @property
    def bits_out(self) -> int:
        """Width of a word that goes out."""
        return self.element_bits * self.lanes_out

    def compute(self, words: list[int]) -> list[int]:
        """Words that come out for the words that go in; elements that fill no whole word stay inside."""
        stream_of_bits = sum(word << (i * self.bits_in) for i, word in enumerate(words))
        n_out = len(words) * self.bits_in // self.bits_out
        mask = (1 << self.bits_out) - 1
        return [(stream_of_bits >> (i * self.bits_out)) & mask for i in range(n_out)]

    def circuit(self) -> wiring.Component:
        """The Amaranth component, with streams `i` and `o`."""
        if self.lanes_out % self.lanes_in == 0:
            return _Widen(self)
        if self.lanes_in % self.lanes_out == 0:
            return _Narrow(self)
        return _ThroughDivisor(self)


class _Converter(wiring.Component):
    def __init__(self, spec: WidthConverter):
        self.spec = spec
        super().__init__(
            {
                "i": In(stream.Signature(unsigned(spec.bits_in))),
                "o": Out(stream.Signature(unsigned(spec.bits_out))),
            }
        )


class _Widen(_Converter):
    def elaborate(self, platform: object) -> Module:
        m = Module()
        ratio = self.spec.lanes_out // self.spec.lanes_in
        if ratio == 1:
            wiring.connect(m, wiring.flipped(self.i), wiring.flipped(self.o))
            return m
        count = Signal(range(ratio))
        full = Signal()
        m.d.comb += [
            self.o.valid.eq(full),
            self.i.ready.eq(~full | self.o.ready),
        ]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += full.eq(0)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += self.o.payload.eq(Cat(self.o.payload, self.i.payload)[self.spec.bits_in :])
            with m.If(count == ratio - 1):
                m.d.sync += [count.eq(0), full.eq(1)]
            with m.Else():
                m.d.sync += count.eq(count + 1)
        return m


class _Narrow(_Converter):
    def elaborate(self, platform: object) -> Module:
        m = Module()
        ratio = self.spec.lanes_in // self.spec.lanes_out
        word = Signal(self.spec.bits_in, reset_less=True)
        left = Signal(range(ratio + 1))
        m.d.comb += [
            self.o.payload.eq(word),
            self.o.valid.eq(left != 0),
            self.i.ready.eq((left == 0) | ((left == 1) & self.o.ready)),
        ]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += [word.eq(word >> self.spec.bits_out), left.eq(left - 1)]
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [word.eq(self.i.payload), left.eq(ratio)]
        return m


class _ThroughDivisor(_Converter):
    def elaborate(self, platform: object) -> Module:
        m = Module()
        middle = gcd(self.spec.lanes_in, self.spec.lanes_out)
        m.submodules.narrow = narrow = WidthConverter(self.spec.element_bits, self.spec.lanes_in, middle).circuit()
        m.submodules.widen = widen = WidthConverter(self.spec.element_bits, middle, self.spec.lanes_out).circuit()
        wiring.connect(m, wiring.flipped(self.i), narrow.i)
        wiring.connect(m, narrow.o, widen.i)
        wiring.connect(m, widen.o, wiring.flipped(self.o))
        return m

"""A buffer of two words: nothing of a handshake passes through it within a clock."""

from dataclasses import dataclass

from amaranth.hdl import Module, Mux, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out


@dataclass(frozen=True)
class StreamBuffer:
    """Passes words on; `ready` and `valid` come out of registers, so that long pipelines keep a fast clock.

    Latency 1 clock; takes a word every clock; gives and takes backpressure. One word stands at the output, a second
    one, that came before the first was seen to wait, beside it.

    Raises:
        ValueError: if the width is not positive.
    """

    bits: int

    def __post_init__(self) -> None:
        if self.bits < 1:
            raise ValueError(f"stream buffer: bits must be at least 1, not {self.bits}")

    @property
    def latency_clocks(self) -> int:
        """From a word that comes in to the same word."""
        return 1

    def compute(self, words: list[int]) -> list[int]:
        """Words that come out: those that go in."""
        return list(words)

    def circuit(self) -> "StreamBufferCircuit":
        """The Amaranth component, with streams `i` and `o`."""
        return StreamBufferCircuit(self)


class StreamBufferCircuit(wiring.Component):
    """Circuit of a `StreamBuffer`: streams `i` and `o`."""

    def __init__(self, spec: StreamBuffer):
        self.spec = spec
        super().__init__(
            {
                "i": In(stream.Signature(unsigned(spec.bits))),
                "o": Out(stream.Signature(unsigned(spec.bits))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        waits = Signal()
        waiting = Signal(self.spec.bits, reset_less=True)
        m.d.comb += self.i.ready.eq(~waits)
        with m.If(~waits):
            m.d.sync += waiting.eq(self.i.payload)
        with m.If(~self.o.valid | self.o.ready):
            m.d.sync += [
                self.o.payload.eq(Mux(waits, waiting, self.i.payload)),
                self.o.valid.eq(waits | self.i.valid),
                waits.eq(0),
            ]
        with m.Elif(self.i.valid):
            m.d.sync += waits.eq(1)
        return m

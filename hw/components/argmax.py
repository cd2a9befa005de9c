"""The winner among streamed scores."""

from dataclasses import dataclass

import numpy as np
from amaranth.hdl import Module, Signal, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from numpy.typing import NDArray

from hw.network.types import IntegerFormat


@dataclass(frozen=True)
class ArgMax:
    """The index of the greatest of `classes` signed scores that come one a clock; the lowest index wins a tie.

    Result one clock after the last score: `unit`, the index, and `score`, the greatest score. Initiation interval
    `classes` clocks. Gives and takes backpressure.

    Raises:
        ValueError: if there is no class.
    """

    classes: int
    score: IntegerFormat

    def __post_init__(self) -> None:
        if self.classes < 1:
            raise ValueError(f"argmax: needs at least one class, not {self.classes}")

    @property
    def result_layout(self) -> data.StructLayout:
        """Members of a result: `unit` in the low bits, `score` above."""
        unit_bits = max(1, (self.classes - 1).bit_length())
        return data.StructLayout({"unit": unsigned(unit_bits), "score": signed(self.score.bits)})

    def compute(self, scores: NDArray[np.integer]) -> NDArray[np.int64]:
        """Index of the greatest score in each row of `[n, classes]`."""
        return np.argmax(scores, axis=1)

    def circuit(self) -> "ArgMaxCircuit":
        """The Amaranth component, with streams `i` and `o`."""
        return ArgMaxCircuit(self)


class ArgMaxCircuit(wiring.Component):
    """Circuit of an `ArgMax`: stream `i` of scores, stream `o` of results."""

    def __init__(self, spec: ArgMax):
        self.spec = spec
        super().__init__(
            {
                "i": In(stream.Signature(unsigned(spec.score.bits))),
                "o": Out(stream.Signature(spec.result_layout)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        index = Signal(range(self.spec.classes))
        score = self.i.payload.as_signed()
        best = self.o.payload
        m.d.comb += self.i.ready.eq(~self.o.valid | self.o.ready)
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(self.i.valid & self.i.ready):
            with m.If((index == 0) | (score > best.score)):
                m.d.sync += [best.unit.eq(index), best.score.eq(score)]
            with m.If(index == self.spec.classes - 1):
                m.d.sync += [index.eq(0), self.o.valid.eq(1)]
            with m.Else():
                m.d.sync += index.eq(index + 1)
        return m

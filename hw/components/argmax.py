"""The winner among streamed scores."""

from dataclasses import dataclass

import numpy as np
from amaranth.hdl import Const, Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from numpy.typing import NDArray

from hw.network.decide import decide
from hw.network.types import IntegerFormat


@dataclass(frozen=True)
class ArgMax:
    """The index of the greatest of `classes` signed scores that come one a clock; the lowest index wins a tie.

    Where the greatest leads the second by less than a margin, the index is `classes`: 'unsorted', as
    `hw.network.decide` defines it. The margin is a constant, or the input `margin` of `score.bits` bits, unsigned,
    which is sampled with an inference's first score; where it can have no effect, neither costs anything.

    Result one clock after the last score: `unit`, the index, and `score`, the greatest score. Initiation interval
    `classes` clocks. Gives and takes backpressure.

    Args:
        classes: scores of one inference.
        score: format of a score.
        margin: lead below which an inference is unsorted, 0: never; with `margin_port`, what `compute` takes the
            input to be.
        margin_port: whether the margin is an input.

    Raises:
        ValueError: if there is no class, or the margin has more bits than a score.
    """

    classes: int
    score: IntegerFormat
    margin: int = 0
    margin_port: bool = False

    def __post_init__(self) -> None:
        if self.classes < 1:
            raise ValueError(f"argmax: needs at least one class, not {self.classes}")
        if not 0 <= self.margin < 1 << self.score.bits:
            raise ValueError(f"argmax: a margin of {self.margin} is not from 0 to {(1 << self.score.bits) - 1}")

    @property
    def can_be_unsorted(self) -> bool:
        """Whether a result may be 'unsorted'."""
        return self.classes > 1 and (self.margin_port or self.margin > 0)

    @property
    def latency_clocks(self) -> int:
        """From the last score to the result."""
        return 1

    @property
    def result_layout(self) -> data.StructLayout:
        """Members of a result: `unit` in the low bits, `score` above."""
        greatest = self.classes if self.can_be_unsorted else self.classes - 1
        return data.StructLayout({"unit": unsigned(max(1, greatest.bit_length())), "score": signed(self.score.bits)})

    def compute(self, scores: NDArray[np.integer]) -> NDArray[np.int64]:
        """Index of the greatest score in each row of `[n, classes]`, or `classes` for unsorted."""
        return decide(scores, self.margin)

    def circuit(self) -> wiring.Component:
        """The Amaranth component, with streams `i` and `o`, and the input `margin` if there is one."""
        return ArgMaxCircuit(self)


class ArgMaxCircuit(wiring.Component):
    """Circuit of an `ArgMax`: stream `i` of scores, stream `o` of results, and `margin` with `margin_port`."""

    def __init__(self, spec: ArgMax):
        self.spec = spec
        margin = {"margin": In(spec.score.bits)} if spec.margin_port else {}
        super().__init__(
            {
                "i": In(stream.Signature(unsigned(spec.score.bits))),
                "o": Out(stream.Signature(spec.result_layout)),
                **margin,
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        spec = self.spec
        index, unit = (Signal(range(spec.classes), name=name) for name in ("index", "unit"))
        score = self.i.payload.as_signed()
        best = self.o.payload
        lag, wins, close = Signal(signed(spec.score.bits + 1)), Signal(), Signal()
        m.d.comb += [
            self.i.ready.eq(~self.o.valid | self.o.ready),
            lag.eq(best.score - score),
            wins.eq((index == 0) | (lag < 0)),
            best.unit.eq(Mux(close, spec.classes, unit)),
        ]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(self.i.valid & self.i.ready):
            with m.If(wins):
                m.d.sync += [unit.eq(index), best.score.eq(score)]
            with m.If(index == spec.classes - 1):
                m.d.sync += [index.eq(0), self.o.valid.eq(1)]
            with m.Else():
                m.d.sync += index.eq(index + 1)
            if spec.can_be_unsorted:
                # The second best needs no register: behind a new best it is the old best, and any other score
                # matters only if it comes near to the best itself.
                near = is_near(lag, self._greatest_lead(m, index))
                m.d.sync += close.eq((index != 0) & (near | (close & ~wins)))
        return m

    def _greatest_lead(self, m: Module, index: Signal) -> Value:
        """The greatest lead that is unsorted, margin - 1, in force for all scores but an inference's first."""
        shape = signed(self.spec.score.bits + 1)
        if not self.spec.margin_port:
            return Const(self.spec.margin - 1, shape)
        greatest = Signal(shape)
        with m.If(index == 0):
            m.d.sync += greatest.eq(self.margin - 1)
        return greatest


def is_near(lag: Signal, greatest: Value) -> Value:
    """`|lag| <= greatest`, as one sum: `-|lag| = ~lag + 1` for a lag from 0 on, else `lag`."""
    behind = lag >= 0
    return greatest + Mux(behind, ~lag, lag) + behind >= 0

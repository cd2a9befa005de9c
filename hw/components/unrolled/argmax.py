"""The winner among scores that come all at once."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from amaranth.hdl import Const, Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.components.argmax import ArgMax, is_near


@dataclass(frozen=True)
class ParallelArgMax(ArgMax):
    """The `ArgMax` of `classes` signed scores in one word.

    A tree of comparisons with a register after each level: latency `ceil(log2(classes))` clocks, at least 1;
    initiation interval 1 clock. Gives and takes backpressure by holding all levels at once. A margin that is an input
    is sampled with the word.
    """

    @property
    def stages(self) -> int:
        """Registers from input to output."""
        return max(1, (self.classes - 1).bit_length())

    @property
    def latency_clocks(self) -> int:
        """From a word of scores to the result."""
        return self.stages

    def circuit(self) -> wiring.Component:
        """The Amaranth component, with streams `i` and `o`, and the input `margin` if there is one."""
        return ParallelArgMaxCircuit(self)


@dataclass(frozen=True, eq=False)
class _Candidate:
    """The best of some scores, and whether another of them is too near to it."""

    best: Any
    close: Value


class ParallelArgMaxCircuit(wiring.Component):
    """Circuit of a `ParallelArgMax`: stream `i` of words of all scores, stream `o` of results, perhaps `margin`."""

    def __init__(self, spec: ParallelArgMax):
        self.spec = spec
        margin = {"margin": In(spec.score.bits)} if spec.margin_port else {}
        super().__init__(
            {
                "i": In(stream.Signature(unsigned(spec.classes * spec.score.bits))),
                "o": Out(stream.Signature(spec.result_layout)),
                **margin,
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        spec = self.spec
        enable = Signal()
        m.d.comb += [enable.eq(~self.o.valid | self.o.ready), self.i.ready.eq(enable)]
        valid = [self.i.valid, *(Signal(name=f"valid{level}") for level in range(1, spec.stages)), self.o.valid]
        candidates = self._scores(m)
        greatest: Value = self.margin - 1 if spec.margin_port else Const(spec.margin - 1, signed(spec.score.bits + 1))
        for level, (before, after) in enumerate(pairwise(valid)):
            with m.If(enable):
                m.d.sync += after.eq(before)
            pairs = [candidates[first : first + 2] for first in range(0, len(candidates), 2)]
            with m.If(enable & before):
                candidates = [self._better(m, pair, greatest, f"{level}_{n}") for n, pair in enumerate(pairs)]
                if spec.margin_port and level + 1 < spec.stages:
                    held = Signal(signed(spec.score.bits + 1), name=f"greatest{level + 1}")
                    m.d.sync += held.eq(greatest)
                    greatest = held
        (winner,) = candidates
        m.d.comb += [
            self.o.payload.unit.eq(Mux(winner.close, spec.classes, winner.best.unit)),
            self.o.payload.score.eq(winner.best.score),
        ]
        return m

    def _scores(self, m: Module) -> list[_Candidate]:
        bits = self.spec.score.bits
        scores = [Signal(self.spec.result_layout, name=f"score{index}") for index in range(self.spec.classes)]
        for index, score in enumerate(scores):
            m.d.comb += [score.unit.eq(index), score.score.eq(self.i.payload[index * bits :][:bits])]
        return [_Candidate(score, Const(0)) for score in scores]

    def _better(self, m: Module, pair: list[_Candidate], greatest: Value, name: str) -> _Candidate:
        """The better of one or two candidates, registered. How far the lesser one led no longer matters."""
        best, close = pair[0].best, pair[0].close
        if len(pair) == 2:
            lag = Signal(signed(self.spec.score.bits + 1), name=f"lag{name}")
            m.d.comb += lag.eq(best.score - pair[1].best.score)
            best = Mux(lag < 0, pair[1].best, best)
            close = is_near(lag, greatest) | Mux(lag < 0, pair[1].close, close)
        better = _Candidate(Signal(self.spec.result_layout, name=f"best{name}"), Signal(name=f"close{name}"))
        m.d.sync += better.best.eq(best)
        if self.spec.can_be_unsorted:
            m.d.sync += better.close.eq(close)
        return better

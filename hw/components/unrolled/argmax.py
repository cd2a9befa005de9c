"""The winner among scores that come all at once."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from amaranth.hdl import Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from numpy.typing import NDArray

from hw.components.argmax import ArgMax
from hw.network.types import IntegerFormat


@dataclass(frozen=True)
class ParallelArgMax:
    """The index of the greatest of `classes` signed scores in one word; the lowest index wins a tie.

    A tree of comparisons with a register after each level: latency `ceil(log2(classes))` clocks, at least 1;
    initiation interval 1 clock. Gives and takes backpressure by holding all levels at once.

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
        """Members of a result, the same as of the serial winner."""
        return ArgMax(self.classes, self.score).result_layout

    @property
    def stages(self) -> int:
        """Registers from input to output."""
        return max(1, (self.classes - 1).bit_length())

    def compute(self, scores: NDArray[np.integer]) -> NDArray[np.int64]:
        """Index of the greatest score in each row of `[n, classes]`."""
        return np.argmax(scores, axis=1)

    def circuit(self) -> "ParallelArgMaxCircuit":
        """The Amaranth component, with streams `i` and `o`."""
        return ParallelArgMaxCircuit(self)


class ParallelArgMaxCircuit(wiring.Component):
    """Circuit of a `ParallelArgMax`: stream `i` of words of all scores, stream `o` of results."""

    def __init__(self, spec: ParallelArgMax):
        self.spec = spec
        super().__init__(
            {
                "i": In(stream.Signature(unsigned(spec.classes * spec.score.bits))),
                "o": Out(stream.Signature(spec.result_layout)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layout, score_bits = self.spec.result_layout, self.spec.score.bits
        enable = Signal()
        m.d.comb += [enable.eq(~self.o.valid | self.o.ready), self.i.ready.eq(enable)]
        valid = [self.i.valid, *(Signal(name=f"valid{level}") for level in range(1, self.spec.stages)), self.o.valid]
        best = [Signal(layout, name=f"score{index}") for index in range(self.spec.classes)]
        for index, candidate in enumerate(best):
            score = self.i.payload[index * score_bits :][:score_bits]
            m.d.comb += [candidate.unit.eq(index), candidate.score.eq(score)]
        for level, (before, after) in enumerate(pairwise(valid)):
            winners = [Signal(layout, name=f"best{level}_{pair}") for pair in range(-(-len(best) // 2))]
            with m.If(enable):
                m.d.sync += after.eq(before)
            with m.If(enable & before):
                for pair, winner in enumerate(winners):
                    first, second = best[2 * pair], best[min(2 * pair + 1, len(best) - 1)]
                    m.d.sync += winner.eq(Mux(second.score > first.score, second, first))
            best = winners
        m.d.comb += self.o.payload.eq(best[0])
        return m

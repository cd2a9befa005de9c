"""An unrolled layer: weights as constants, all rows at once, a vector every clock."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from amaranth.hdl import Module, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from numpy.typing import NDArray

from hw.components.unrolled.grouping import RowGroup, group_rows
from hw.components.unrolled.nodes import Constant, Limit, Offset, Passed, Score
from hw.components.unrolled.plan import Plan, PlanBuilder, Terms, element_bounds, sums_of_rows
from hw.components.unrolled.timeline import Timeline
from hw.components.words import WordFormat
from hw.network.types import IntegerFormat, ScoreLayer, ThresholdLayer

# Rows that share sums. More of them spend more on the additions between them than they save in the counts below.
_ROWS_TOGETHER = 4


@dataclass(frozen=True, eq=False)
class UnrolledLayer:
    r"""A layer of the network as logic alone: `layer.compute`, for a whole vector every clock.

    With `v` the element (a bipolar one as a bit), `P` and `M` the columns of weight +1 and -1, and `V` the sum of all
    elements, which all rows share, a row is `sum(w v) = 2 sum_P(v) - V = V - 2 sum_M(v)`. So a row needs the sum
    over one side of its weights only, and `sum(w v) >= c` is `sum_P(v) >= floor((V + c + 1) / 2)`, or the opposite of
    `sum_M(v) >= floor((V - c) / 2) + 1`; rows of equal limit share it. Rows are taken some at a time: their
    columns fall into classes by the rows that sum them, each class is summed once, and the rows' sums are formed of
    the classes with shared partial sums.

    Words of a whole vector come in; words of all rows' results go out (the output's codes of a threshold layer, two's
    complement scores of a score layer), row 0 in the low bits. Latency `stages` clocks, initiation interval 1 clock;
    gives and takes backpressure by holding all stages at once.

    Args:
        layer: a layer of the network.
        element: format of its inputs.
        lut_inputs: inputs of the lookup tables that counts are fitted to, 4 or 6.
        levels_per_stage: additions (or comparisons) in a row between two registers.
        rows_together: rows that share sums.

    Raises:
        ValueError: if a number is not positive, or there is no rule for such lookup tables.
    """

    layer: ThresholdLayer | ScoreLayer
    element: IntegerFormat
    lut_inputs: int = 6
    levels_per_stage: int = 1
    rows_together: int = _ROWS_TOGETHER

    def __post_init__(self) -> None:
        name = f"layer {self.layer.name}"
        if self.lut_inputs not in (4, 6):
            raise ValueError(f"{name}: lookup tables of {self.lut_inputs} inputs, 4 or 6 can be used")
        if self.levels_per_stage < 1:
            raise ValueError(f"{name}: {self.levels_per_stage} levels a stage, at least 1 is needed")
        if self.rows_together < 1:
            raise ValueError(f"{name}: {self.rows_together} rows together, at least 1 is needed")

    @property
    def name(self) -> str:
        """The layer's name."""
        return self.layer.name

    @property
    def pe(self) -> int:
        """Rows a clock: all."""
        return self.layer.rows

    @property
    def simd(self) -> int:
        """Columns a clock: all."""
        return self.layer.columns

    @property
    def latency_clocks(self) -> int:
        """From a vector to its outputs or scores."""
        return self.stages

    @property
    def row_groups(self) -> int:
        """How often a vector passes."""
        return 1

    @property
    def column_groups(self) -> int:
        """Words of a vector."""
        return 1

    @property
    def input_format(self) -> WordFormat:
        """Words that come in: a vector."""
        return WordFormat(self.element, self.layer.columns)

    @cached_property
    def output_format(self) -> WordFormat:
        """Words that go out: all rows."""
        if isinstance(self.layer, ThresholdLayer):
            return WordFormat(self.layer.output, self.layer.rows)
        return WordFormat(self.total_format, self.layer.rows)

    @property
    def total_format(self) -> IntegerFormat:
        """A signed format that holds every score of a score layer, known before the sums are planned."""
        low, high = element_bounds(self.element)
        ends: list[int] = []
        for group in self._groups:
            for index, (row, inverted) in enumerate(zip(group.rows, group.inverted, strict=True)):
                summed = int((group.patterns >> index & 1).sum())
                of = [(n * low, n * high) for n in (summed, self.layer.columns)]
                ends += self._score(row, 0, 1, inverted).bounds(dict(enumerate(of)))
        return IntegerFormat(max((~min(ends)).bit_length(), max(ends).bit_length(), 1) + 1, signed=True)

    @property
    def stages(self) -> int:
        """Registers from input to output, the latency in clocks."""
        return -(-self.plan.depth // self.levels_per_stage)

    @cached_property
    def plan(self) -> Plan:
        """The sums, comparisons and scores."""
        builder = PlanBuilder(self.element, self.layer.columns, self.lut_inputs)
        total = builder.sum_of(builder.of_columns(range(self.layer.columns)))
        outputs = [0] * self.layer.rows
        for group in self._groups:
            classes = {
                int(pattern): builder.of_columns(np.flatnonzero(group.patterns == pattern).tolist())
                for pattern in np.unique(group.patterns[group.patterns > 0])
            }
            sums = sums_of_rows(builder, classes, len(group.rows))
            for row, number, inverted in zip(group.rows, sums, group.inverted, strict=True):
                outputs[row] = self._result(builder, row, number, total, inverted)
        return builder.plan(outputs)

    def compute(self, vectors: NDArray[np.integer]) -> NDArray[np.int64]:
        """Outputs or scores `[n, rows]` for vectors `[n, columns]`, through the very sums that the circuit forms."""
        results = self.plan.compute(vectors)
        is_bipolar = isinstance(self.layer, ThresholdLayer) and self.layer.output.bipolar
        return 2 * results - 1 if is_bipolar else results

    def circuit(self) -> "UnrolledLayerCircuit":
        """The Amaranth component, with streams `i` and `o`."""
        return UnrolledLayerCircuit(self)

    @cached_property
    def _groups(self) -> list[RowGroup]:
        """Rows that share sums."""
        return group_rows(self._rising_weights, self.rows_together)

    @cached_property
    def _rising_weights(self) -> NDArray[np.bool_]:
        """A falling row (`W x <= t`) becomes a rising one by turning its weights: `-W x >= -t`."""
        if isinstance(self.layer, ScoreLayer):
            return self.layer.weights
        return np.where(self.layer.rising[:, None], self.layer.weights, ~self.layer.weights)

    def _result(self, builder: PlanBuilder, row: int, number: int, total: int, inverted: bool) -> int:
        if isinstance(self.layer, ScoreLayer):
            return builder.node(self._score(row, number, total, inverted))
        balance = self._balance(row)
        sign = 1 if self.layer.rising[row] else -1
        passed = []
        for threshold in sign * self.layer.thresholds[row]:
            least = -((-int(threshold) - balance) // 2) if self.element.bipolar else int(threshold)
            passed.append(self._passed(builder, row, least, number, total, inverted))
        return passed[0] if self.layer.output.bipolar else self._level(builder, passed)

    def _score(self, row: int, number: int, total: int, inverted: bool) -> Score:
        """The score of a row, of the sum over one side of its weights and the sum over all columns."""
        assert isinstance(self.layer, ScoreLayer)
        # A bipolar element is 2 v - 1.
        shift = self.layer.fraction_bits
        constant = int(self.layer.offsets[row]) - ((self._balance(row) << shift) if self.element.bipolar else 0)
        return Score(number, total, inverted, shift + self.element.bipolar, constant)

    def _balance(self, row: int) -> int:
        """Columns of +1, less those of -1."""
        return 2 * int(self._rising_weights[row].sum()) - self.layer.columns

    def _passed(self, builder: PlanBuilder, row: int, least: int, number: int, total: int, inverted: bool) -> int:
        """The bit `sum(w v) >= least` of a row."""
        low, high = element_bounds(self.element)
        plus = int(self._rising_weights[row].sum())
        minus = self.layer.columns - plus
        if least <= plus * low - minus * high:
            return builder.node(Constant(1))
        if least > plus * high - minus * low:
            return builder.node(Constant(0))
        limit = builder.node(Limit(total, 2 - least if inverted else least + 1))
        return builder.node(Passed(number, limit, inverted))

    def _level(self, builder: PlanBuilder, passed: list[int]) -> int:
        """The output's value for the thresholds that were passed."""
        assert isinstance(self.layer, ThresholdLayer)
        number = builder.sum_of(Terms(bits=tuple(passed)))
        return builder.node(Offset(number, self.layer.lowest)) if self.layer.lowest else number


class UnrolledLayerCircuit(wiring.Component):
    """Circuit of an `UnrolledLayer`: stream `i` of vectors, stream `o` of all rows' results."""

    def __init__(self, spec: UnrolledLayer):
        self.spec = spec
        super().__init__(
            {
                "i": In(stream.Signature(unsigned(spec.input_format.bits))),
                "o": Out(stream.Signature(unsigned(spec.output_format.bits))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        spec = self.spec
        enable = Signal()
        m.d.comb += [enable.eq(~self.o.valid | self.o.ready), self.i.ready.eq(enable)]
        valid = [self.i.valid, *(Signal(name=f"valid{time}") for time in range(1, spec.stages)), self.o.valid]
        with m.If(enable):
            m.d.sync += [after.eq(before) for before, after in pairwise(valid)]

        timeline = Timeline(m, spec.plan, spec.levels_per_stage, self.i.payload)
        results = [timeline.at(output, spec.stages) for output in spec.plan.outputs]
        lane = spec.output_format.element.bits
        m.d.comb += [self.o.payload[row * lane :][:lane].eq(result) for row, result in enumerate(results)]
        timeline.finish()
        for moves, is_valid in zip(timeline.moves, valid, strict=False):
            with m.If(enable & is_valid):  # what does not toggle costs no power
                m.d.sync += [register.eq(value) for register, value in moves]
        return m

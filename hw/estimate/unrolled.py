"""What an unrolled layer will take: its operations, each times what synthesis spends on it, and its registers.

A small layer is estimated from its plan. To plan a larger one takes too long; it is taken to be as many groups of
rows as it has, each planned as the layer would plan it if its weights were random: every class of columns as large as
the others, but for the one that no row of the group uses. Coefficients are fitted to Yosys 0.70's
counts of twenty-six random small layers a family.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from math import ceil, log2, sqrt

import numpy as np

from hw.components.counters import counter_bits
from hw.components.unrolled.argmax import ParallelArgMax
from hw.components.unrolled.layer import UnrolledLayer
from hw.components.unrolled.nodes import Constant, Limit, Passed, Score, Sum
from hw.components.unrolled.plan import Plan, PlanBuilder, sums_of_rows
from hw.components.unrolled.timeline import shape_of
from hw.devices import Device
from hw.estimate.resources import Resources
from hw.network.types import IntegerFormat, ScoreLayer, ThresholdLayer

# Weights up to which a layer is planned: that takes a millisecond.
_PLANNED_WEIGHTS = 1024
_COMMON_COLUMNS = 12
# A bit of a score compared and chosen, the rest of a comparison; a bit of its nearness to a constant margin, or to a
# port: read off Yosys 0.70's counts of ten winners a family.
_WINNER_BIT, _WINNER_CONTROL = 2.0, 3
_NEAR_BIT = {4: (2.5, 2.7), 6: (1.25, 2.2)}


@dataclass(frozen=True)
class _Family:
    """Lookup tables that synthesis spends.

    Attributes:
        counted_digit: on a digit of a count by logic alone.
        added_position: on a position of an adder in which it adds.
        passed_position: on a position of an adder that only passes an operand and a carry on.
        signed_position: on a position of an adder of signed numbers.
        compared_bit: on a bit of a comparison.
        limit_bit: on a bit of a limit.
        score_bit: on a bit of a score.
        joined: on an operand that is formed in the same stage: what that saves.
        three_added_bit: on a bit of a sum that is added on in the same stage, which makes three operands of two.
        control: on the handshake.
    """

    counted_digit: float
    added_position: float
    passed_position: float
    signed_position: float
    compared_bit: float
    limit_bit: float
    score_bit: float
    joined: float
    three_added_bit: float
    control: float


_FAMILIES = {
    "ice40": _Family(2.63, 1.05, 0.30, 1.03, 1.26, 0.51, 2.22, -1.33, 0.62, -4.8),
    "ecp5": _Family(3.04, 1.44, 0.51, 1.25, 0.51, 1.82, 2.28, -1.45, 0.35, -7.1),
    "xc7": _Family(1.49, 0.91, 0.27, 0.92, 0.63, 0.19, 1.27, -0.54, 0.10, 6.6),
}


@dataclass(frozen=True, eq=False)
class _StagedPlan:
    """A plan with its registers, one after so many levels."""

    plan: Plan
    levels_per_stage: int

    @cached_property
    def widths(self) -> list[int]:
        """Bits of every node's value."""
        return [shape_of(*bounds).width for bounds in self.plan.bounds]

    @cached_property
    def births(self) -> list[int]:
        """The stage in which every node's value is formed."""
        return [max(0, ceil(level / self.levels_per_stage) - 1) for level in self.plan.levels]

    @cached_property
    def deaths(self) -> list[int]:
        """The last stage in which every node's value is needed; results are, behind the last one."""
        found = list(self.births)
        for node, operation in enumerate(self.plan.operations, self.plan.columns):
            for operand in operation.operands:
                found[operand] = max(found[operand], self.births[node])
        for output in self.plan.outputs:
            found[output] = self.stages
        return found

    @property
    def stages(self) -> int:
        """Registers from input to output."""
        return ceil(self.plan.depth / self.levels_per_stage)

    @property
    def nodes(self) -> range:
        """The operations' nodes."""
        return range(self.plan.columns, self.plan.columns + len(self.plan.operations))

    def registers(self, nodes: Iterable[int]) -> int:
        """Bits of the registers in which the values of nodes wait."""
        return sum(
            self.widths[node] * (self.deaths[node] - self.births[node]) for node in nodes if self._varies(node)
        )

    def luts(self, nodes: Iterable[int], family: _Family) -> float:
        """Lookup tables of the operations of nodes."""
        return sum(self._operation_luts(node, family) for node in nodes)

    def _varies(self, node: int) -> bool:
        columns = self.plan.columns
        return node < columns or not isinstance(self.plan.operations[node - columns], Constant)

    def _operation_luts(self, node: int, family: _Family) -> float:
        operation, widths, luts = self.plan.operations[node - self.plan.columns], self.widths, 0.0
        if isinstance(operation, Sum):
            luts = self._sum_luts(operation, widths[node], family)
        elif isinstance(operation, Limit):
            luts = family.limit_bit * widths[node]
        elif isinstance(operation, Passed):
            luts = family.compared_bit * max(widths[operation.number], widths[operation.limit])
        elif isinstance(operation, Score):
            luts = family.score_bit * (widths[node] - operation.shift)
        if self.levels_per_stage == 1:
            return luts
        joined = [of for of in operation.operands if self._is_formed_with(of, node)]
        numbers = operation.numbers if isinstance(operation, Sum) and len(operation.numbers) == 2 else ()
        sums = [of for of in joined if of in numbers and self._adds_numbers(of)]
        return luts + family.joined * len(joined) + family.three_added_bit * sum(self.widths[of] for of in sums)

    def _is_formed_with(self, operand: int, node: int) -> bool:
        """Whether an operand of a node is no element, and has no register between."""
        return operand >= self.plan.columns and self.births[operand] == self.births[node]

    def _adds_numbers(self, node: int) -> bool:
        operation = self.plan.operations[node - self.plan.columns]
        return isinstance(operation, Sum) and bool(operation.numbers)

    def _sum_luts(self, operation: Sum, width: int, family: _Family) -> float:
        if not operation.numbers:
            return family.counted_digit * len(operation.bits).bit_length()
        if self.plan.bounds[0][0] < 0:
            return family.signed_position * width
        if len(operation.numbers) == 1:
            adds = max(1, (len(operation.bits) - 1).bit_length())
        else:
            adds = min(self.widths[number] for number in operation.numbers)
        return family.added_position * adds + family.passed_position * (width - adds)


def unrolled_resources(unit: UnrolledLayer, device: Device) -> Resources:
    """An unrolled layer; of a large one, which is not planned, only the thresholds are looked at."""
    family = _FAMILIES[device.family]
    if unit.layer.weights.size > _PLANNED_WEIGHTS:
        return _of_typical_groups(unit, family)
    staged = _StagedPlan(unit.plan, unit.levels_per_stage)
    luts = staged.luts(staged.nodes, family) + family.control
    # The lowest bits of a score are constant.
    constant = unit.layer.rows * _score_shift(unit) if isinstance(unit.layer, ScoreLayer) else 0
    registers = staged.registers(range(len(staged.widths))) - constant + staged.stages
    return Resources(luts=max(0, round(luts)), flip_flops=registers)


def parallel_argmax_resources(argmax: ParallelArgMax, device: Device) -> Resources:
    """The winner among scores that come at once."""
    bits, comparisons = argmax.score.bits, argmax.classes - 1
    near = _NEAR_BIT[device.lut_inputs][argmax.margin_port] * bits if argmax.can_be_unsorted else 0.0
    luts = comparisons * (_WINNER_BIT * bits + _WINNER_CONTROL + near) + _WINNER_CONTROL
    held = (argmax.stages - 1) * (bits + 1) if argmax.margin_port else 0
    registers, scores = 2 * argmax.stages - 1, [1] * argmax.classes
    while len(scores) > 1:
        scores = [sum(scores[at : at + 2]) for at in range(0, len(scores), 2)]
        # Of the winner's number only the bits that are open yet; and whether another is near.
        registers += sum(bits + counter_bits(n) + (argmax.can_be_unsorted and n > 1) for n in scores)
    return Resources(round(luts), registers + held)


def _score_shift(unit: UnrolledLayer) -> int:
    assert isinstance(unit.layer, ScoreLayer), "only scores are shifted"
    return unit.layer.fraction_bits + unit.element.bipolar


def _of_typical_groups(unit: UnrolledLayer, family: _Family) -> Resources:
    """A layer as groups of typical rows, and what they share: the sum of all columns, and limits."""
    layer, is_head = unit.layer, isinstance(unit.layer, ScoreLayer)
    shape = layer.rows, layer.columns, unit.element, unit.lut_inputs, unit.rows_together, is_head
    staged, n_shared = _typical_group(*shape, unit.levels_per_stage)
    operations, columns = staged.plan.operations, range(layer.columns)
    own = [node for node in staged.nodes[n_shared:] if not isinstance(operations[node - layer.columns], Limit)]
    limits = [node for node in staged.nodes[n_shared:] if isinstance(operations[node - layer.columns], Limit)]
    # Of few columns, groups happen to have sums in common: read off plans of 32 to 256 columns.
    common = (_COMMON_COLUMNS / layer.columns) ** 2 if unit.element.bits == 1 else 0.0
    groups = layer.rows / unit.rows_together / (1 + common)
    luts = staged.luts(staged.nodes[:n_shared], family) + groups * staged.luts(own, family)
    # Every column is needed as late as any: in some group.
    waits = max(staged.deaths[column] for column in columns)
    registers: float = unit.element.bits * layer.columns * waits + staged.registers(staged.nodes[:n_shared])
    registers += groups * staged.registers(own) + staged.stages
    if isinstance(layer, ThresholdLayer):
        n_limits, more = _limits(layer), layer.rows * (layer.steps - 1)
        luts += n_limits * staged.luts(limits[:1], family) + more * family.compared_bit * staged.widths[limits[0]]
        registers += n_limits * staged.registers(limits[:1]) + more
    return Resources(luts=round(luts + family.control), flip_flops=round(registers))


def _limits(layer: ThresholdLayer) -> float:
    """Different limits that are to be expected: rows of equal threshold share one, if summed over the same side."""
    _, counts = np.unique(layer.thresholds, return_counts=True)
    return float(2 * (1 - 0.5**counts).sum())


@cache
def _typical_group(
    rows: int,
    columns: int,
    element: IntegerFormat,
    lut_inputs: int,
    together: int,
    is_head: bool,
    levels_per_stage: int,
) -> tuple[_StagedPlan, int]:
    """The sum of all columns, and the results of a group of typical rows; how many operations the first takes."""
    builder = PlanBuilder(element, columns, lut_inputs)
    total = builder.sum_of(builder.of_columns(range(columns)))
    n_shared = len(builder.plan([total]).operations)
    patterns = 1 << together
    # The more rows there are to choose from, the larger the class that a group leaves out: read off groupings of
    # random matrices of 16 to 256 rows and columns.
    deviations = 2.3 + 0.3 * log2(rows)
    unused = columns / patterns + deviations * sqrt(columns * (1 - 1 / patterns) / patterns)
    used = max(0, columns - round(unused))
    ends = [pattern * used // (patterns - 1) for pattern in range(patterns)]
    classes = {pattern: builder.of_columns(range(ends[pattern - 1], ends[pattern])) for pattern in range(1, patterns)}
    results = []
    for row, number in enumerate(sums_of_rows(builder, classes, together)):
        limit = 0 if is_head else builder.node(Limit(total, row))
        of_row = Score(number, total, False, 0, 1) if is_head else Passed(number, limit, False)
        results.append(builder.node(of_row))
    return _StagedPlan(builder.plan(results), levels_per_stage), n_shared

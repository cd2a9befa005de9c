"""What an unrolled layer will take: its operations, each times what synthesis spends on it, and its registers.

A small layer is estimated from its plan. To plan a larger one takes too long; it is taken to be as many groups of
rows as it has, each planned as the layer would plan it if its weights were random: every class of columns as large as
the others, but for the one that no row of the group uses.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
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
from hw.estimate.coefficients import Features, luts_of
from hw.estimate.resources import Resources
from hw.network.types import IntegerFormat, ScoreLayer, ThresholdLayer

# Weights up to which a layer is planned: that takes a millisecond.
_PLANNED_WEIGHTS = 1024
_COMMON_COLUMNS = 12


@dataclass(frozen=True)
class _Spent:
    """What operations take: lookup tables by their features, and bits of registers."""

    features: Features
    registers: int


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

    def features(self, nodes: Iterable[int]) -> Counter[str]:
        """What the operations of nodes spend lookup tables on."""
        found: Counter[str] = Counter()
        for node in nodes:
            found.update(self._of_operation(node))
        return found

    def spent(self, nodes: Sequence[int]) -> _Spent:
        """Features and registers of nodes."""
        return _Spent(self.features(nodes), self.registers(nodes))

    def _varies(self, node: int) -> bool:
        columns = self.plan.columns
        return node < columns or not isinstance(self.plan.operations[node - columns], Constant)

    def _of_operation(self, node: int) -> Features:
        operation, widths = self.plan.operations[node - self.plan.columns], self.widths
        inner = [of for of in operation.operands if of >= self.plan.columns]
        apart = {"apart": sum(self.births[of] != self.births[node] or self.levels_per_stage == 1 for of in inner)}
        if isinstance(operation, Sum):
            return {**apart, **self._of_sum(operation, node)}
        if isinstance(operation, Limit):
            return {**apart, "limit_bit": widths[node]}
        if isinstance(operation, Passed):
            return {**apart, "passed_bit": max(widths[operation.number], widths[operation.limit])}
        return {**apart, "score_bit": widths[node] - operation.shift} if isinstance(operation, Score) else apart

    def _of_sum(self, operation: Sum, node: int) -> Features:
        if not operation.numbers:
            return {"counted_digit": len(operation.bits).bit_length()}
        width, several = self.widths[node], self._three_added(operation, node)
        if self.plan.bounds[0][0] < 0:
            return {"signed_position": width, "three_added_bit": several}
        if len(operation.numbers) == 1:
            adds = max(1, (len(operation.bits) - 1).bit_length())
        else:
            adds = min(self.widths[number] for number in operation.numbers)
        return {"added_position": adds, "carried_position": width - adds, "three_added_bit": several}

    def _three_added(self, operation: Sum, node: int) -> int:
        """Bits of numbers that are sums of numbers themselves, without a register between."""
        if self.levels_per_stage == 1 or len(operation.numbers) == 1:
            return 0
        joined = [of for of in operation.numbers if of >= self.plan.columns and self.births[of] == self.births[node]]
        return sum(self.widths[of] for of in joined if self._adds_numbers(of))

    def _adds_numbers(self, node: int) -> bool:
        operation = self.plan.operations[node - self.plan.columns]
        return isinstance(operation, Sum) and bool(operation.numbers)


@dataclass(frozen=True)
class _TypicalGroup:
    """A group of typical rows.

    Attributes:
        shared: the sum of all columns.
        own: what each group has for itself.
        limit: a single limit.
        limit_bits: width of it; 0 of scores, which have none.
        waits: stages that columns are kept.
        stages: registers from input to output.
    """

    shared: _Spent
    own: _Spent
    limit: _Spent
    limit_bits: int
    waits: int
    stages: int


def unrolled_resources(unit: UnrolledLayer, device: Device) -> Resources:
    """An unrolled layer; of a large one, which is not planned, only the thresholds are looked at."""
    if unit.layer.weights.size > _PLANNED_WEIGHTS:
        return _of_typical_groups(unit, device)
    staged = _StagedPlan(unit.plan, unit.levels_per_stage)
    # The lowest bits of a score are constant.
    constant = unit.layer.rows * _score_shift(unit) if isinstance(unit.layer, ScoreLayer) else 0
    registers = staged.registers(range(len(staged.widths))) - constant + staged.stages
    return Resources(round(luts_of(unrolled_features(unit), device)), registers)


def unrolled_features(unit: UnrolledLayer) -> Features:
    """What an unrolled layer spends lookup tables on, by its plan.

    - `unrolled`: its handshake.
    - `counted_digit`: a digit of a count by logic alone.
    - `added_position`, `carried_position`: a position of an adder in which it adds, or only passes an operand and a
      carry on.
    - `signed_position`: a position of an adder of signed numbers.
    - `three_added_bit`: a bit of a sum that is added on in the same stage, which makes three operands of two.
    - `limit_bit`, `passed_bit`, `score_bit`: a bit of a limit, of a comparison with it, of a score.
    - `apart`: an operand that is not formed in the same stage, with whose logic none is shared.
    """
    staged = _StagedPlan(unit.plan, unit.levels_per_stage)
    return {"unrolled": 1, **staged.features(staged.nodes)}


def parallel_argmax_resources(argmax: ParallelArgMax, device: Device) -> Resources:
    """The winner among scores that come at once."""
    bits = argmax.score.bits
    held = (argmax.stages - 1) * (bits + 1) if argmax.margin_port else 0
    registers, scores = 2 * argmax.stages - 1, [1] * argmax.classes
    while len(scores) > 1:
        scores = [sum(scores[at : at + 2]) for at in range(0, len(scores), 2)]
        # Of the winner's number only the bits that are open yet; and whether another is near.
        registers += sum(bits + counter_bits(n) + (argmax.can_be_unsorted and n > 1) for n in scores)
    return Resources(round(luts_of(parallel_argmax_features(argmax), device)), registers + held)


def parallel_argmax_features(argmax: ParallelArgMax) -> Features:
    """What it spends lookup tables on.

    - `parallel`, `parallel_comparison`: its handshake, and what a comparison takes beside its bits.
    - `parallel_bit`: a bit of a score compared and chosen.
    - `parallel_near_bit`, `parallel_port_bit`: a bit of its nearness to a margin that is constant, or an input.
    """
    comparisons = argmax.classes - 1
    bits = comparisons * argmax.score.bits
    return {
        "parallel": 1,
        "parallel_comparison": comparisons,
        "parallel_bit": bits,
        "parallel_port_bit" if argmax.margin_port else "parallel_near_bit": bits if argmax.can_be_unsorted else 0,
    }


def _score_shift(unit: UnrolledLayer) -> int:
    assert isinstance(unit.layer, ScoreLayer), "only scores are shifted"
    return unit.layer.fraction_bits + unit.element.bipolar


def _of_typical_groups(unit: UnrolledLayer, device: Device) -> Resources:
    """A layer as groups of typical rows, and what they share: the sum of all columns, and limits."""
    layer, is_head = unit.layer, isinstance(unit.layer, ScoreLayer)
    shape = layer.rows, layer.columns, unit.element, unit.lut_inputs, unit.rows_together, is_head
    typical = _typical_group(*shape, unit.levels_per_stage)
    # Of few columns, groups happen to have sums in common: read off plans of 32 to 256 columns.
    common = (_COMMON_COLUMNS / layer.columns) ** 2 if unit.element.bits == 1 else 0.0
    groups = layer.rows / unit.rows_together / (1 + common)
    n_limits, more_steps = 0.0, 0
    if isinstance(layer, ThresholdLayer):
        n_limits, more_steps = _limits(layer), layer.rows * (layer.steps - 1)
    luts = luts_of({"unrolled": 1, **typical.shared.features}, device)
    luts += groups * luts_of(typical.own.features, device) + n_limits * luts_of(typical.limit.features, device)
    luts += luts_of({"passed_bit": more_steps * typical.limit_bits}, device)
    # Every column is needed as late as any: in some group.
    registers: float = unit.element.bits * layer.columns * typical.waits + typical.shared.registers + typical.stages
    registers += groups * typical.own.registers + n_limits * typical.limit.registers + more_steps
    return Resources(round(luts), round(registers))


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
) -> _TypicalGroup:
    """The sum of all columns, and the results of a group of typical rows."""
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
    staged = _StagedPlan(builder.plan(results), levels_per_stage)
    shared, others = staged.nodes[:n_shared], staged.nodes[n_shared:]
    limits = [node for node in others if isinstance(staged.plan.operations[node - columns], Limit)]
    return _TypicalGroup(
        shared=staged.spent(shared),
        own=staged.spent([node for node in others if node not in limits]),
        limit=staged.spent(limits[:1]),
        limit_bits=staged.widths[limits[0]] if limits else 0,
        waits=max(staged.deaths[:columns]),
        stages=staged.stages,
    )

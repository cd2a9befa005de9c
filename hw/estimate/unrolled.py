"""What an unrolled layer will take: its operations, each times what synthesis spends on it, and its registers.

A small layer is estimated from its plan. To plan a larger one takes too long; it is taken to be as many groups of
rows as it has, each planned as the layer would plan it if its weights were random: every class of columns as large as
the others, but for the one that no row of the group uses.
"""

from dataclasses import dataclass, replace
from functools import cache
from math import log2, sqrt

import numpy as np

from hw.components.counters import counter_bits
from hw.components.unrolled.argmax import ParallelArgMax
from hw.components.unrolled.layer import UnrolledLayer
from hw.components.unrolled.nodes import Limit, Passed, Score
from hw.components.unrolled.plan import PlanBuilder, sums_of_rows
from hw.devices import Device
from hw.estimate.chains import Chain, added
from hw.estimate.coefficients import Features, luts_of
from hw.estimate.resources import Resources
from hw.estimate.staged import Spent, StagedPlan
from hw.network.types import IntegerFormat, ScoreLayer, ThresholdLayer

# Weights up to which a layer is planned: that takes a millisecond.
_PLANNED_WEIGHTS = 1024
_COMMON_COLUMNS = 12


@dataclass(frozen=True)
class _TypicalGroup:
    """A group of typical rows.

    Attributes:
        shared: the sum of all columns.
        own: what each group has for itself.
        limit: a single limit.
        limit_bits: width of it; 0 of scores, which have none.
        score_bits: width of a score; 0 of limits.
        waits: stages that columns are kept.
        stages: registers from input to output.
    """

    shared: Spent
    own: Spent
    limit: Spent
    limit_bits: int
    score_bits: int
    waits: int
    stages: int


@dataclass(frozen=True)
class _TypicalGroups:
    """How many typical groups are a layer, and how many limits they have between them."""

    typical: _TypicalGroup
    groups: float
    limits: float


def unrolled_resources(unit: UnrolledLayer, device: Device) -> Resources:
    """An unrolled layer; of a large one, which is not planned, only the thresholds are looked at."""
    if unit.layer.weights.size > _PLANNED_WEIGHTS:
        return _of_typical_groups(unit, device)
    staged = StagedPlan(unit.plan, unit.levels_per_stage)
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
    staged = StagedPlan(unit.plan, unit.levels_per_stage)
    return {"unrolled": 1, **staged.features(staged.nodes)}


def unrolled_chains(unit: UnrolledLayer) -> list[Chain]:
    """The carry chains of an unrolled layer: its sums of numbers, limits and scores."""
    if unit.layer.weights.size <= _PLANNED_WEIGHTS:
        staged = StagedPlan(unit.plan, unit.levels_per_stage)
        return staged.chains(staged.nodes)
    many = _typical_groups(unit)
    typical, is_shifted = many.typical, isinstance(unit.layer, ScoreLayer) and _score_shift(unit)
    # Where scores are shifted, their constants are added by themselves.
    constants = [Chain(typical.score_bits, known=1, times=unit.layer.rows)] if is_shifted else []
    parts = (typical.shared, 1.0), (typical.own, many.groups), (typical.limit, many.limits)
    return [
        *constants,
        *(replace(chain, times=times * chain.times) for spent, times in parts for chain in spent.chains),
    ]


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


def parallel_argmax_chains(argmax: ParallelArgMax) -> list[Chain]:
    """How far a score lags behind another, and how near that is to the margin, for every comparison."""
    comparisons, bits = argmax.classes - 1, argmax.score.bits
    lags = added(bits + 1, times=comparisons)
    if not argmax.margin_port:
        return [lags, lags] if argmax.can_be_unsorted else [lags]
    # Behind the first level the lead that is near comes from a register, a bit wider than what goes into it.
    first = argmax.classes // 2
    near = [added(bits + 1, times=first), added(bits + 2, times=comparisons - first)]
    return [lags, *near, Chain(bits + 1, known=1)] if comparisons else []


def _score_shift(unit: UnrolledLayer) -> int:
    assert isinstance(unit.layer, ScoreLayer), "only scores are shifted"
    return unit.layer.fraction_bits + unit.element.bipolar


def _of_typical_groups(unit: UnrolledLayer, device: Device) -> Resources:
    """A layer as groups of typical rows, and what they share: the sum of all columns, and limits."""
    many = _typical_groups(unit)
    typical, more_steps = many.typical, 0
    if isinstance(unit.layer, ThresholdLayer):
        more_steps = unit.layer.rows * (unit.layer.steps - 1)
    luts = luts_of({"unrolled": 1, **typical.shared.features}, device)
    luts += many.groups * luts_of(typical.own.features, device) + many.limits * luts_of(
        typical.limit.features, device
    )
    luts += luts_of({"passed_bit": more_steps * typical.limit_bits}, device)
    # Every column is needed as late as any: in some group.
    registers: float = unit.element.bits * unit.layer.columns * typical.waits
    registers += typical.shared.registers + typical.stages
    registers += many.groups * typical.own.registers + many.limits * typical.limit.registers + more_steps
    return Resources(round(luts), round(registers))


def _typical_groups(unit: UnrolledLayer) -> "_TypicalGroups":
    layer, is_head = unit.layer, isinstance(unit.layer, ScoreLayer)
    shape = layer.rows, layer.columns, unit.element, unit.lut_inputs, unit.rows_together, is_head
    # Of few columns, groups happen to have sums in common: read off plans of 32 to 256 columns.
    common = (_COMMON_COLUMNS / layer.columns) ** 2 if unit.element.bits == 1 else 0.0
    limits = _limits(layer) if isinstance(layer, ThresholdLayer) else 0.0
    groups = layer.rows / unit.rows_together / (1 + common)
    return _TypicalGroups(_typical_group(*shape, unit.levels_per_stage), groups, limits)


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
    staged = StagedPlan(builder.plan(results), levels_per_stage)
    shared, others = staged.nodes[:n_shared], staged.nodes[n_shared:]
    limits = [node for node in others if isinstance(staged.plan.operations[node - columns], Limit)]
    return _TypicalGroup(
        shared=staged.spent(shared),
        own=staged.spent([node for node in others if node not in limits]),
        limit=staged.spent(limits[-1:]),
        limit_bits=staged.widths[limits[0]] if limits else 0,
        score_bits=staged.widths[results[0]] if is_head else 0,
        waits=max(staged.deaths[:columns]),
        stages=staged.stages,
    )

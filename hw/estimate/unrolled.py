"""What an unrolled layer will take, from its shape alone.

One group of rows is planned as the layer would plan it if its weights were random: every class of columns as large as
the others, but for the one that no row of the group uses. Its adders are counted as mapping builds them, and
multiplied. Coefficients were read off Yosys 0.70's counts (`synth_xilinx -nowidelut`); see docs/unrolled.md for how
far off the result is.
"""

from functools import cache
from math import ceil, log2, sqrt

from hw.components.unrolled.argmax import ParallelArgMax
from hw.components.unrolled.layer import UnrolledLayer
from hw.components.unrolled.nodes import Sum
from hw.components.unrolled.plan import Plan, PlanBuilder, sums_of_rows
from hw.components.unrolled.timeline import shape_of
from hw.devices import Device
from hw.estimate.resources import Resources
from hw.network.types import IntegerFormat, ThresholdLayer

# Lookup tables a row for its comparison with a limit, and a row of scores for a subtraction and a constant.
_COMPARED_ROW = {4: 16, 6: 6}
_SCORED_ROW = {4: 26, 6: 20}
# Registers beside each lookup table, with a register after each level; the waiting input words come on top.
_REGISTERS_A_LUT = 1.5
# A bit of a score compared, and chosen; what a bit takes more with a margin, constant or port.
_WINNER_BIT, _MARGIN_BIT = 2.0, {False: 1.5, True: 2.7}


def unrolled_resources(unit: UnrolledLayer, device: Device) -> Resources:
    """An unrolled layer, estimated from its shape in milliseconds; its weights and thresholds are not looked at."""
    layer, inputs = unit.layer, device.lut_inputs
    total = _sum_luts(layer.columns, unit.element, inputs)
    group = _group_luts(layer.rows, layer.columns, unit.element, inputs, unit.rows_together)
    if isinstance(layer, ThresholdLayer):
        results = layer.rows * layer.steps * _COMPARED_ROW[inputs]
    else:
        results = layer.rows * _SCORED_ROW[inputs]
    luts = total + round(group * layer.rows / unit.rows_together) + results
    stages = ceil((log2(layer.columns) + 1) / unit.levels_per_stage)
    waiting = unit.input_format.bits * (stages - 1)
    return Resources(luts=luts, flip_flops=round(_REGISTERS_A_LUT * luts / unit.levels_per_stage) + waiting)


def parallel_argmax_resources(argmax: ParallelArgMax) -> Resources:
    """The winner among scores that come at once."""
    bits = argmax.score.bits
    registers = sum(ceil(argmax.classes / (1 << level)) for level in range(1, argmax.stages + 1))
    width = bits + argmax.result_layout["unit"].width
    comparisons = argmax.classes - 1
    winner = Resources(luts=round(_WINNER_BIT * bits * comparisons), flip_flops=registers * width + argmax.stages)
    if not argmax.can_be_unsorted:
        return winner
    margins = (argmax.stages - 1) * (bits + 1) if argmax.margin_port else 0
    return winner + Resources(round(_MARGIN_BIT[argmax.margin_port] * bits * comparisons), registers + margins)


@cache
def _sum_luts(columns: int, element: IntegerFormat, lut_inputs: int) -> int:
    """The sum of all columns, which the rows share."""
    builder = PlanBuilder(element, columns, lut_inputs)
    return _adder_luts(builder.plan([builder.sum_of(builder.of_columns(range(columns)))]), lut_inputs)


@cache
def _group_luts(rows: int, columns: int, element: IntegerFormat, lut_inputs: int, together: int) -> int:
    """The sums of a group of rows of typical classes."""
    patterns = 1 << together
    # The more rows there are to choose from, the larger the class that a group leaves out: read off groupings of
    # random matrices of 32 to 1024 rows and columns.
    deviations = 2.3 + 0.3 * log2(rows)
    unused = columns / patterns + deviations * sqrt(columns * (1 - 1 / patterns) / patterns)
    used = max(0, columns - round(unused))
    builder = PlanBuilder(element, columns, lut_inputs)
    classes = {
        pattern: builder.of_columns(range((pattern - 1) * used // (patterns - 1), pattern * used // (patterns - 1)))
        for pattern in range(1, patterns)
    }
    return _adder_luts(builder.plan(sums_of_rows(builder, classes, together)), lut_inputs)


def _adder_luts(plan: Plan, lut_inputs: int) -> int:
    widths = [shape_of(*bounds).width for bounds in plan.bounds]
    luts = 0
    for node in plan.operations:
        if not isinstance(node, Sum):
            continue
        numbers = [widths[number] for number in node.numbers]
        counted = len(node.bits) if not numbers else len(node.bits) - 1
        # Positions that pass a bit on are wires to a carry chain beside tables of six inputs, not to one of four;
        # signs have no such positions.
        passes_free = lut_inputs == 6 and plan.bounds[0][0] == 0
        used = max(counted.bit_length(), min(numbers) if len(numbers) == 2 and passes_free else 0)
        luts += used if passes_free or not numbers else max(used, *numbers)
    return luts

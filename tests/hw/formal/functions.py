"""The definitions of whole components: what each of their results is made of."""

from collections.abc import Sequence

from amaranth.hdl import Array, Cat, Const, Value

from hw.components.argmax import ArgMax
from hw.components.mvtu import LayerUnit
from hw.components.table import TableLookup
from hw.components.threshold import MultiThreshold
from hw.components.unrolled.argmax import ParallelArgMax
from hw.components.unrolled.layer import UnrolledLayer
from hw.network.types import ScoreLayer, ThresholdLayer
from tests.hw.formal.definitions import decided, levels_passed, looked_up, row_of_layer, values_of, word_of
from tests.hw.formal.held import Function

Layer = ThresholdLayer | ScoreLayer


def function_of_layers(layers: tuple[Layer, ...], unit: LayerUnit | UnrolledLayer) -> Function:
    """A layer folded as a unit is; with several layers, each in its bank."""

    def definition(words, result, beside):
        x = values_of(unit.element, words)
        rows = range(result * unit.pe, (result + 1) * unit.pe)
        results = [
            word_of(unit.output_format.element, [row_of_layer(layer, row, x) for row in rows]) for layer in layers
        ]
        return Array(results)[beside["bank"]] if len(layers) > 1 else results[0]

    banks = {"bank": (len(layers) - 1).bit_length()} if len(layers) > 1 else {}
    return Function(definition, unit.column_groups, unit.row_groups, unit.latency_clocks, banks, beside_is_held=True)


def function_of_thresholds(spec: MultiThreshold) -> Function:
    """Outputs for the totals of PE rows."""

    def definition(words, result, beside):
        rows = spec.levels[result * spec.pe :][: spec.pe]
        totals = values_of(spec.total, words)
        outputs = [levels_passed(total, levels, spec.lowest) for total, levels in zip(totals, rows, strict=True)]
        return word_of(spec.output, outputs)

    return Function(definition, results=spec.row_groups, waiting=spec.latency_clocks)


def function_of_table(spec: TableLookup) -> Function:
    """An element for each lane."""

    def definition(words, result, beside):
        return word_of(
            spec.table.output, [looked_up(spec.table, value) for value in values_of(spec.table.source, words)]
        )

    return Function(definition, waiting=spec.latency_clocks)


def winner_word(spec: ArgMax, scores: Sequence[Value], margin: Value) -> Value:
    """The result for some scores."""
    index, score = decided(scores, margin)
    bits = spec.result_layout["unit"].width
    return Cat((index + Const(0, bits))[:bits], score)


def function_of_winner(spec: ArgMax) -> Function:
    """Index and score of the winner, from scores one after another or all in a word."""

    def definition(words, result, beside):
        return winner_word(spec, values_of(spec.score, words), beside.get("margin", Const(spec.margin)))

    words = 1 if isinstance(spec, ParallelArgMax) else spec.classes
    margin = {"margin": spec.score.bits} if spec.margin_port else {}
    return Function(definition, words, waiting=spec.latency_clocks, beside=margin)

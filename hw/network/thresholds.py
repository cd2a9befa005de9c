"""What a graph's own nodes make of every accumulator value: integer thresholds, or integer scores."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from hw.network.chain import Stage
from hw.network.formats import IntegerFormat
from hw.network.graph import Graph, execute, unsupported
from hw.network.layers import MAX_FRACTION_BITS, ScoreLayer, ThresholdLayer, accumulator_bounds

MAX_EVALUATIONS = 2**26
MAX_SCORES = 2**22  # these are sorted
CHUNK_EVALUATIONS = 2**22


def threshold_layer(graph: Graph, stage: Stage, values: IntegerFormat) -> ThresholdLayer:
    """Thresholds of a hidden stage, read off where its activation changes sign.

    Args:
        graph: the graph of the stage.
        stage: one that ends in BipolarQuant.
        values: what the stage takes.

    Raises:
        UnsupportedGraph: where a channel changes sign more than once, or there are more than 2**26
            (accumulator value, channel) pairs.
    """
    low, high = accumulator_bounds(stage.weights, values)
    bits = np.concatenate([part > 0 for part in _evaluate(graph, stage, values, MAX_EVALUATIONS)])
    changes = np.count_nonzero(bits[1:] != bits[:-1], axis=0)
    if changes.max() > 1:
        channel = int(np.argmax(changes > 1))
        raise unsupported(
            stage.chain[-1],
            f"channel {channel} changes sign {changes[channel]} times over its accumulator: not a threshold",
        )
    n_positive = np.count_nonzero(bits, axis=0)
    rising = bits[-1] | (n_positive == 0)
    first_positive = np.where(n_positive == 0, high + 1, high - values.step * (n_positive - 1))
    last_positive = low + values.step * (n_positive - 1)
    thresholds = np.where(rising, first_positive, last_positive)
    return ThresholdLayer(stage.product.name, stage.weights, thresholds[:, np.newaxis], rising)


def score_layer(graph: Graph, stage: Stage, values: IntegerFormat) -> ScoreLayer:
    """Integer scores that order every reachable pair of classes and accumulators as the graph does.

    The proof is by enumeration: over all (class, accumulator) pairs, the integers
    `acc * 2**k + offset` rise and tie where the graph's own float scores rise and tie.

    Raises:
        UnsupportedGraph: where no k up to 16 does so, or there are more than 2**22 pairs.
    """
    low, high = accumulator_bounds(stage.weights, values)
    scores = np.concatenate(list(_evaluate(graph, stage, values, MAX_SCORES))).astype(np.float64)
    if not np.all(np.isfinite(scores)):
        raise unsupported(stage.product, "its scores are not all finite")
    slopes = (scores[-1] - scores[0]) / (high - low)
    if slopes.min() <= 0:
        raise unsupported(
            stage.product,
            f"the score of class {int(np.argmin(slopes))} does not rise with its accumulator: an integer "
            "argmax needs one positive scale for all classes",
        )
    accumulators = low + values.step * np.arange(len(scores))[:, np.newaxis]
    offsets_real = np.mean(scores / slopes.max() - accumulators, axis=0)
    order = np.argsort(scores, axis=None, kind="stable")
    rises = np.diff(scores.flat[order]) > 0
    for fraction_bits in range(MAX_FRACTION_BITS + 1):
        offsets = np.rint(np.ldexp(offsets_real, fraction_bits)).astype(np.int64)
        integers = (accumulators << fraction_bits) + offsets
        steps = np.diff(integers.flat[order])
        if np.array_equal(steps > 0, rises) and steps.min() >= 0:
            return ScoreLayer(
                stage.product.name, stage.weights, offsets, fraction_bits, not np.array_equal(integers, scores)
            )
    raise unsupported(stage.product, _why_no_integers(slopes))


def _why_no_integers(slopes: NDArray[np.float64]) -> str:
    if slopes.max() > slopes.min() * 1.0001:
        return (
            f"classes have different scales, from {slopes.min():.6g} to {slopes.max():.6g}; an integer argmax "
            "needs one for all (a normalisation per tensor, or none, after the last product)"
        )
    return (
        f"no offsets with up to {MAX_FRACTION_BITS} fraction bits keep the order and ties of all reachable "
        "scores; round the offsets per class to multiples of the scale"
    )


def _evaluate(graph: Graph, stage: Stage, values: IntegerFormat, limit: int) -> Iterator[NDArray[np.float32]]:
    """The stage's output for every accumulator value, lowest first, in chunks `[values, rows]`.

    All rows have ranges of one length, so that row v of the whole holds `low + v * step` of each.
    """
    low, high = accumulator_bounds(stage.weights, values)
    count = int(high[0] - low[0]) // values.step + 1
    if count * stage.rows > limit:
        raise unsupported(
            stage.product,
            f"{count} accumulator values in {stage.rows} channels are more than the {limit} that "
            "are evaluated one by one: use fewer inputs or a narrower input format",
        )
    chunk = min(count, max(1, CHUNK_EVALUATIONS // stage.rows))
    start = stage.product.output[0]
    model = graph.section(stage.chain, start, (chunk, stage.rows)) if stage.chain else None
    for first in range(0, count, chunk):
        accumulators = low + values.step * np.arange(first, first + chunk)[:, np.newaxis]
        # Exact: unit and bias were checked to need no rounding. Values past the last are cut off below.
        tensor = accumulators.astype(np.float32) * np.float32(stage.unit) + stage.bias
        output = execute(model, {start: tensor})[stage.output] if model else tensor
        yield output[: count - first]

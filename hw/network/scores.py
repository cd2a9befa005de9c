"""The last layer's scores as integers that order all classes as the graph does."""

import numpy as np
from numpy.typing import NDArray

from hw.network.evaluate import outputs_of
from hw.network.graph import Graph
from hw.network.layers import MAX_FRACTION_BITS, ScoreLayer
from hw.network.nodes import unsupported
from hw.network.stage import Stage

MAX_SCORES = 2**22  # these are sorted


def score_layer(graph: Graph, stage: Stage) -> ScoreLayer:
    """Integer scores that order every reachable pair of classes and accumulators as the graph does.

    The proof is by enumeration: over all (class, accumulator) pairs, the integers
    `acc * 2**k + offset` rise and tie where the graph's own float scores rise and tie. Where all scores fall with
    their accumulators, all weights change sign, and with them the accumulators.

    Raises:
        UnsupportedGraph: where no k up to 16 does so, or there are more than 2**22 pairs.
    """
    if stage.n_accumulators * stage.rows > MAX_SCORES:
        raise unsupported(
            stage.layer.product,
            f"{stage.n_accumulators} accumulator values of {stage.rows} classes are more than the {MAX_SCORES} that "
            "are put in order: use fewer inputs or a narrower format",
        )
    low, weights = stage.low, stage.weights
    scores = np.concatenate(list(outputs_of(graph, stage))).astype(np.float64)
    if not np.all(np.isfinite(scores)):
        raise unsupported(stage.layer.product, "its scores are not all finite")
    if np.all(scores[-1] < scores[0]):
        scores, low, weights = scores[::-1], -stage.high, ~weights
    slopes = (scores[-1] - scores[0]) / (stage.high - stage.low)
    if slopes.min() <= 0:
        raise unsupported(
            stage.layer.product,
            f"the score of class {int(np.argmin(slopes))} does not rise with its accumulator: an integer "
            "argmax needs one positive scale for all classes",
        )
    accumulators = low + stage.step * np.arange(len(scores))[:, np.newaxis]
    offsets_real = np.mean(scores / slopes.max() - accumulators, axis=0)
    # What all classes have in common decides nothing, but would be rounded for each class by itself.
    offsets_real -= offsets_real.min() - np.rint(offsets_real.min())
    order = np.argsort(scores, axis=None, kind="stable")
    rises = np.diff(scores.flat[order]) > 0
    for fraction_bits in range(MAX_FRACTION_BITS + 1):
        offsets = np.rint(np.ldexp(offsets_real, fraction_bits)).astype(np.int64)
        integers = (accumulators << fraction_bits) + offsets
        steps = np.diff(integers.flat[order])
        if np.array_equal(steps > 0, rises) and steps.min() >= 0:
            return ScoreLayer(stage.name, weights, offsets, fraction_bits, not np.array_equal(integers, scores))
    raise unsupported(stage.layer.product, _why_no_integers(slopes))


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

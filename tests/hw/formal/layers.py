"""Small layers in which every row can go either way, and what can be wrong with them."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from hw.network.types import IntegerFormat, ScoreLayer, ThresholdLayer, accumulator_bounds

INT2, INT3 = IntegerFormat(2, signed=True), IntegerFormat(3, signed=True)
UINT2 = IntegerFormat(2, signed=False)


def sign_layer(rows: int, columns: int, element: IntegerFormat, seed: int = 0) -> ThresholdLayer:
    """Rows rise and fall in turn; the third is always passed, the fourth never."""
    rng = np.random.default_rng(seed)
    weights = rng.random((rows, columns)) < 0.5
    low, high = accumulator_bounds(weights, element)
    rising = np.arange(rows) % 2 == 0
    middle = (low + high) // 2 + rng.integers(0, 2, rows)
    thresholds = np.choose(np.arange(rows) % 4, [middle, middle, low, low - 1])
    return ThresholdLayer("signs", weights, thresholds[:, None], rising)


def level_layer(rows: int, columns: int, element: IntegerFormat, seed: int = 0) -> ThresholdLayer:
    """Three thresholds a row, two of them equal in the first, which falls."""
    rng = np.random.default_rng(seed)
    weights = rng.random((rows, columns)) < 0.5
    low, high = accumulator_bounds(weights, element)
    middle = (low + high) // 2
    steps = np.array([[-1, 1, 1], [-2, 0, 1]])[np.arange(rows) % 2]
    rising = np.arange(rows) % 2 == 1
    thresholds = middle[:, None] + np.where(rising[:, None], steps, -steps)
    return ThresholdLayer("levels", weights, thresholds, rising, UINT2, lowest=0)


def score_layer(rows: int, columns: int, seed: int = 0) -> ScoreLayer:
    """Scores with a fraction bit and offsets."""
    rng = np.random.default_rng(seed)
    return ScoreLayer("scores", rng.random((rows, columns)) < 0.5, rng.integers(-3, 4, rows), 1)


def wrong_layers(
    layer: ThresholdLayer | ScoreLayer, element: IntegerFormat
) -> Iterator[tuple[str, ThresholdLayer | ScoreLayer]]:
    """Layers that differ from one in a single weight or constant."""
    weights = layer.weights.copy()
    weights[0, -1] ^= True
    yield "a weight is turned", replace(layer, weights=weights)
    if isinstance(layer, ScoreLayer):
        offsets = layer.offsets.copy()
        offsets[-1] += 1
        yield "an offset is one too large", replace(layer, offsets=offsets)
        return
    # Sums of bipolar elements are all even, or all odd: two lie next to each other.
    thresholds = layer.thresholds.copy()
    thresholds[1, 0] += element.step
    yield "a threshold is one step too high", replace(layer, thresholds=thresholds)

"""What a matrix-vector unit adds up for a layer: thresholds, directions and offsets as row constants.

The unit's term differs from `w * x` by what its gates save (see `MatrixVectorUnit`); here the difference moves into
the row constant. With `n` columns, `p` of them +1, and the unit's sum of terms `s`:

- bipolar elements: `s` counts the matches, so `W x = 2 s - n`;
- integer elements: `-x` is formed as `~x = -x - 1`, so `W x = s + (n - p)`.

A falling row (`W x <= t`) becomes a rising one by turning all its weights: `-W x >= -t`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw.network.types import IntegerFormat, ScoreLayer, ThresholdLayer


@dataclass(frozen=True, eq=False)
class RowSums:
    """Weights bool `[rows, columns]`, row constants int64 `[rows]` and the shift of each term."""

    weights: NDArray[np.bool_]
    bias: NDArray[np.int64]
    shift: int


def row_sums(layer: ThresholdLayer | ScoreLayer, element: IntegerFormat) -> RowSums:
    """The sums whose sign is the layer's output bit, or which are its scores.

    Args:
        layer: a layer of the network.
        element: format of the layer's inputs.
    """
    if isinstance(layer, ThresholdLayer):
        return _threshold_sums(layer, element)
    return _score_sums(layer, element)


def _threshold_sums(layer: ThresholdLayer, element: IntegerFormat) -> RowSums:
    weights = np.where(layer.rising[:, None], layer.weights, ~layer.weights)
    threshold = np.where(layer.rising, layer.thresholds[:, 0], -layer.thresholds[:, 0])
    n_minus = (~weights).sum(axis=1)
    matches = (threshold + layer.columns + 1) // 2  # W x >= t is the same as matches >= ceil((t + n) / 2)
    bias = -matches if element.bipolar else n_minus - threshold
    return RowSums(weights, bias.astype(np.int64), shift=0)


def _score_sums(layer: ScoreLayer, element: IntegerFormat) -> RowSums:
    if element.bipolar:
        constant, shift = np.full(layer.rows, -layer.columns), layer.fraction_bits + 1
    else:
        constant, shift = (~layer.weights).sum(axis=1), layer.fraction_bits
    bias = (constant << layer.fraction_bits) + layer.offsets
    return RowSums(layer.weights, bias.astype(np.int64), shift)

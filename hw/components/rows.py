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
    """What a layer adds up.

    Attributes:
        weights: bool `[rows, columns]`.
        bias: row constants, int64 `[rows]`.
        shift: of each term, in bits.
        levels: int64 `[rows, steps - 1]`: how far each threshold after a row's first lies above it, in units of the
            total; `[rows, 0]` for scores.
    """

    weights: NDArray[np.bool_]
    bias: NDArray[np.int64]
    shift: int
    levels: NDArray[np.int64]


def row_sums(layer: ThresholdLayer | ScoreLayer, element: IntegerFormat) -> RowSums:
    """The sums whose sign tells whether the first threshold is passed, or which are the layer's scores.

    Args:
        layer: a layer of the network.
        element: format of the layer's inputs.
    """
    if isinstance(layer, ThresholdLayer):
        return _threshold_sums(layer, element)
    return _score_sums(layer, element)


def _threshold_sums(layer: ThresholdLayer, element: IntegerFormat) -> RowSums:
    rising = layer.rising[:, None]
    weights = layer.weights ^ ~rising
    thresholds = np.where(rising, layer.thresholds, -layer.thresholds)
    if element.bipolar:
        passed_at = (thresholds + layer.columns + 1) // 2  # W x >= t is the same as matches >= ceil((t + n) / 2)
    else:
        passed_at = thresholds - (~weights).sum(axis=1)[:, None]
    first = passed_at[:, :1]
    return RowSums(weights, -first[:, 0].astype(np.int64), shift=0, levels=passed_at[:, 1:] - first)


def _score_sums(layer: ScoreLayer, element: IntegerFormat) -> RowSums:
    if element.bipolar:
        constant, shift = np.full(layer.rows, -layer.columns), layer.fraction_bits + 1
    else:
        constant, shift = (~layer.weights).sum(axis=1), layer.fraction_bits
    bias = (constant << layer.fraction_bits) + layer.offsets
    return RowSums(layer.weights, bias.astype(np.int64), shift, np.zeros((layer.rows, 0), np.int64))

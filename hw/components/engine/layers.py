"""What the engine adds up for a layer: one kind of sum for integer inputs, for bits and for scores."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw.components.rows import row_sums
from hw.network.types import IntegerFormat, ScoreLayer, ThresholdLayer


def offset_codes(values: NDArray[np.integer], element: IntegerFormat) -> NDArray[np.int64]:
    """Values as unsigned numbers `u` of as many bits, the least value as 0: offset binary; bipolar as 0 and 1."""
    return (values.astype(np.int64) - element.minimum) // element.step


@dataclass(frozen=True, eq=False)
class EngineLayer:
    r"""A layer as `total[r] = bias[r] + 2**doublings * sum_c (weight[r, c] ? u[c] : 2**planes - 1 - u[c])`.

    `u` are the inputs in offset binary. Taken bit by bit, the sum is `sum_b 2**b * matches_b` where `matches_b`
    counts the columns whose weight equals bit `b` of `u`: an XNOR and a population count, whatever the input. What
    this sum adds to `W x` is a constant of the row, which `bias` takes back.

    Attributes:
        name: the layer's name, for messages.
        weights: bool `[rows, columns]`, falling rows turned round.
        bias: int64 `[rows]`. The sign of a hidden layer's total is its output bit; the head's totals are its scores.
        planes: bits of an input.
        doublings: left shift of the sum.
        is_head: whether the totals are scores.
    """

    name: str
    weights: NDArray[np.bool_]
    bias: NDArray[np.int64]
    planes: int
    doublings: int
    is_head: bool

    @classmethod
    def of_layer(cls, layer: ThresholdLayer | ScoreLayer, element: IntegerFormat) -> "EngineLayer":
        """The sums of a layer of the network, whose inputs are of the format `element`."""
        sums = row_sums(layer, element)
        rows, columns = sums.weights.shape
        # `row_sums` counts matches for bipolar elements; else its terms are x and -x - 1, where the engine's are
        # x - minimum and maximum - x.
        n_minus = (~sums.weights).sum(axis=1)
        surplus = -element.minimum * (columns - n_minus) + (element.maximum + 1) * n_minus
        if element.bipolar:
            surplus = np.zeros(rows, dtype=np.int64)
        bias = sums.bias - (surplus << sums.shift)
        return cls(layer.name, sums.weights, bias, element.bits, sums.shift, isinstance(layer, ScoreLayer))

    @property
    def rows(self) -> int:
        """Outputs of the layer."""
        return int(self.weights.shape[0])

    @property
    def columns(self) -> int:
        """Inputs of the layer."""
        return int(self.weights.shape[1])

    @property
    def greatest_sum(self) -> int:
        """The greatest sum, doublings included; the least is 0."""
        return self.columns * ((1 << self.planes) - 1) << self.doublings

    def compute(self, codes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Totals `[n, rows]` of inputs in offset binary `[n, columns]`."""
        # In floating point the product is an order of magnitude faster, and exact up to 2**53.
        products = (codes.astype(np.float64) @ np.where(self.weights, 1.0, -1.0).T).astype(np.int64)
        sums = products + ((1 << self.planes) - 1) * (~self.weights).sum(axis=1)
        return self.bias + (sums << self.doublings)

    def packed_words(self, lanes: int) -> NDArray[np.uint8]:
        """The weights of one row after another in words of `lanes` columns, `[words, lanes / 8]`, column 0 lowest.

        The last word of a row is filled up with ones. Nothing is ever written to the activations that they meet, so
        that these are zeros, match no one and count nothing.
        """
        padded = np.pad(self.weights, ((0, 0), (0, -self.columns % lanes)), constant_values=True)
        return np.packbits(padded.reshape(-1, lanes), axis=-1, bitorder="little")

    def words(self, lanes: int) -> list[int]:
        """The same words as integers."""
        return [int.from_bytes(word.tobytes(), "little") for word in self.packed_words(lanes)]

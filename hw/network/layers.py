"""Layers of ±1 weights in integers: thresholds behind the sums, or scores."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.errors import BadInput
from hw.network.formats import BIPOLAR, IntegerFormat, frozen_array

MAX_FRACTION_BITS = 16
MAX_ACTIVATION_BITS = 4


def accumulator_bounds(
    weights: NDArray[np.bool_], input_format: IntegerFormat
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Smallest and largest value of each row's sum of ±x; every `input_format.step`-th between occurs.

    Args:
        weights: `[rows, columns]`, True = +1.
        input_format: the values x takes.

    Returns:
        Two int64 arrays `[rows]`.
    """
    return sum_bounds(weights, input_format.minimum, input_format.maximum)


def sum_bounds(weights: NDArray[np.bool_], lowest: int, highest: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """As `accumulator_bounds`, for x from lowest to highest."""
    positive = weights.sum(axis=1, dtype=np.int64)
    negative = weights.shape[1] - positive
    return positive * lowest - negative * highest, positive * highest - negative * lowest


@dataclass(frozen=True, eq=False)
class BinaryProduct:
    """`acc = W x` with weights of ±1: what both kinds of layer begin with.

    Attributes:
        name: of the graph's node that multiplies.
        weights: bool `[rows, columns]`, True = +1, False = -1.

    Raises:
        BadInput: for another dtype or shape.
    """

    name: str
    weights: NDArray[np.bool_]

    def __post_init__(self) -> None:
        weights = frozen_array(self.weights, np.bool_, None, f"weights of layer {self.name!r}")
        if weights.ndim != 2 or 0 in weights.shape:
            raise BadInput(f"weights of layer {self.name!r}: expected [rows, columns], got {list(weights.shape)}")
        object.__setattr__(self, "weights", weights)

    @property
    def rows(self) -> int:
        """Number of outputs."""
        return int(self.weights.shape[0])

    @property
    def columns(self) -> int:
        """Number of inputs."""
        return int(self.weights.shape[1])

    def accumulate(self, x: NDArray[Any]) -> NDArray[np.int64]:
        """Accumulators `[n, rows]` of integer values x `[n, columns]`."""
        # A float32 matrix product is an order of magnitude faster than an integer one (BLAS), and exact
        # here: every partial sum, in whatever order, is an integer of magnitude <= columns * max|x| <= 2**24.
        signs = np.where(self.weights, np.float32(1), np.float32(-1))
        # Only the sums: a threshold may lie one beyond 2**24, where float32 has no odd numbers.
        return (x.astype(np.float32) @ signs.T).astype(np.int64)


@dataclass(frozen=True, eq=False)
class ThresholdLayer(BinaryProduct):
    """`acc = W x`; the output counts the thresholds that the accumulator has passed.

    With `n` the number of a row's thresholds t with `acc >= t` where rising, else with `acc <= t`, the output is
    `lowest + n * output.step`: one threshold and a bipolar output give a bit that means -1 or +1.

    A threshold that is never or always passed is legal (one above the largest accumulator value, or the smallest,
    where rising): so a row may be constant, and a level may be missing.

    Attributes:
        thresholds: int64 `[rows, steps]`; not falling along a rising row, not rising along a falling one.
        rising: bool `[rows]`.
        output: format of the outputs, of 1 to 4 bits.
        lowest: the output below the first threshold.

    Raises:
        BadInput: for another dtype or shape, thresholds out of order, or outputs that the format does not hold.
    """

    thresholds: NDArray[np.int64]
    rising: NDArray[np.bool_]
    output: IntegerFormat = BIPOLAR
    lowest: int = -1

    def __post_init__(self) -> None:
        super().__post_init__()
        what = f"of layer {self.name!r}"
        thresholds = frozen_array(self.thresholds, np.int64, None, f"thresholds {what}")
        if thresholds.ndim != 2 or thresholds.shape[0] != self.rows or thresholds.shape[1] < 1:
            raise BadInput(f"thresholds {what}: expected [{self.rows}, steps], got {list(thresholds.shape)}")
        rising = frozen_array(self.rising, np.bool_, (self.rows,), f"directions {what}")
        if np.any(np.where(rising[:, None], 1, -1) * np.diff(thresholds) < 0):
            raise BadInput(f"thresholds {what}: expected in the order in which the accumulator passes them")
        object.__setattr__(self, "thresholds", thresholds)
        object.__setattr__(self, "rising", rising)
        highest = self.lowest + self.output.step * self.steps
        if self.output.bits > MAX_ACTIVATION_BITS:
            raise BadInput(f"outputs {what}: {self.output.name}, 1 to {MAX_ACTIVATION_BITS} bits can be used")
        if self.lowest < self.output.minimum or highest > self.output.maximum:
            raise BadInput(f"outputs {what}: {self.lowest} to {highest} are not in the format {self.output.name}")

    @property
    def steps(self) -> int:
        """Thresholds of a row."""
        return int(self.thresholds.shape[1])

    def compute(self, x: NDArray[Any]) -> NDArray[np.int8]:
        """Outputs `[n, rows]` of integer values x `[n, columns]`."""
        acc = self.accumulate(x)
        passed = np.zeros(acc.shape, np.int8)
        for threshold in self.thresholds.T:
            passed += np.where(self.rising, acc >= threshold, acc <= threshold)
        return np.int8(self.lowest) + np.int8(self.output.step) * passed


@dataclass(frozen=True, eq=False)
class ScoreLayer(BinaryProduct):
    """`score = W x * 2**fraction_bits + offset`; the class is the largest score, lowest index first on ties.

    Attributes:
        offsets: int64 `[rows]`; a row is a class.
        fraction_bits: 0 to 16.
        rescaled: the graph's own scores are not these integers but another increasing function of them,
            the same one for every class, so that order and ties are the same.

    Raises:
        BadInput: for another dtype or shape, or fraction bits outside 0..16.
    """

    offsets: NDArray[np.int64]
    fraction_bits: int
    rescaled: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        offsets = frozen_array(self.offsets, np.int64, (self.rows,), f"offsets of layer {self.name!r}")
        if not 0 <= self.fraction_bits <= MAX_FRACTION_BITS:
            raise BadInput(
                f"layer {self.name!r}: {self.fraction_bits} fraction bits, 0 to {MAX_FRACTION_BITS} can be used"
            )
        object.__setattr__(self, "offsets", offsets)

    def compute(self, x: NDArray[Any]) -> NDArray[np.int64]:
        """Scores `[n, rows]` of integer values x `[n, columns]`."""
        return (self.accumulate(x) << self.fraction_bits) + self.offsets

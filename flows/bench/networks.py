"""Random networks of a stated shape, for the benchmarks."""

from collections.abc import Sequence

import numpy as np

from hw.network.types import BIPOLAR, IntegerFormat, Network, ScoreLayer, ThresholdLayer, accumulator_bounds

INT8 = IntegerFormat(8, signed=True)


def random_network(
    seed: int, n_inputs: int, hidden: Sequence[int], n_units: int, input_format: IntegerFormat
) -> Network:
    """A network with random weights, thresholds, directions and offsets; the same seed gives the same one.

    Thresholds lie anywhere in their accumulator's range, constant rows and ties included.
    """
    rng = np.random.default_rng(seed)
    layers, columns, values = [], n_inputs, input_format
    for index, rows in enumerate(hidden):
        weights, rising = rng.random((rows, columns)) < 0.5, rng.random(rows) < 0.5
        low, high = accumulator_bounds(weights, values)
        thresholds = rng.integers(np.where(rising, low, low - 1), np.where(rising, high + 2, high + 1))
        layers.append(ThresholdLayer(f"hidden{index}", weights, thresholds[:, None], rising))
        columns, values = rows, BIPOLAR
    head = ScoreLayer("scores", rng.random((n_units, columns)) < 0.5, rng.integers(-99, 100, n_units), 0)
    return Network(input_format, tuple(layers), head, tuple(f"unit {u}" for u in range(n_units)))

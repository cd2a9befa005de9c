"""Random networks with everything that a FINN-style graph has to express."""

from collections.abc import Sequence

import numpy as np

from hw.network.formats import BIPOLAR, InputTable, IntegerFormat
from hw.network.layers import ScoreLayer, ThresholdLayer, accumulator_bounds
from hw.network.types import Network

INPUTS = (BIPOLAR, *(IntegerFormat.from_name(name) for name in ("UINT1", "UINT3", "INT2", "INT5", "UINT8")))
# Bipolar ones twice over: only they make an XnorPopcountMatMul.
ACTIVATIONS = (BIPOLAR, BIPOLAR, *(IntegerFormat.from_name(name) for name in ("UINT1", "UINT2", "INT2", "INT4")))


def random_finn_network(
    rng: np.random.Generator,
    n_inputs: int,
    hidden: tuple[int, ...],
    n_units: int,
    input_format: IntegerFormat,
    with_front: bool = False,
    activations: Sequence[IntegerFormat] = ACTIVATIONS,
) -> Network:
    """Rising, falling and constant rows, missing levels, activations of any given format, offsets, fraction bits."""
    front = _table(rng, input_format) if with_front else None
    layers: list[ThresholdLayer] = []
    columns, values = n_inputs, front.output if front else input_format
    for index, rows in enumerate(hidden):
        weights = rng.random((rows, columns)) < 0.5
        low, high = (bound[:, None] for bound in accumulator_bounds(weights, values))
        output = activations[rng.integers(len(activations))]
        steps = int(rng.integers(1, output.n_values))
        lowest = output.minimum + output.step * int(rng.integers(output.n_values - steps))
        rising = rng.random(rows) < 0.5
        up = rising[:, None]
        drawn = rng.integers(np.where(up, low, low - 1), np.where(up, high + 1, high) + 1, (rows, steps))
        ordered = np.sort(drawn, axis=1)
        thresholds = np.where(up, ordered, ordered[:, ::-1])
        layers.append(ThresholdLayer(f"hidden{index}", weights, thresholds, rising, output, lowest))
        columns, values = rows, output
    weights = rng.random((n_units, columns)) < 0.5
    head = ScoreLayer("head", weights, rng.integers(-9, 10, n_units), int(rng.integers(3)))
    names = tuple(f"unit {unit}" for unit in range(n_units))
    return Network(input_format, tuple(layers), head, names, front=front)


def _table(rng: np.random.Generator, source: IntegerFormat) -> InputTable:
    """Rising or falling, with steps and stretches where it stands still."""
    output = ACTIVATIONS[rng.integers(len(ACTIVATIONS))]
    levels = output.minimum + output.step * np.sort(rng.integers(0, output.n_values, source.n_values))
    levels[[0, -1]] = output.minimum, output.maximum
    return InputTable(source, levels[:: rng.choice([-1, 1])].copy(), output)

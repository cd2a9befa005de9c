"""Random integer networks and random ways to fold them."""

import numpy as np

from hw.components.rom import MEMORIES, Storage
from hw.network.types import BIPOLAR, IntegerFormat, Network, ScoreLayer, ThresholdLayer, accumulator_bounds
from hw.schedule.fold import banks_needed
from hw.schedule.types import LayerFolding, Schedule

INT8 = IntegerFormat(8, signed=True)


def random_network(
    rng: np.random.Generator,
    n_inputs: int = 6,
    hidden: tuple[int, ...] = (8, 4),
    n_units: int = 3,
    input_format: IntegerFormat = INT8,
) -> Network:
    """A network whose thresholds lie anywhere that is legal, constant rows and ties included."""
    layers, columns, values = [], n_inputs, input_format
    for index, rows in enumerate(hidden):
        weights = rng.random((rows, columns)) < 0.5
        low, high = accumulator_bounds(weights, values)
        rising = rng.random(rows) < 0.5
        thresholds = rng.integers(np.where(rising, low, low - 1), np.where(rising, high + 1, high) + 1)
        layers.append(ThresholdLayer(f"hidden{index}", weights, thresholds[:, None], rising))
        columns, values = rows, BIPOLAR
    head = ScoreLayer(
        "scores", rng.random((n_units, columns)) < 0.5, rng.integers(-3, 4, n_units), int(rng.integers(3))
    )
    return Network(input_format, tuple(layers), head, tuple(f"unit {u}" for u in range(n_units)))


def random_schedule(rng: np.random.Generator, network: Network, device: str = "up5k") -> Schedule:
    """Any PE and SIMD that divide, any storage, and the buffers that the rule asks for."""
    folds: list[LayerFolding] = []
    for layer in network.layers:
        rows, columns = layer.weights.shape
        fold = LayerFolding(
            layer.name,
            rows,
            columns,
            pe=int(rng.choice(divisors(rows))),
            simd=int(rng.choice(divisors(columns))),
            banks=1,
            weight_storage=Storage(rng.choice(list(MEMORIES))),
            bias_storage=Storage(rng.choice(list(MEMORIES))),
        )
        banks = banks_needed(folds[-1] if folds else None, fold)
        folds.append(LayerFolding(**{**vars(fold), "banks": banks}))
    return Schedule(network.digest, device, tuple(folds))


def divisors(n: int) -> list[int]:
    return [d for d in range(1, n + 1) if n % d == 0]

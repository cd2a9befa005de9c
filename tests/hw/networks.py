"""Random integer networks and random ways to fold them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hw.components.engine.engine import Engine
from hw.components.rom import MEMORIES, Storage
from hw.components.terms import most_count_tables
from hw.devices import device_named
from hw.network.types import (
    BIPOLAR,
    InputTable,
    IntegerFormat,
    Network,
    ScoreLayer,
    ThresholdLayer,
    accumulator_bounds,
)
from hw.schedule.timing import with_banks
from hw.schedule.types import Architecture, EngineFolding, LayerFolding, Schedule

INT8 = IntegerFormat(8, signed=True)


def random_network(
    rng: np.random.Generator,
    n_inputs: int = 6,
    hidden: tuple[int, ...] = (8, 4),
    n_units: int = 3,
    input_format: IntegerFormat = INT8,
    activations: tuple[IntegerFormat, ...] = (BIPOLAR,),
    front: InputTable | None = None,
) -> Network:
    """A network whose thresholds lie anywhere that is legal, constant rows and ties included.

    Hidden layer k gives the format `activations[k]`, beginning anew after the last of them.
    """
    layers, columns, values = [], n_inputs, input_format if front is None else front.output
    for index, rows in enumerate(hidden):
        layers.append(
            random_layer(rng, f"hidden{index}", rows, columns, values, activations[index % len(activations)])
        )
        columns, values = rows, layers[-1].output
    head = ScoreLayer(
        "scores", rng.random((n_units, columns)) < 0.5, rng.integers(-3, 4, n_units), int(rng.integers(3))
    )
    return Network(input_format, tuple(layers), head, tuple(f"unit {u}" for u in range(n_units)), front=front)


def random_layer(
    rng: np.random.Generator,
    name: str,
    rows: int,
    columns: int,
    values: IntegerFormat,
    output: IntegerFormat,
    rising_share: float = 0.5,
    steps: int | None = None,
) -> ThresholdLayer:
    """A layer with any lowest output; without `steps`, with any number of thresholds that its output has room for."""
    weights = rng.random((rows, columns)) < 0.5
    rising = rng.random(rows) < rising_share
    steps = int(rng.integers(1, output.n_values)) if steps is None else steps
    thresholds = random_thresholds(rng, weights, values, rising, steps)
    lowest = int(rng.integers(output.minimum, output.maximum - output.step * steps + 1))
    return ThresholdLayer(name, weights, thresholds, rising, output, lowest)


def random_thresholds(
    rng: np.random.Generator, weights: np.ndarray, values: IntegerFormat, rising: np.ndarray, steps: int
) -> np.ndarray:
    """Anywhere that is legal, `[rows, steps]`."""
    low, high = accumulator_bounds(weights, values)
    first, last = np.where(rising, low, low - 1), np.where(rising, high + 1, high)
    thresholds = np.sort(rng.integers(first[:, None], last[:, None] + 1, (len(weights), steps)), axis=1)
    return np.where(rising[:, None], thresholds, thresholds[:, ::-1])


def retrained(rng: np.random.Generator, network: Network, loadable: Sequence[bool]) -> Network:
    """A network alike, whose loadable layers have other weights, thresholds and offsets."""
    hidden = []
    for index, layer in enumerate(network.hidden):
        weights, rising = rng.random(layer.weights.shape) < 0.5, rng.random(layer.rows) < 0.5
        thresholds = random_thresholds(rng, weights, network.format_into(index), rising, layer.steps)
        other = replace(layer, weights=weights, thresholds=thresholds, rising=rising)
        hidden.append(other if loadable[index] else layer)
    head = network.head
    if loadable[-1]:
        weights = rng.random(head.weights.shape) < 0.5
        head = replace(head, weights=weights, offsets=rng.integers(-3, 4, head.rows))
    return replace(network, hidden=tuple(hidden), head=head)


def random_table(rng: np.random.Generator, source: IntegerFormat, output: IntegerFormat) -> InputTable:
    """Any element for any value."""
    values = output.minimum + output.step * rng.integers(0, output.n_values, source.n_values)
    return InputTable(source, values, output)


def random_schedule(
    rng: np.random.Generator, network: Network, device: str = "up5k", unrolled_share: float = 0.2
) -> Schedule:
    """Any PE and SIMD that divide, any storage, some layers unrolled, and the buffers that the rule asks for."""
    folds: list[LayerFolding] = []
    for index, layer in enumerate(network.layers):
        rows, columns = layer.weights.shape
        simd = int(rng.choice(divisors(columns)))
        fold = LayerFolding(
            layer.name,
            rows,
            columns,
            pe=int(rng.choice(divisors(rows))),
            simd=simd,
            banks=1,
            weight_storage=Storage(rng.choice(list(MEMORIES))),
            bias_storage=Storage(rng.choice(list(MEMORIES))),
            count_tables=int(rng.integers(most_count_tables(network.format_into(index), simd) + 1)),
        )
        if rng.random() < unrolled_share:
            fold = unrolled(fold, levels_per_stage=int(rng.integers(1, 5)))
        folds.append(fold)
    return Schedule(network.digest, device, with_banks(folds))


def engine_schedule(
    network: Network,
    lanes: int = 16,
    count_storage: Storage = Storage.BLOCK,
    device: str = "up5k",
    margin_port: bool = False,
) -> Schedule:
    """A network on the shared engine, whether a device has room for it or not."""
    cycles = Engine(network, lanes, device_named(device).block_ram, count_storage).cycles
    folding = EngineFolding(lanes, count_storage, cycles)
    return Schedule(network.digest, device, (), Architecture.ENGINE, margin_port, folding)


def unrolled(fold: LayerFolding, levels_per_stage: int = 1) -> LayerFolding:
    constant = Storage.CONSTANT
    return replace(
        fold,
        pe=fold.rows,
        simd=fold.columns,
        weight_storage=constant,
        bias_storage=constant,
        levels_per_stage=levels_per_stage,
        count_tables=0,
        deep_pipeline=False,
    )


def deepened(schedule: Schedule) -> Schedule:
    """The same schedule with more registers in its folded layers."""
    return replace(
        schedule, layers=tuple(replace(fold, deep_pipeline=not fold.is_unrolled) for fold in schedule.layers)
    )


def divisors(n: int) -> list[int]:
    return [d for d in range(1, n + 1) if n % d == 0]

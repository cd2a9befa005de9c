"""A random accelerator as a small record, from which the whole of it can be built again."""

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.digests import digest_of_json
from hw.accelerator.accelerator import Accelerator
from hw.components.engine.engine import Engine
from hw.components.rom import Storage
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


@dataclass(frozen=True)
class LayerRecord:
    """One layer and its folding.

    Attributes:
        rows: outputs.
        pe: rows a clock.
        simd: columns a clock.
        weight_storage: where the weights are kept.
        bias_storage: where the row constants are kept.
        levels_per_stage: of an unrolled layer, additions in a row between two registers.
        loadable: whether weights are written at run time.
        count_tables: groups of columns whose matches are read from block memory.
        deep_pipeline: of a folded layer, more registers for a faster clock.
        output: name of the outputs' format; of no meaning to the last layer, which gives scores.
    """

    rows: int
    pe: int = 1
    simd: int = 1
    weight_storage: Storage = Storage.BLOCK
    bias_storage: Storage = Storage.BLOCK
    levels_per_stage: int = 1
    loadable: bool = False
    count_tables: int = 0
    deep_pipeline: bool = False
    output: str = BIPOLAR.name


@dataclass(frozen=True)
class DesignRecord:
    """An accelerator: shape, formats and folding of a network whose constants follow from a seed.

    Attributes:
        device: name of the device that it is built for.
        seed: of weights, thresholds and offsets.
        n_inputs: values of an input vector.
        input_format: name of their format.
        layers: the last one gives the scores, a row a class.
        front: name of the format behind an input table; None where there is no table.
        spread: thresholds lie within this fraction of half their accumulator's range around its middle.
        fraction_bits: of the scores.
        margin: of 'unsorted'; 0: never.
        margin_port: whether the margin is an input.
        weight_sets: sets of weights, all of them alike.
        lanes: columns a clock of an engine; None for a pipeline.
        count_storage: of an engine, where population counts come from.
    """

    device: str
    seed: int
    n_inputs: int
    input_format: str
    layers: tuple[LayerRecord, ...]
    front: str | None = None
    spread: float = 1.0
    fraction_bits: int = 0
    margin: int = 0
    margin_port: bool = False
    weight_sets: int = 1
    lanes: int | None = None
    count_storage: Storage = Storage.BLOCK

    @property
    def columns(self) -> tuple[int, ...]:
        """Inputs of each layer."""
        return (self.n_inputs, *(layer.rows for layer in self.layers[:-1]))

    @property
    def elements(self) -> tuple[IntegerFormat, ...]:
        """Format of the inputs of each layer."""
        first = IntegerFormat.from_name(self.front or self.input_format)
        return (first, *(IntegerFormat.from_name(layer.output) for layer in self.layers[:-1]))

    @property
    def digest(self) -> str:
        """What a measured row is found by: 16 hexadecimal digits."""
        return digest_of_json(asdict(self))[:16]

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "DesignRecord":
        """Read what `to_json` wrote."""
        record: dict[str, Any] = json.loads(text)
        layers = tuple(
            LayerRecord(
                **{
                    **layer,
                    "weight_storage": Storage(layer["weight_storage"]),
                    "bias_storage": Storage(layer["bias_storage"]),
                }
            )
            for layer in record["layers"]
        )
        return cls(**{**record, "layers": layers, "count_storage": Storage(record["count_storage"])})


def accelerator_of(record: DesignRecord) -> Accelerator:
    """Build the accelerator; the same record gives the same one.

    Raises:
        BadInput: if the record describes none.
    """
    network = _network_of(record)
    if record.lanes is not None:
        return Accelerator(network, _engine_schedule(record, network, record.lanes))
    folds = [
        LayerFolding(
            layer.name,
            layer.rows,
            layer.columns,
            pe=choice.pe,
            simd=choice.simd,
            banks=1,
            weight_storage=choice.weight_storage,
            bias_storage=choice.bias_storage,
            levels_per_stage=choice.levels_per_stage,
            loadable=choice.loadable,
            count_tables=choice.count_tables,
            deep_pipeline=choice.deep_pipeline,
        )
        for layer, choice in zip(network.layers, record.layers, strict=True)
    ]
    schedule = Schedule(
        network.digest,
        record.device,
        with_banks(folds),
        margin_port=record.margin_port,
        weight_sets=record.weight_sets,
    )
    return Accelerator(network, schedule)


def _engine_schedule(record: DesignRecord, network: Network, lanes: int) -> Schedule:
    block_ram = device_named(record.device).block_ram
    engine = Engine(network, lanes, block_ram, record.count_storage, record.margin_port)
    folding = EngineFolding(lanes, record.count_storage, engine.cycles)
    return Schedule(network.digest, record.device, (), Architecture.ENGINE, record.margin_port, folding)


def _network_of(record: DesignRecord) -> Network:
    rng = np.random.default_rng(record.seed)
    input_format = IntegerFormat.from_name(record.input_format)
    shapes = zip(record.layers, record.columns, record.elements, strict=True)
    *hidden, (last, columns, _) = list(shapes)
    head = ScoreLayer(
        "scores",
        rng.random((last.rows, columns)) < 0.5,
        rng.integers(-columns, columns + 1, last.rows),
        record.fraction_bits,
    )
    return Network(
        input_format,
        tuple(_hidden_layer(rng, f"hidden{index}", record.spread, *shape) for index, shape in enumerate(hidden)),
        head,
        tuple(f"unit {unit}" for unit in range(last.rows)),
        front=_table(rng, input_format, record.elements[0]) if record.front else None,
        margin=record.margin,
    )


def _hidden_layer(
    rng: np.random.Generator, name: str, spread: float, layer: LayerRecord, columns: int, values: IntegerFormat
) -> ThresholdLayer:
    output = IntegerFormat.from_name(layer.output)
    weights, rising = rng.random((layer.rows, columns)) < 0.5, rng.random(layer.rows) < 0.5
    thresholds = _thresholds(rng, spread, weights, values, rising, output.n_values - 1)
    return ThresholdLayer(name, weights, thresholds, rising, output, output.minimum)


def _thresholds(
    rng: np.random.Generator,
    spread: float,
    weights: NDArray[np.bool_],
    values: IntegerFormat,
    rising: NDArray[np.bool_],
    steps: int,
) -> NDArray[np.int64]:
    """`[rows, steps]`, all of them legal."""
    low, high = (bound[:, None] for bound in accumulator_bounds(weights, values))
    drawn = (low + high) / 2 + spread * (high - low) / 2 * rng.uniform(-1, 1, (len(weights), steps))
    ordered = np.sort(np.rint(drawn).astype(np.int64), axis=1)
    return np.where(rising[:, None], ordered, ordered[:, ::-1])


def _table(rng: np.random.Generator, source: IntegerFormat, output: IntegerFormat) -> InputTable:
    """Rising, as a quantizer is, with steps at random."""
    codes = np.sort(rng.integers(0, output.n_values, source.n_values))
    return InputTable(source, output.minimum + output.step * codes, output)

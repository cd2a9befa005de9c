"""The schedule: every choice that turns a network into a circuit."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import pairwise
from math import gcd
from typing import Any, TypeVar, get_type_hints

from hw.components.rom import Storage
from hw.components.terms import most_count_tables
from hw.devices import device_named
from hw.errors import BadInput
from hw.network.types import Network

JSON_SCHEMA = 5
MAX_WEIGHT_SETS = 256
LANES = (8, 16, 32)
"""Columns a clock that an engine may have."""


T = TypeVar("T")


class Architecture(StrEnum):
    """What the layers are built as."""

    PIPELINE = "pipeline"  # every layer by itself, all at work at once
    ENGINE = "engine"  # one unit that runs the layers one after another


def converter_clocks(pe: int, fold: "LayerFolding") -> int:
    """Clocks a vector takes to pass from words of `pe` elements to a layer's words of SIMD elements."""
    return fold.columns // gcd(pe, fold.simd)


@dataclass(frozen=True)
class LayerFolding:
    """How one layer is folded.

    Attributes:
        name: the layer's name in the network.
        rows: outputs of the layer.
        columns: inputs of the layer.
        pe: rows computed a clock.
        simd: columns added a clock.
        banks: 2 where the next vector fills one buffer while this one plays from another, else 1.
        weight_storage: where the weights are kept.
        bias_storage: where the row constants (thresholds, offsets) are kept.
        levels_per_stage: of an unrolled layer, additions in a row between two registers.
        loadable: weights and row constants can be written at run time.
        count_tables: groups of three bipolar columns of a word whose matches are read from block memory.
        deep_pipeline: a folded layer has more registers, for a faster clock: its terms stand in some before they are
            added, and a buffer behind it lets nothing of the handshake through within a clock.
    """

    name: str
    rows: int
    columns: int
    pe: int
    simd: int
    banks: int
    weight_storage: Storage
    bias_storage: Storage
    levels_per_stage: int = 1
    loadable: bool = False
    count_tables: int = 0
    deep_pipeline: bool = False

    @property
    def is_unrolled(self) -> bool:
        """Whether the weights are constants in logic."""
        return self.weight_storage is Storage.CONSTANT

    @property
    def cycles(self) -> int:
        """Clocks that the layer works on one vector: `rows / PE * columns / SIMD`."""
        return self.row_groups * self.column_groups

    @property
    def row_groups(self) -> int:
        """Passes over the vector."""
        return self.rows // self.pe

    @property
    def column_groups(self) -> int:
        """Words of the vector."""
        return self.columns // self.simd


@dataclass(frozen=True)
class EngineFolding:
    """How the one engine that all layers share is built.

    Attributes:
        lanes: columns a clock.
        count_storage: whether population counts come from tables in block memory or from logic.
        cycles: clocks an inference.
    """

    lanes: int
    count_storage: Storage
    cycles: int


Folding = TypeVar("Folding", LayerFolding, EngineFolding)


@dataclass(frozen=True)
class Schedule:
    """Folding of every layer, for one network and one device.

    Attributes:
        network_digest: of the network that it folds.
        device: name of the device that it was made for.
        layers: folding of each layer, the score layer last; none for an engine.
        architecture: a pipeline of layers, or one engine that all of them share.
        engine: how the engine is built; None for a pipeline.
        margin_port: the margin of 'unsorted' is an input that may change between two inferences, in place of the
            network's, which is a constant.
        weight_sets: how many sets of weights there are, of which each spike chooses one.
    """

    network_digest: str
    device: str
    layers: tuple[LayerFolding, ...]
    architecture: Architecture = Architecture.PIPELINE
    margin_port: bool = False
    engine: EngineFolding | None = None
    weight_sets: int = 1

    def __post_init__(self) -> None:
        if (self.engine is not None) != (self.architecture is Architecture.ENGINE):
            raise BadInput(
                f"a schedule of architecture {self.architecture}: an engine's folding belongs to an engine"
            )

    @property
    def initiation_interval(self) -> int:
        """Clocks between two inferences at full speed: the engine's, or those of a pipeline's slowest part.

        That is a layer, a width converter, or the winner with its one score a clock (all at once from an unrolled
        layer). Where weights change, a spike takes a clock before its first word, which goes unnoticed where the
        first layer repeats its vector.
        """
        if self.engine is not None:
            return self.engine.cycles
        converters = [converter_clocks(before.pe, here) for before, here in pairwise(self.layers)]
        first, head = self.layers[0], self.layers[-1]
        begins = first.column_groups + 1 if self.weights_change and first.row_groups == 1 else 1
        return max(
            begins, 1 if head.is_unrolled else head.rows, *(layer.cycles for layer in self.layers), *converters
        )

    @property
    def weights_change(self) -> bool:
        """Whether two inferences may take different weights."""
        return self.weight_sets > 1 or any(layer.loadable for layer in self.layers)

    def weight_banks(self, fold: LayerFolding) -> int:
        """Banks of a layer's memories: one for each weight set, and a spare one where frames are loaded."""
        return self.weight_sets + fold.loadable

    @property
    def quiet_cycles(self) -> int:
        """More clocks than a spike takes from its first word to its result, if source and sink seldom pause."""
        if self.engine is not None:
            return 10_000 + 2 * self.engine.cycles
        return 10_000 + 2 * sum(layer.rows + layer.columns + layer.cycles for layer in self.layers)

    def check(self, network: Network) -> None:
        """Hold the schedule against a network.

        Raises:
            BadInput: if it was made for another network, or a fold does not divide its layer.
        """
        layers = network.layers if self.architecture is Architecture.PIPELINE else ()
        shapes = [(layer.name, *layer.weights.shape) for layer in layers]
        if self.network_digest != network.digest or shapes != [(f.name, f.rows, f.columns) for f in self.layers]:
            raise BadInput("the schedule was made for another network; make it anew from this one")
        if self.engine is not None:
            _check_engine(self.engine)
        for fold in self.layers:
            _check_fold(fold)
        self._check_count_tables(network)
        self._check_changing_weights()

    def _check_count_tables(self, network: Network) -> None:
        for index, fold in enumerate(self.layers):
            most = 0 if fold.is_unrolled else most_count_tables(network.format_into(index), fold.simd)
            check_count_tables(fold.name, fold.count_tables, most)

    def _check_changing_weights(self) -> None:
        if not 1 <= self.weight_sets <= MAX_WEIGHT_SETS:
            raise BadInput(f"{self.weight_sets} weight sets: 1 to {MAX_WEIGHT_SETS} are possible")
        if self.weights_change and self.architecture is Architecture.ENGINE:
            raise BadInput("an engine's weights are fixed; weight sets and loadable layers need a pipeline")
        for fold in self.layers:
            if fold.is_unrolled and (fold.loadable or self.weight_sets > 1):
                raise BadInput(f"layer {fold.name}: constants do not change; weight sets and loading need memories")
            in_logic = Storage.LOGIC in (fold.weight_storage, fold.bias_storage)
            if fold.loadable and in_logic and not device_named(self.device).writes_luts:
                raise BadInput(f"layer {fold.name}: {self.device} can write only block RAM at run time, not logic")

    def to_json(self) -> str:
        """Canonical JSON."""
        return json.dumps({"schema": JSON_SCHEMA, **asdict(self)}, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Schedule":
        """Read what `to_json` wrote.

        Raises:
            BadInput: if it is something else.
        """
        try:
            record = json.loads(text)
            if record["schema"] != JSON_SCHEMA:
                raise BadInput(f"schedule of schema {record['schema']}; this version reads {JSON_SCHEMA}")
            engine = record["engine"]
            return cls(
                _typed("network_digest", record["network_digest"], str),
                _typed("device", record["device"], str),
                tuple(_folding(LayerFolding, layer) for layer in _typed("layers", record["layers"], list)),
                Architecture(record["architecture"]),
                _typed("margin_port", record["margin_port"], bool),
                None if engine is None else _folding(EngineFolding, engine),
                _typed("weight_sets", record["weight_sets"], int),
            )
        except BadInput:
            raise
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise BadInput(f"not the JSON of a schedule: {error}") from error


def _check_fold(fold: LayerFolding) -> None:
    if min(fold.pe, fold.simd, fold.levels_per_stage) < 1 or fold.banks not in (1, 2):
        raise BadInput(
            f"layer {fold.name}: PE {fold.pe}, SIMD {fold.simd}, {fold.levels_per_stage} levels a stage and "
            f"{fold.banks} banks; expected at least 1 of each, and 1 or 2 banks"
        )
    if fold.rows % fold.pe or fold.columns % fold.simd:
        raise BadInput(
            f"layer {fold.name}: PE {fold.pe} x SIMD {fold.simd} does not divide its "
            f"{fold.rows} x {fold.columns} weights"
        )
    storages = {fold.weight_storage, fold.bias_storage}
    if Storage.CONSTANT in storages and (len(storages) > 1 or fold.cycles != 1):
        raise BadInput(f"layer {fold.name}: constants need PE {fold.rows}, SIMD {fold.columns} and both storages")
    if Storage.CONSTANT in storages and fold.deep_pipeline:
        raise BadInput(f"layer {fold.name}: constants have no deep pipeline; levels a stage place their registers")


def _check_engine(engine: EngineFolding) -> None:
    if engine.lanes not in LANES:
        raise BadInput(f"an engine of {engine.lanes} lanes: {', '.join(map(str, LANES))} are possible")
    if engine.count_storage is Storage.CONSTANT:
        raise BadInput("an engine's counts are kept in block memory or in logic, not as constants")


def check_count_tables(name: str, given: int, most: int) -> None:
    """Hold the count tables of a layer against the most that are possible.

    Raises:
        BadInput: if there are more.
    """
    if not 0 <= given <= most:
        raise BadInput(f"layer {name}: {given} count tables; 0 to {most} are possible")


def _folding(kind: type[Folding], record: Any) -> Folding:
    """A folding from its JSON; TypeError for a field that is missing, unknown or of another type."""
    types, given = get_type_hints(kind), _typed("folding", record, dict)
    values = {name: _typed(name, value, types[name]) for name, value in given.items() if name in types}
    return kind(**{**given, **values})


def _typed(name: str, value: Any, wanted: type[T]) -> T:
    """A value from JSON, where a bool is no int; TypeError for one of another type."""
    if issubclass(wanted, StrEnum):
        return wanted(value)
    if type(value) is not wanted:
        raise TypeError(f"{name} is {value!r}, expected {wanted.__name__}")
    return value

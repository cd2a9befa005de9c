"""What each choice for one layer takes: PE, SIMD, banks and storage, or the layer unrolled, with its figures."""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from hw.components.buffer import StreamBuffer
from hw.components.mvtu import banked, layer_unit
from hw.components.replay import VectorReplay
from hw.components.rom import MEMORIES, Storage
from hw.components.table import TableLookup
from hw.components.terms import TABLE_PATTERNS, most_count_tables
from hw.components.unrolled.layer import UnrolledLayer
from hw.devices import Device
from hw.errors import BadInput
from hw.estimate.parts.buffer import buffer_resources
from hw.estimate.parts.layer import layer_resources, operand_bits
from hw.estimate.parts.replay import replay_resources
from hw.estimate.parts.table import table_resources
from hw.estimate.resources import Resources
from hw.estimate.unrolled import unrolled_resources
from hw.network.types import InputTable, Network
from hw.schedule.timing import clocks_into_first, has_banks
from hw.schedule.types import MAX_WEIGHT_SETS, LayerFolding, check_count_tables

LUTS, FLIP_FLOPS, BLOCK_RAMS, LATENCY, INTERVAL = range(5)
"""Columns of a row of figures: three resources, two counts of clocks."""
FIGURES = 5

Figures = NDArray[np.int64]
"""Rows of figures, `[n, FIGURES]`."""

ALL_LAYERS = ("all",)
"""Stands for the names of all layers."""

_CONSTANT = (Storage.CONSTANT, Storage.CONSTANT, 0)
_TABLE_STEPS = 8  # numbers of count tables that are weighed: none, an eighth of all that are possible, and so on


@dataclass(frozen=True)
class Fixed:
    """Choices that are given.

    Attributes:
        pe: rows a clock, one for each layer; None leaves them to the search.
        simd: columns a clock, likewise.
        weight_storage: where weights are kept, likewise.
        loadable: names of the layers whose weights are written at run time, or `ALL_LAYERS`.
        weight_sets: sets of weights, of which each spike chooses one.
        count_tables: groups of columns counted by block memory, one for each layer; None leaves them to the search
            where the weights' storage is left to it, and means none where that is given.
        levels_per_stage: additions in a row between two registers of unrolled layers.
        deep_pipeline: folded layers have more registers, for a faster clock.
    """

    pe: tuple[int, ...] | None = None
    simd: tuple[int, ...] | None = None
    weight_storage: tuple[Storage, ...] | None = None
    loadable: tuple[str, ...] = ()
    weight_sets: int = 1
    count_tables: tuple[int, ...] | None = None
    levels_per_stage: int = 1
    deep_pipeline: bool = False

    @property
    def is_of_a_pipeline(self) -> bool:
        """Whether something is given that an engine does not have; where registers stand is open to either."""
        return replace(self, deep_pipeline=False) != Fixed()

    @property
    def weights_change(self) -> bool:
        """Whether two inferences may take different weights."""
        return self.weight_sets > 1 or bool(self.loadable)

    def is_loadable(self, name: str) -> bool:
        """Whether a layer's weights are written at run time."""
        return name in self.loadable or self.loadable == ALL_LAYERS

    def weight_banks(self, name: str) -> int:
        """Banks of a layer's memories: one for each weight set, and a spare one where frames are loaded."""
        return self.weight_sets + self.is_loadable(name)

    def check(self, network: Network) -> None:
        """Hold the choices against a network.

        Raises:
            BadInput: if there is not one for each layer, or a folding does not divide its layer.
        """
        layers = network.layers
        for what, given in (
            ("PE", self.pe),
            ("SIMD", self.simd),
            ("storage", self.weight_storage),
            ("count tables", self.count_tables),
        ):
            if given is not None and len(given) != len(layers):
                raise BadInput(f"{what} {_joined(given)}: one for each of the {len(layers)} layers is wanted")
        for layer, pe in zip(layers, self.pe or (), strict=False):
            _check_divides("PE", pe, layer.name, layer.rows, "rows")
        for layer, simd in zip(layers, self.simd or (), strict=False):
            _check_divides("SIMD", simd, layer.name, layer.columns, "columns")
        for index, tables in enumerate(self.count_tables or ()):
            simd = self.simd[index] if self.simd else layers[index].columns
            check_count_tables(layers[index].name, tables, most_count_tables(network.format_into(index), simd))
        self._check_weights([layer.name for layer in layers])

    def _check_weights(self, names: list[str]) -> None:
        unknown = set() if self.loadable == ALL_LAYERS else set(self.loadable) - set(names)
        if unknown:
            raise BadInput(f"loadable layer {_joined(sorted(unknown))}: the layers are {_joined(names)}, or all")
        if not 1 <= self.weight_sets <= MAX_WEIGHT_SETS:
            raise BadInput(f"{self.weight_sets} weight sets: 1 to {MAX_WEIGHT_SETS} are possible")
        for name, storage in zip(names, self.weight_storage or (), strict=False):
            if storage is Storage.CONSTANT and self.weight_banks(name) > 1:
                raise BadInput(f"layer {name}: constants do not change; weight sets and loading need memories")


@dataclass(frozen=True, eq=False)
class Shape:
    """PE, SIMD and banks of a layer, with every storage that its constants may have, and number of count tables.

    Attributes:
        fold: the folding with the first of the storages.
        storages: of weights and of row constants, and how many count tables.
        figures: of the replay and the matrix-vector unit, one row for each of `storages`.
    """

    fold: LayerFolding
    storages: tuple[tuple[Storage, Storage, int], ...]
    figures: Figures

    def folding(self, storage: int) -> LayerFolding:
        """The folding with one of the storages."""
        weights, bias, count_tables = self.storages[storage]
        return replace(self.fold, weight_storage=weights, bias_storage=bias, count_tables=count_tables)


def shapes_of(network: Network, index: int, device: Device, fixed: Fixed) -> tuple[Shape, ...]:
    """Every shape of a layer; the first one's with the table in front of it, where the network has one.

    Args:
        network: whose layer it is.
        index: of the layer.
        device: for which it is priced.
        fixed: choices that are given.
    """
    shapes = [*_folded(network, index, device, fixed), *_unrolled(network, index, device, fixed)]
    if index == 0 and network.front is not None:
        shapes = [_behind_table(shape, network.front, device) for shape in shapes]
    return tuple(shapes)


def _folded(network: Network, index: int, device: Device, fixed: Fixed) -> Iterator[Shape]:
    layer, element = network.layers[index], network.format_into(index)
    loadable = fixed.is_loadable(layer.name)
    memories = MEMORIES if device.writes_luts or not loadable else (Storage.BLOCK,)
    weights = (fixed.weight_storage[index],) if fixed.weight_storage else memories
    if Storage.CONSTANT in weights:
        return
    banks_of_weights = fixed.weight_banks(layer.name)
    layer_as_unit = layer_unit(layer, element)
    if banks_of_weights > 1:
        # Other weights than these, or logic would seem to need a single copy.
        other = layer_unit(replace(layer, weights=~layer.weights), element)
        layer_as_unit = banked([layer_as_unit, *[other] * (banks_of_weights - 1)], loadable)
    pes = (fixed.pe[index],) if fixed.pe else _divisors(layer.rows)
    simds = (fixed.simd[index],) if fixed.simd else _divisors(layer.columns)
    for pe, simd in product(pes, simds):
        words = banks_of_weights * layer.rows // pe * (layer.columns // simd)
        tables = _count_tables(fixed, index, most_count_tables(element, simd), words, device)
        storages = tuple((w, b, n) for w, b, n in product(weights, memories, tables) if _is_weighed(w, n, fixed))
        if not storages:
            continue
        units = [layer_as_unit.folded(pe, simd, *storage, fixed.deep_pipeline) for storage in storages]
        buffer = StreamBuffer(units[0].output_format.bits) if fixed.deep_pipeline else None
        behind = buffer_resources(buffer, device) if buffer else Resources()
        own = [layer_resources(unit, device) + behind for unit in units]
        size = layer.name, layer.rows, layer.columns
        terms = fixed.deep_pipeline
        one_bank = LayerFolding(*size, pe, simd, 1, *storages[0][:2], loadable=loadable, deep_pipeline=terms)
        begins = index == 0 and fixed.weights_change and one_bank.row_groups == 1
        for banks in (1, 2) if index > 0 and has_banks(one_bank) else (1,):
            fold = replace(one_bank, banks=banks)
            replay = VectorReplay(element.bits * simd, fold.column_groups, fold.row_groups, banks)
            taken = [
                each + replay_resources(replay, device, operand_bits(unit))
                for each, unit in zip(own, units, strict=True)
            ]
            latency = units[0].latency_clocks + (clocks_into_first(fold) if index == 0 else 0)
            clocks = (latency + (buffer.latency_clocks if buffer else 0), fold.cycles + begins)
            yield Shape(fold, storages, np.array([(*astuple(each), *clocks) for each in taken], np.int64))


def _unrolled(network: Network, index: int, device: Device, fixed: Fixed) -> Iterator[Shape]:
    """The layer with its weights as constants, if that is open; not planned where it alone fills the device."""
    layer = network.layers[index]
    given = (
        (fixed.pe, layer.rows),
        (fixed.simd, layer.columns),
        (fixed.weight_storage, Storage.CONSTANT),
        (fixed.count_tables, 0),
    )
    if fixed.weight_banks(layer.name) > 1:
        return
    if any(choices is not None and choices[index] != wanted for choices, wanted in given):
        return
    unit = UnrolledLayer(layer, network.format_into(index), device.lut_inputs, fixed.levels_per_stage)
    resources = unrolled_resources(unit, device)
    if resources.luts > device.luts and not fixed.weight_storage:
        return
    fold = LayerFolding(
        *(layer.name, layer.rows, layer.columns, layer.rows, layer.columns, 1),
        *_CONSTANT[:2],
        levels_per_stage=fixed.levels_per_stage,
    )
    yield Shape(fold, (_CONSTANT,), np.array([(*astuple(resources), unit.latency_clocks, fold.cycles)], np.int64))


def _behind_table(shape: Shape, table: InputTable, device: Device) -> Shape:
    """The first layer's shape with the table in front of it."""
    lookup = TableLookup(table, shape.fold.simd)
    added = np.array([*astuple(table_resources(lookup, device)), lookup.latency_clocks, 0])
    return replace(shape, figures=shape.figures + added)


def _count_tables(fixed: Fixed, index: int, most: int, words: int, device: Device) -> tuple[int, ...]:
    """Numbers of count tables to choose from; none where one would be deeper than a block memory at its widest."""
    if fixed.count_tables is not None:
        return (fixed.count_tables[index],) if fixed.count_tables[index] <= most else ()
    widest, _ = max(device.block_ram.shapes, key=lambda shape: shape[1])
    if fixed.weight_storage or words * TABLE_PATTERNS > widest:
        return (0,)
    return tuple(sorted({most * step // _TABLE_STEPS for step in range(_TABLE_STEPS + 1)}))


def _is_weighed(weights: Storage, count_tables: int, fixed: Fixed) -> bool:
    """Count tables are weighed beside weights in logic: of two uses of block memory, they spare more."""
    return count_tables == 0 or weights is Storage.LOGIC or fixed.count_tables is not None


def _divisors(n: int) -> list[int]:
    return [d for d in range(1, n + 1) if n % d == 0]


def _check_divides(what: str, value: int, name: str, size: int, of: str) -> None:
    if value < 1 or size % value:
        raise BadInput(f"layer {name}: {what} {value} does not divide its {size} {of}")


def _joined(values: Sequence[object]) -> str:
    return ",".join(map(str, values))

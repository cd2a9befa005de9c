"""Every folding of a network, priced: what each choice for a layer takes, and what each pair of neighbours adds.

A whole folding's figures are sums over its layers and over its pairs of neighbours (the initiation interval is their
greatest), so that the tables here price any of the many with a few additions.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from itertools import product
from math import prod

import numpy as np
from numpy.typing import NDArray

from hw.components.argmax import ArgMax
from hw.components.mvtu import LayerUnit, layer_unit
from hw.components.replay import VectorReplay
from hw.components.rom import MEMORIES, Storage
from hw.components.table import TableLookup
from hw.components.width import WidthConverter
from hw.devices import Device
from hw.errors import BadInput
from hw.estimate.resources import (
    argmax_resources,
    converter_resources,
    layer_resources,
    replay_resources,
    table_resources,
)
from hw.network.types import InputTable, Network
from hw.schedule.timing import (
    SCORE_LANES,
    clocks_between,
    clocks_into_first,
    clocks_to_last_score,
    has_banks,
    is_ahead,
    waits,
)
from hw.schedule.types import LayerFolding, converter_clocks

LUTS, FLIP_FLOPS, BLOCK_RAMS, LATENCY, INTERVAL = range(5)
"""Columns of a row of figures: three resources, two counts of clocks."""
FIGURES = 5

Figures = NDArray[np.int64]
"""Rows of figures, `[n, FIGURES]`."""


@dataclass(frozen=True)
class Fixed:
    """Choices that are given, one for each layer; None leaves them to the search."""

    pe: tuple[int, ...] | None = None
    simd: tuple[int, ...] | None = None
    weight_storage: tuple[Storage, ...] | None = None

    def check(self, network: Network) -> None:
        """Hold the choices against a network.

        Raises:
            BadInput: if there is not one for each layer, or a folding does not divide its layer.
        """
        layers = network.layers
        for what, given in (("PE", self.pe), ("SIMD", self.simd), ("storage", self.weight_storage)):
            if given is not None and len(given) != len(layers):
                raise BadInput(f"{what} {_joined(given)}: one for each of the {len(layers)} layers is wanted")
        for layer, pe in zip(layers, self.pe or (), strict=False):
            _check_divides("PE", pe, layer.name, layer.rows, "rows")
        for layer, simd in zip(layers, self.simd or (), strict=False):
            _check_divides("SIMD", simd, layer.name, layer.columns, "columns")


@dataclass(frozen=True, eq=False)
class Shape:
    """PE, SIMD and banks of a layer, with every storage that its constants may have.

    Attributes:
        fold: the folding with the first of the storages.
        storages: of weights and of row constants.
        figures: of the replay and the matrix-vector unit, one row for each of `storages`.
    """

    fold: LayerFolding
    storages: tuple[tuple[Storage, Storage], ...]
    figures: Figures

    def folding(self, storage: int) -> LayerFolding:
        """The folding with one of the storages."""
        weights, bias = self.storages[storage]
        return replace(self.fold, weight_storage=weights, bias_storage=bias)


@dataclass(frozen=True, eq=False)
class Space:
    """Every folding of a network on a device.

    Attributes:
        shapes: for each layer.
        links: for each pair of neighbouring layers, what the pair adds: `[shapes before, shapes here, FIGURES]`.
        possible: for each pair, which shapes may follow each other without a layer that waits: bool, as `links`.
        ends: what the last layer's shapes add for the winner behind them: `[shapes, FIGURES]`.
        n_foldings: how many there are, counted over PE, SIMD and storages; banks follow from these.
    """

    shapes: tuple[tuple[Shape, ...], ...]
    links: tuple[NDArray[np.int64], ...]
    possible: tuple[NDArray[np.bool_], ...]
    ends: Figures
    n_foldings: int


def space_of(network: Network, device: Device, fixed: Fixed = Fixed(), margin_port: bool = False) -> Space:
    """Price every folding: all divisors of each layer's rows (PE) and columns (SIMD), all storages of its constants.

    Args:
        network: what to fold.
        device: for which it is priced.
        fixed: choices that are given.
        margin_port: whether the margin of 'unsorted' is an input of the circuit.

    Raises:
        BadInput: if what is fixed does not fit the network.
    """
    fixed.check(network)
    units = [layer_unit(layer, network.format_into(i)) for i, layer in enumerate(network.layers)]
    shapes = [tuple(_shapes(unit, index, device, fixed)) for index, unit in enumerate(units)]
    n_foldings = prod(len({(s.fold.pe, s.fold.simd) for s in layer}) * len(layer[0].storages) for layer in shapes)
    if len(shapes) > 1:
        shapes[-1] = tuple(s for s in shapes[-1] if s.fold.banks == 2 or not waits(s.fold, SCORE_LANES))
    if network.front is not None:
        shapes[0] = tuple(_behind_table(shape, network.front, device) for shape in shapes[0])
    argmax = ArgMax(network.head.rows, units[-1].output_format.element, network.margin, margin_port)
    bits = [unit.element.bits for unit in units]
    pairs = list(zip(shapes[:-1], shapes[1:], bits[1:], strict=True))
    return Space(
        shapes=tuple(shapes),
        links=tuple(_links(*pair) for pair in pairs),
        possible=tuple(_possible(before, here, k == 0) for k, (before, here, _) in enumerate(pairs)),
        ends=_ends(shapes[-1], argmax),
        n_foldings=n_foldings,
    )


def _shapes(unit: LayerUnit, index: int, device: Device, fixed: Fixed) -> list[Shape]:
    rows, columns = unit.weights.shape
    pes = (fixed.pe[index],) if fixed.pe else _divisors(rows)
    simds = (fixed.simd[index],) if fixed.simd else _divisors(columns)
    weights = (fixed.weight_storage[index],) if fixed.weight_storage else MEMORIES
    storages = tuple(product(weights, MEMORIES))
    found = []
    for pe, simd in product(pes, simds):
        matvecs = [layer_resources(unit.folded(pe, simd, *storage), device) for storage in storages]
        for banks in (1,) if index == 0 or pe == rows or simd == columns else (1, 2):
            fold = LayerFolding(unit.name, rows, columns, pe, simd, banks, *storages[0])
            replay = VectorReplay(unit.element.bits * simd, fold.column_groups, fold.row_groups, banks)
            shared = replay_resources(replay, device)
            clocks = (unit.latency_clocks + (clocks_into_first(fold) if index == 0 else 0), fold.cycles)
            figures = np.array([(*astuple(shared + matvec), *clocks) for matvec in matvecs], np.int64)
            found.append(Shape(fold, storages, figures))
    return found


def _behind_table(shape: Shape, table: InputTable, device: Device) -> Shape:
    """The first layer's shape with the table in front of it."""
    lookup = TableLookup(table, shape.fold.simd)
    added = np.array([*astuple(table_resources(lookup, device)), lookup.latency_clocks, 0])
    return replace(shape, figures=shape.figures + added)


def _links(before: Sequence[Shape], here: Sequence[Shape], bits: int) -> NDArray[np.int64]:
    links = np.zeros((len(before), len(here), FIGURES), np.int64)
    lanes = product({shape.fold.pe for shape in before}, {shape.fold.simd for shape in here})
    converters = {(pe, simd): astuple(converter_resources(WidthConverter(bits, pe, simd))) for pe, simd in lanes}
    for b, previous in enumerate(before):
        for h, shape in enumerate(here):
            one, other = previous.fold, shape.fold
            links[b, h, :LATENCY] = converters[one.pe, other.simd]
            links[b, h, LATENCY:] = clocks_between(one, other), converter_clocks(one.pe, other)
    return links


def _possible(before: Sequence[Shape], here: Sequence[Shape], is_first: bool) -> NDArray[np.bool_]:
    """Which shapes may follow each other: a single bank is enough for both, or they have two."""
    return np.array(
        [
            [
                (shape.fold.banks == 2 or not has_banks(shape.fold) or is_ahead(previous.fold, shape.fold))
                and (is_first or previous.fold.banks == 2 or not waits(previous.fold, shape.fold.simd))
                for shape in here
            ]
            for previous in before
        ]
    )


def _ends(head: Sequence[Shape], argmax: ArgMax) -> Figures:
    winner = argmax_resources(argmax)
    ends = []
    for shape in head:
        clocks = (clocks_to_last_score(shape.fold) + argmax.latency_clocks, shape.fold.rows)
        narrow = converter_resources(WidthConverter(argmax.score.bits, shape.fold.pe, SCORE_LANES))
        ends.append((*astuple(winner + narrow), *clocks))
    return np.array(ends, np.int64)


def _divisors(n: int) -> list[int]:
    return [d for d in range(1, n + 1) if n % d == 0]


def _check_divides(what: str, value: int, name: str, size: int, of: str) -> None:
    if value < 1 or size % value:
        raise BadInput(f"layer {name}: {what} {value} does not divide its {size} {of}")


def _joined(values: Sequence[object]) -> str:
    return ",".join(map(str, values))

"""Every folding of a network, priced: what each choice for a layer takes, and what each pair of neighbours adds.

A whole folding's figures are sums over its layers and over its pairs of neighbours (the initiation interval is their
greatest), so that the tables here price any of the many with a few additions.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from itertools import product
from math import prod

import numpy as np
from numpy.typing import NDArray

from hw.components.argmax import ArgMax
from hw.components.mvtu import layer_unit
from hw.components.unrolled.argmax import ParallelArgMax
from hw.components.unrolled.layer import UnrolledLayer
from hw.components.width import WidthConverter
from hw.devices import Device
from hw.estimate.parts.argmax import argmax_resources
from hw.estimate.parts.converter import converter_resources
from hw.estimate.unrolled import parallel_argmax_resources
from hw.network.types import Network
from hw.schedule.shapes import FIGURES, INTERVAL, LATENCY, Figures, Fixed, Shape, shapes_of
from hw.schedule.timing import clocks_between, clocks_to_last_score, has_banks, is_ahead, score_lanes, waits
from hw.schedule.types import converter_clocks


@dataclass(frozen=True, eq=False)
class Space:
    """Every folding of a network on a device.

    Attributes:
        shapes: for each layer.
        links: for each pair of neighbouring layers, what the pair adds: `[shapes before, shapes here, FIGURES]`.
        possible: for each pair, which shapes may follow each other without a layer that waits: bool, as `links`.
        ends: what the last layer's shapes add for the winner behind them: `[shapes, FIGURES]`.
        weight_sets: sets of weights, of which each spike chooses one.
        n_foldings: how many there are, counted over PE, SIMD and storages; banks follow from these.
    """

    shapes: tuple[tuple[Shape, ...], ...]
    links: tuple[NDArray[np.int64], ...]
    possible: tuple[NDArray[np.bool_], ...]
    ends: Figures
    weight_sets: int
    n_foldings: int

    @property
    def intervals(self) -> NDArray[np.int64]:
        """Every initiation interval that a part can have, in no order."""
        of_shapes = [shape.figures[:, INTERVAL] for layer in self.shapes for shape in layer]
        return np.concatenate(
            [*of_shapes, *(link[..., INTERVAL].ravel() for link in self.links), self.ends[:, INTERVAL]]
        )


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
    n_layers = len(network.layers)
    shapes = [shapes_of(network, index, device, fixed) for index in range(n_layers)]
    choices = [{(s.fold.pe, s.fold.simd, s.storages) for s in layer} for layer in shapes]
    n_foldings = prod(sum(len(storages) for _, _, storages in layer) for layer in choices)
    if n_layers > 1:
        shapes[-1] = tuple(s for s in shapes[-1] if s.fold.banks == 2 or not waits(s.fold, score_lanes(s.fold)))
    bits = [network.format_into(index).bits for index in range(1, n_layers)]
    pairs = list(zip(shapes[:-1], shapes[1:], bits, strict=True))
    return Space(
        shapes=tuple(shapes),
        links=tuple(_links(*pair, device) for pair in pairs),
        possible=tuple(_possible(before, here, k == 0) for k, (before, here, _) in enumerate(pairs)),
        ends=_ends(shapes[-1], network, device, margin_port),
        weight_sets=fixed.weight_sets,
        n_foldings=n_foldings,
    )


def _links(before: Sequence[Shape], here: Sequence[Shape], bits: int, device: Device) -> NDArray[np.int64]:
    links = np.zeros((len(before), len(here), FIGURES), np.int64)
    lanes = product({shape.fold.pe for shape in before}, {shape.fold.simd for shape in here})
    converters = {
        (pe, simd): astuple(converter_resources(WidthConverter(bits, pe, simd), device)) for pe, simd in lanes
    }
    for b, previous in enumerate(before):
        for h, shape in enumerate(here):
            one, other = previous.fold, shape.fold
            links[b, h, :LATENCY] = converters[one.pe, other.simd]
            links[b, h, LATENCY:] = clocks_between(one, other), converter_clocks(one.pe, other)
    return links


def _possible(before: Sequence[Shape], here: Sequence[Shape], is_first: bool) -> NDArray[np.bool_]:
    """Which shapes may follow each other: a single bank is enough for both, or they have two."""
    follows = [
        [
            (shape.fold.banks == 2 or not has_banks(shape.fold) or is_ahead(previous.fold, shape.fold))
            and (is_first or previous.fold.banks == 2 or not waits(previous.fold, shape.fold.simd))
            for shape in here
        ]
        for previous in before
    ]
    return np.array(follows, np.bool_).reshape(len(before), len(here))


def _ends(head: Sequence[Shape], network: Network, device: Device, margin_port: bool) -> Figures:
    """What stands behind the score layer's shapes: the winner, and the converter that gives it its scores."""
    element = network.format_into(len(network.hidden))
    score = layer_unit(network.head, element).output_format.element
    winner = ArgMax(network.head.rows, score, network.margin, margin_port)
    ends = []
    for shape in head:
        if shape.fold.is_unrolled:
            ends.append(_end_of_unrolled(network, device, margin_port))
            continue
        resources = argmax_resources(winner, device)
        resources += converter_resources(WidthConverter(score.bits, shape.fold.pe, score_lanes(shape.fold)), device)
        clocks = (clocks_to_last_score(shape.fold) + winner.latency_clocks, network.head.rows)
        ends.append((*astuple(resources), *clocks))
    return np.array(ends, np.int64).reshape(len(ends), FIGURES)


def _end_of_unrolled(network: Network, device: Device, margin_port: bool) -> tuple[int, ...]:
    """All scores come at once and are compared at once."""
    head = UnrolledLayer(network.head, network.format_into(len(network.hidden)), device.lut_inputs)
    winner = ParallelArgMax(network.head.rows, head.output_format.element, network.margin, margin_port)
    return (*astuple(parallel_argmax_resources(winner, device)), winner.latency_clocks, 1)

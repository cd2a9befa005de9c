"""The carry cells of a whole accelerator, part by part, from the chains that its specs have.

Nothing is fitted: what adds, counts or compares is known, and so is what Yosys makes of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hw.accelerator.accelerator import Accelerator
from hw.components.argmax import ArgMax
from hw.components.engine.engine import Engine
from hw.components.mvtu import LayerUnit
from hw.components.unrolled.argmax import ParallelArgMax
from hw.components.unrolled.layer import UnrolledLayer
from hw.devices import Device
from hw.estimate.chains import Chain, cells_of
from hw.estimate.engine import engine_chains
from hw.estimate.parts.argmax import argmax_chains
from hw.estimate.parts.converter import converter_chains
from hw.estimate.parts.layer import layer_chains
from hw.estimate.parts.replay import replay_chains
from hw.estimate.unrolled import parallel_argmax_chains, unrolled_chains
from hw.estimate.weights import changing_weights_chains


@dataclass(frozen=True)
class CarryCells:
    """Carry cells, in the device's unit.

    Attributes:
        layers: for each layer, by name, its converter, replay, unit and buffer together; or "engine" alone.
        winner: the last converter and the argmax.
        weights: what lets weights change, without the memories; 0 where they do not.
    """

    layers: Mapping[str, int]
    winner: int
    weights: int

    @property
    def total(self) -> int:
        """Everything together; a table in front of the first layer adds nothing."""
        return sum(self.layers.values()) + self.winner + self.weights


def carry_cells(accelerator: Accelerator, device: Device) -> CarryCells:
    """Estimate the carry cells of an accelerator on a device."""
    design = accelerator.design
    if isinstance(design, Engine):
        return CarryCells(
            {"engine": _cells(device, engine_chains(design))}, _cells(device, _winner_chains(design.argmax)), 0
        )
    layers = {
        unit.name: _cells(device, _unit_chains(unit), converter_chains(converter), replay_chains(replay))
        for unit, converter, replay in zip(design.units, design.converters, design.replays, strict=True)
    }
    winner = _cells(device, converter_chains(design.score_converter), _winner_chains(design.argmax))
    weights = _cells(device, changing_weights_chains(design.weights)) if design.weights else 0
    return CarryCells(layers, winner, weights)


def _cells(device: Device, *parts: Iterable[Chain]) -> int:
    return round(sum(cells_of(part, device) for part in parts))


def _unit_chains(unit: LayerUnit | UnrolledLayer) -> list[Chain]:
    return unrolled_chains(unit) if isinstance(unit, UnrolledLayer) else layer_chains(unit)


def _winner_chains(argmax: ArgMax | ParallelArgMax) -> list[Chain]:
    return parallel_argmax_chains(argmax) if isinstance(argmax, ParallelArgMax) else argmax_chains(argmax)

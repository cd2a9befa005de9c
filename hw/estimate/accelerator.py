"""The analytic figures of a whole accelerator, part by part."""

from collections.abc import Mapping
from dataclasses import dataclass

from hw.accelerator.accelerator import Accelerator
from hw.components.argmax import ArgMax
from hw.components.engine.engine import Engine
from hw.components.mvtu import LayerUnit
from hw.components.unrolled.argmax import ParallelArgMax
from hw.components.unrolled.layer import UnrolledLayer
from hw.devices import Device
from hw.estimate.engine import engine_resources
from hw.estimate.parts.argmax import argmax_resources
from hw.estimate.parts.buffer import buffer_resources
from hw.estimate.parts.converter import converter_resources
from hw.estimate.parts.layer import layer_resources, operand_bits
from hw.estimate.parts.replay import replay_resources
from hw.estimate.parts.table import table_resources
from hw.estimate.resources import Resources, total
from hw.estimate.unrolled import parallel_argmax_resources, unrolled_resources
from hw.estimate.weights import changing_weights_resources


@dataclass(frozen=True)
class Estimate:
    """Analytic resources.

    Attributes:
        layers: for each layer, by name, its converter, replay, unit and buffer together; or "engine" alone.
        winner: the last converter and the argmax.
        front: the table before the first layer; nothing where there is none.
        weights: what lets weights change, without the memories; nothing where they do not.
    """

    layers: Mapping[str, Resources]
    winner: Resources
    front: Resources
    weights: Resources

    @property
    def total(self) -> Resources:
        """Everything together."""
        return total([self.front, self.weights, *self.layers.values(), self.winner])


def estimate(accelerator: Accelerator, device: Device) -> Estimate:
    """Estimate an accelerator on a device."""
    design = accelerator.design
    if isinstance(design, Engine):
        engine = engine_resources(design, device)
        return Estimate({"engine": engine}, _winner_resources(design.argmax, device), Resources(), Resources())
    layers = {
        unit.name: _unit_resources(unit, device)
        + converter_resources(converter, device)
        + replay_resources(replay, device, 0 if isinstance(unit, UnrolledLayer) else operand_bits(unit))
        + (Resources() if buffer is None else buffer_resources(buffer, device))
        for unit, converter, replay, buffer in zip(
            design.units, design.converters, design.replays, design.buffers, strict=True
        )
    }
    winner = converter_resources(design.score_converter, device) + _winner_resources(design.argmax, device)
    front = table_resources(design.front, device) if design.front else Resources()
    weights = changing_weights_resources(design.weights, device) if design.weights else Resources()
    return Estimate(layers, winner, front, weights)


def _unit_resources(unit: LayerUnit | UnrolledLayer, device: Device) -> Resources:
    return unrolled_resources(unit, device) if isinstance(unit, UnrolledLayer) else layer_resources(unit, device)


def _winner_resources(argmax: ArgMax | ParallelArgMax, device: Device) -> Resources:
    if isinstance(argmax, ParallelArgMax):
        return parallel_argmax_resources(argmax, device)
    return argmax_resources(argmax, device)

"""The network as a strip of boxes, input to class: where each part stands in the drawing."""

from collections.abc import Sequence
from dataclasses import dataclass

from flows.report.figures import number
from flows.report.model import Layer, Network

BOX_WIDTH, BOX_HEIGHT, GAP = 168, 112, 44


@dataclass(frozen=True)
class Box:
    """One box of the strip, `x` in drawing units from the left edge."""

    x: int
    title: str
    lines: tuple[str, ...]
    load: float
    """Clocks relative to the slowest layer, 0 to 1; drawn as a bar."""


@dataclass(frozen=True)
class Strip:
    """The whole drawing."""

    boxes: tuple[Box, ...]
    width: int
    height: int = BOX_HEIGHT


def dataflow(network: Network) -> Strip:
    """Input, layers with their folding, and argmax, from left to right."""
    slowest = max((layer.cycles for layer in network.layers), default=0)
    parts: list[tuple[str, tuple[str, ...], float]] = [
        ("input", _input_lines(network.layers, network.input_format), 0.0),
        *((layer.name, _layer_lines(layer), layer.cycles / slowest if slowest else 0.0) for layer in network.layers),
        ("argmax", (f"{len(network.units)} units", "lowest index first"), 0.0),
    ]
    boxes = tuple(
        Box(index * (BOX_WIDTH + GAP), title, lines, load) for index, (title, lines, load) in enumerate(parts)
    )
    return Strip(boxes, width=len(boxes) * (BOX_WIDTH + GAP) - GAP)


def _input_lines(layers: Sequence[Layer], input_format: str) -> tuple[str, ...]:
    return (*(f"{number(layer.columns)} samples" for layer in layers[:1]), input_format)


def _layer_lines(layer: Layer) -> tuple[str, ...]:
    return (
        f"{number(layer.columns)} → {number(layer.rows)}",
        f"PE {layer.pe} · SIMD {layer.simd}",
        f"{number(layer.cycles)} clocks",
    )

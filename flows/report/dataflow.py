"""The network as a strip of boxes, input to class: where each part stands in the drawing."""

from collections.abc import Sequence
from dataclasses import dataclass

from flows.report.figures import number
from flows.report.model import Layer, Network

BOX_WIDTH, BOX_HEIGHT, GAP = 168, 130, 72


@dataclass(frozen=True)
class Box:
    """One box of the strip, `x` in drawing units from the left edge."""

    x: int
    title: str
    lines: tuple[str, ...]
    load: float
    """Clocks relative to the slowest layer, 0 to 1; drawn as a bar."""
    arrow: str = ""
    """What stands over the arrow that leads to it."""


@dataclass(frozen=True)
class Strip:
    """The whole drawing."""

    boxes: tuple[Box, ...]
    width: int
    height: int = BOX_HEIGHT


def dataflow(network: Network) -> Strip:
    """Input, layers with their folding, and argmax, from left to right."""
    slowest = max((layer.cycles for layer in network.layers), default=0)
    parts: list[tuple[str, tuple[str, ...], float, str]] = [
        ("input", _input_lines(network.layers, network.input_format), 0.0, ""),
        *(
            (layer.name, _layer_lines(layer), layer.cycles / slowest if slowest else 0.0, _word(layer))
            for layer in network.layers
        ),
        ("argmax", (f"{len(network.units)} units", "lowest index first"), 0.0, "scores"),
    ]
    boxes = tuple(Box(index * (BOX_WIDTH + GAP), *part) for index, part in enumerate(parts))
    return Strip(boxes, width=len(boxes) * (BOX_WIDTH + GAP) - GAP)


def _input_lines(layers: Sequence[Layer], input_format: str) -> tuple[str, ...]:
    return (*(f"{number(layer.columns)} inputs" for layer in layers[:1]), input_format)


def _layer_lines(layer: Layer) -> tuple[str, ...]:
    return (
        f"{number(layer.columns)} → {number(layer.rows)}",
        f"PE {layer.pe} · SIMD {layer.simd}",
        *(() if not layer.buffer_words else (_buffer(layer.buffer_words),)),
        f"{number(layer.cycles)} clocks",
    )


def _buffer(words: int) -> str:
    return "buffer of 1 word" if words == 1 else f"buffer of {number(words)} words"


def _word(layer: Layer) -> str:
    return "" if layer.word_bits is None else f"{number(layer.word_bits)} bits"

"""A critical path in the design's own terms: part, component, and the delays of logic and wires in each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from hw.tools.nextpnr import CriticalPath


@dataclass(frozen=True)
class Stretch:
    """Neighbouring cells of a way that belong to one thing.

    Attributes:
        part: of the design, such as `layer 2 (hidden1)`.
        what: it is there, such as `adder tree`.
        logic_ns: delay in its cells.
        routing_ns: delay of the wires that lead to them.
    """

    part: str
    what: str
    logic_ns: float
    routing_ns: float


# Names of submodules and signals, as the circuits give them, without numbers at their end.
_COMPONENTS = {
    "weights": "weight memory",
    "bias": "memory of row constants",
    "counts": "count tables",
    "levels": "memory of thresholds",
    "operand": "operands",
    **dict.fromkeys(("differ", "odd", "many", "matches", "term"), "terms"),
    **dict.fromkeys(("sum", "chain", "partial", "carry"), "adder tree"),
    **dict.fromkeys(("start", "upper", "total", "kept", "constant"), "running total"),
    **dict.fromkeys(("passed", "output", "word"), "threshold comparison"),
    **dict.fromkeys(("lag", "wins", "close", "index", "unit"), "comparison of scores"),
    **dict.fromkeys(("position", "column", "group", "first", "last", "step", "bank"), "control"),
    "$signature__addr": "memory address",
    "$signature__data": "memory",
}
_HANDSHAKE = ("o__valid", "o__ready", "i__valid", "i__ready", "valid", "enable", "full", "waits")
_OF_ACCELERATOR = {
    "width": "width converter before layer {}",
    "replay": "vector replay before layer {}",
    "buffer": "buffer behind layer {}",
}
_WHOLE = {
    "scores": "converter of scores",
    "argmax": "winner",
    "front": "input table",
    "in_flight": "weights in flight",
    "loader": "weight loader",
}
_OF_CHIP = {
    "decoder": "SLIP decoder",
    "receiver": "frame store",
    "commands": "commands",
    "sender": "frame sender",
    "encoder": "SLIP encoder",
    "window": "window",
}
_TRANSPORTS = {"receiver": "UART", "transmitter": "UART", "spi": "SPI", "reset": "reset"}
# What synthesis and nextpnr add to the name of a net: cell, pin and number.
_ADDED = re.compile(r"(_(SB_|TRELLIS_|LUT4|CCU2C|DP16KD|PFUMX|L6MUX|LC\b|RAM\b|DFFLC\b)\w*|(?<=.)\$\w*)+$")
_TOOLS_OWN = "$nextpnr_"  # cells that nextpnr adds, such as one that feeds a carry


def stretches(path: CriticalPath, layers: Sequence[str]) -> tuple[Stretch, ...]:
    """A way, cells of one thing together; what the tool has added of its own counts to what stands before it.

    Args:
        path: of a design with an accelerator in it.
        layers: names of the accelerator's layers.
    """
    named: list[Stretch] = []
    for step in path.steps:
        if named and step.cell.startswith(_TOOLS_OWN):
            part, what = named[-1].part, named[-1].what
        else:
            part, what = _place(step.cell, layers)
        named.append(Stretch(part, what, step.logic_ns, step.routing_ns))
    return tuple(
        replace(
            (same := list(group))[0],
            logic_ns=sum(stretch.logic_ns for stretch in same),
            routing_ns=sum(stretch.routing_ns for stretch in same),
        )
        for _, group in groupby(named, lambda stretch: (stretch.part, stretch.what))
    )


def in_words(way: Sequence[Stretch]) -> str:
    """Such as `layer 2 (hidden1): weight memory, adder tree; winner: handshake`."""
    parts = [
        f"{part}: {', '.join(dict.fromkeys(stretch.what for stretch in group))}"
        for part, group in groupby(way, lambda stretch: stretch.part)
    ]
    return "; ".join(parts)


def _place(cell: str, layers: Sequence[str]) -> tuple[str, str]:
    """Part of the design and component that a cell belongs to, by its name."""
    names = cell.split(".")
    if "accelerator" in names[:-1]:
        return _place_in_accelerator(names[names.index("accelerator") + 1 :], layers)
    if names[0] == "link" and len(names) > 1:
        return "host link", _OF_CHIP.get(names[1], _plain(names[1]))
    return _TRANSPORTS.get(names[0], "top level"), _signal(names[-1])


def _place_in_accelerator(names: Sequence[str], layers: Sequence[str]) -> tuple[str, str]:
    kind, number = _numbered(names[0])
    if kind in _WHOLE:
        return _WHOLE[kind], _signal(names[-1])
    if number is None or number >= len(layers):
        return "accelerator", " ".join(_signal(name) for name in names[:2])
    layer = f"{number + 1} ({layers[number]})"
    if kind in _OF_ACCELERATOR:
        return _OF_ACCELERATOR[kind].format(layer), _signal(names[-1])
    if kind != "layer":
        return "accelerator", _signal(names[-1])
    inner = [name for name in names[1:] if name not in ("products", "thresholds")]
    return f"layer {layer}", _signal(inner[0]) if inner else "control"


def _signal(name: str) -> str:
    plain = _plain(name)
    kind, _ = _numbered(plain)
    if plain in _HANDSHAKE or kind in _HANDSHAKE:
        return "handshake"
    return _COMPONENTS.get(kind) or _COMPONENTS.get(plain) or plain.removeprefix("$").replace("_", " ").strip()


def _plain(name: str) -> str:
    return _ADDED.sub("", name) or name


def _numbered(name: str) -> tuple[str, int | None]:
    """A name without the number at its end, and the number."""
    found = re.fullmatch(r"(.*?)(\d+)", name)
    return (found[1], int(found[2])) if found else (name, None)

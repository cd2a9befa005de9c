"""Statements of an .xdc file (Xilinx 7 series): those of its Tcl that give pins and clocks."""

import re
from collections.abc import Iterator

from hw.boards.constraints import Constraints, positive
from hw.errors import BadInput

_WORD = re.compile(r'\[[^\[\]]*\]|\{[^{}]*\}|"[^"]*"|[^\s\[\]{}"]+')
_PORTS = re.compile(r"\[\s*get_ports\s+(?:\{([^{}]*)\}|([^\s{}\[\]]+))\s*\]")
# They say nothing of one pin or clock; the vendor's tool judges them.
_OTHERS = (
    "set_clock_groups",
    "set_false_path",
    "set_input_delay",
    "set_max_delay",
    "set_multicycle_path",
    "set_output_delay",
)


def split(text: str) -> Iterator[tuple[int, str]]:
    """Line number and statement of each line that has one."""
    for number, line in enumerate(text.splitlines(), 1):
        if statement := line.partition("#")[0].strip().rstrip(";").strip():
            yield number, statement


def read(statement: str) -> Constraints:
    """What a statement says.

    Raises:
        BadInput: if it is not one that a constraint file of a board holds.
    """
    words = _WORD.findall(statement)
    if _WORD.sub("", statement).strip():
        raise BadInput(f"{statement!r} has a bracket, brace or quote without its partner")
    match words:
        case ["set_property", *_, "[current_design]"]:
            return Constraints()
        case ["set_property", "-dict", settings, ports]:
            return _properties(settings.strip("{}").split(), _ports(ports))
        case ["set_property", name, value, ports]:
            return _properties([name, value], _ports(ports))
        case ["create_clock", *options, ports] if "-period" in options[:-1]:
            period_ns = positive(options[options.index("-period") + 1], "the period in ns")
            return Constraints(clocks=dict.fromkeys(_ports(ports), 1000 / period_ns))
        case [command, *_] if command in _OTHERS:
            return Constraints()
    raise BadInput(
        f"{statement!r} is none of 'set_property -dict {{ NAME VALUE ... }} [get_ports port]', "
        "'set_property NAME VALUE [get_ports port]', 'create_clock -period ns [get_ports port]'"
    )


def _ports(words: str) -> list[str]:
    found = _PORTS.fullmatch(words)
    names = (found[1] or found[2] or "").split() if found else []
    if not names:
        raise BadInput(f"{words!r} is not [get_ports port]")
    return names


def _properties(settings: list[str], ports: list[str]) -> Constraints:
    if len(settings) % 2:
        raise BadInput(f"property {settings[-1]} has no value")
    given = dict(zip(settings[::2], settings[1::2], strict=True))
    pin = given.pop("PACKAGE_PIN", None)
    if pin is not None and len(ports) > 1:
        raise BadInput(f"pin {pin} is given to {len(ports)} ports: {', '.join(ports)}")
    return Constraints(pins={} if pin is None else {ports[0]: pin}, io=dict.fromkeys(ports, given))

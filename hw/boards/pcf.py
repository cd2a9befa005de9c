"""Statements of a .pcf file (iCE40), as nextpnr reads them."""

from collections.abc import Iterator

from hw.boards.constraints import Constraints, positive
from hw.errors import BadInput

_FLAGS = ("-nowarn", "--warn-no-port")
_SETTINGS = ("-pullup", "-pullup_resistor")


def split(text: str) -> Iterator[tuple[int, str]]:
    """Line number and statement of each line that has one."""
    for number, line in enumerate(text.splitlines(), 1):
        if statement := line.partition("#")[0].strip():
            yield number, statement


def read(statement: str) -> Constraints:
    """What a statement says.

    Raises:
        BadInput: if it is neither `set_io [options] port pin` nor `set_frequency port MHz`.
    """
    match statement.split():
        case ["set_io", *options, port, pin] if not pin.startswith("-") and not port.startswith("-"):
            return Constraints(pins={port: pin}, io={port: _settings(options)})
        case ["set_frequency", port, mhz]:
            return Constraints(clocks={port: positive(mhz, "the frequency in MHz")})
    raise BadInput(f"{statement!r} is neither 'set_io [options] port pin' nor 'set_frequency port MHz'")


def _settings(options: list[str]) -> dict[str, str]:
    """Settings by their option's name without the dash."""
    match options:
        case []:
            return {}
        case [flag, *rest] if flag in _FLAGS:
            return _settings(rest)
        case [option, value, *rest] if option in _SETTINGS:
            return {option.removeprefix("-"): value} | _settings(rest)
    raise BadInput(f"option {options[0]} of set_io is not one of {', '.join(_SETTINGS + _FLAGS)}, with its value")

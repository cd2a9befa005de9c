"""Statements of an .lpf file (ECP5), as nextpnr reads them."""

import shlex
from collections.abc import Iterator

from hw.boards.constraints import Constraints, positive
from hw.errors import BadInput

_UNITS_MHZ = {"HZ": 1e-6, "KHZ": 1e-3, "MHZ": 1.0}


def split(text: str) -> Iterator[tuple[int, str]]:
    """Number of the first line, and statement, of each that ends in a semicolon; what is left over comes last."""
    first, statement = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        *ended, rest = line.partition("#")[0].partition("//")[0].split(";")
        for end in ended:
            yield first or number, f"{statement} {end}".strip() + ";"
            first, statement = 0, ""
        if rest.strip():
            first, statement = first or number, f"{statement} {rest}".strip()
    if statement:
        yield first, statement


def read(statement: str) -> Constraints:
    """What a statement says.

    Raises:
        BadInput: if it has no end, or says something else than a port's site, settings or frequency.
    """
    if not statement.endswith(";"):
        raise BadInput(f"{statement!r} has no semicolon at its end")
    match _words(statement.removesuffix(";")):
        case ["LOCATE", "COMP", port, "SITE", pin]:
            return Constraints(pins={port: pin})
        case ["IOBUF", "PORT", port, *settings] if settings:
            return Constraints(io={port: dict(_setting(setting) for setting in settings)})
        case ["FREQUENCY", "PORT" | "NET", port, value, unit] if unit in _UNITS_MHZ:
            return Constraints(clocks={port: positive(value, "the frequency") * _UNITS_MHZ[unit]})
        case [] | ["BLOCK" | "SYSCONFIG", *_]:  # nothing of one pin or clock
            return Constraints()
    raise BadInput(
        f'{statement!r} is none of \'LOCATE COMP "port" SITE "pin";\', \'IOBUF PORT "port" NAME=VALUE ...;\', '
        "'FREQUENCY PORT \"port\" number MHZ;'"
    )


def _words(statement: str) -> list[str]:
    try:
        return shlex.split(statement)
    except ValueError:
        raise BadInput(f"{statement!r} has a quote without its partner") from None


def _setting(setting: str) -> tuple[str, str]:
    name, equals, value = setting.partition("=")
    if not (name and equals and value):
        raise BadInput(f"setting {setting!r} is not NAME=VALUE")
    return name, value

"""Constraint files read, whichever format they have."""

from pathlib import Path

from hw.boards import lpf, pcf, xdc
from hw.boards.constraints import Constraints
from hw.errors import BadInput

SUFFIXES = {"ice40": ".pcf", "ecp5": ".lpf", "xc7": ".xdc"}
"""Of the constraint files of a device's family."""

_FORMATS = {".pcf": (pcf.split, pcf.read), ".lpf": (lpf.split, lpf.read), ".xdc": (xdc.split, xdc.read)}


def read_constraints(file: Path) -> Constraints:
    """What a constraint file says; its suffix tells its format.

    Raises:
        BadInput: if the file cannot be read, or a statement of it has no sense or contradicts an earlier one; the
            message names file and line.
    """
    if file.suffix not in _FORMATS:
        raise BadInput(f"constraint file {file} should end in {', '.join(_FORMATS)}")
    split, read = _FORMATS[file.suffix]
    constraints = Constraints()
    for line, statement in split(_text(file)):
        try:
            constraints += read(statement)
        except BadInput as error:
            raise BadInput(f"{file}:{line}: {error}") from None
    return constraints


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise BadInput(f"constraint file {file} cannot be read: {reason}") from None

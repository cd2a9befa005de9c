"""A number with its unit and where it comes from."""

from dataclasses import dataclass
from typing import Literal

Provenance = Literal[
    "chosen",
    "counted",
    "trained",
    "estimated",
    "analytic",
    "simulated",
    "synthesised",
    "placed and routed",
    "measured elsewhere",
]
"""How a figure came about: `counted` over data, `estimated` from data, `analytic` by formula alone."""

UNKNOWN = "unknown"
THIN_SPACE = "\u202f"
"""Groups thousands the same way in every language, and never breaks a line."""


@dataclass(frozen=True)
class Figure:
    """One figure of a report; a value of None is unknown, and is shown so."""

    value: float | int | str | None
    unit: str
    provenance: Provenance
    note: str = ""

    def __str__(self) -> str:
        return with_unit(self.value, self.unit)


@dataclass(frozen=True)
class Bounds:
    """A figure between two bounds; None is unknown."""

    low: float | None
    high: float | None
    unit: str
    provenance: Provenance

    def __str__(self) -> str:
        return low_to_high(self.low, self.high, self.unit)


def low_to_high(low: float | None, high: float | None, unit: str) -> str:
    """Text of two bounds and their unit, to three digits."""
    if low is None or high is None:
        return UNKNOWN
    return f"{number(_rounded(low))} to {with_unit(_rounded(high), unit)}"


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def number(value: float | int | str | None) -> str:
    """Text of a value: whole numbers in full, others to four digits or more, None as `unknown`."""
    if value is None:
        return UNKNOWN
    if isinstance(value, str):
        return value
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", THIN_SPACE)
    return f"{value:.4g}"


def percent(fraction: float | None, digits: int = 2) -> str:
    """Text of a fraction in percent; never rounded up to 100 where something is missing."""
    if fraction is None:
        return UNKNOWN
    text = f"{100 * fraction:.{digits}f}"
    if fraction < 1 and text == f"{100:.{digits}f}":
        text = f"{100 - 10**-digits:.{digits}f}"
    return f"{text} %"


def with_unit(value: float | int | str | None, unit: str) -> str:
    """Text of a value and its unit; an unknown value has none."""
    return f"{number(value)} {unit}".rstrip() if value is not None else UNKNOWN

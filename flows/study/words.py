"""Numbers of the study in words."""

from collections.abc import Sequence

from flows.report.figures import UNKNOWN, percent
from flows.report.table import Cell
from flows.study.statistics import Difference, Spread
from qat.classical import CLASSICAL
from qat.models import MODELS

_SMALLEST_P = 0.0001


def title_of(model: str) -> str:
    """What a model is called in tables and pictures."""
    if model in MODELS:
        return MODELS[model].title
    return CLASSICAL[model].title if model in CLASSICAL else model


def spread_text(spread: Spread | None) -> str:
    """Such as `98.31 ± 0.42 %`."""
    if spread is None:
        return UNKNOWN
    if spread.deviation is None:
        return percent(spread.mean)
    return f"{100 * spread.mean:.2f} ± {100 * spread.deviation:.2f} %"


def spread_cell(spread: Spread | None) -> Cell:
    """A mean and its deviation."""
    return Cell(spread_text(spread), "unknown" if spread is None else "plain")


def points(difference: float) -> str:
    """A difference of two shares in percentage points, with its sign: `+0.31`."""
    text = f"{100 * difference:+.2f}"
    return "0.00" if text in ("+0.00", "-0.00") else text.replace("-", "\u2212")


def size(difference: float) -> str:
    """Its size alone: `0.31 points`."""
    return f"{abs(100 * difference):.2f} points"


def p_text(p: float) -> str:
    """A p-value, never as 0."""
    return f"< {_SMALLEST_P:g}" if p < _SMALLEST_P else f"{p:.2g}"


def interval_text(difference: Difference) -> str:
    """The confidence interval, in points."""
    return f"{points(difference.low)} to {points(difference.high)}"


def p_relation(p: float) -> str:
    """Such as `= 0.021` or `< 0.0001`."""
    text = p_text(p)
    return text if text.startswith("<") else f"= {text}"


def listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def over_seeds(n_seeds: int) -> str:
    """What a mean was taken over, and a warning where that is little."""
    if n_seeds == 1:
        return "1 seed"
    return f"{n_seeds} seeds" if n_seeds >= 5 else f"{n_seeds} seeds only"

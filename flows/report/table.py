"""Tables of text and headlines: what a report is shown as, in whatever way."""

from dataclasses import dataclass
from typing import Literal

from flows.report.figures import Figure, number, percent

Tone = Literal["plain", "good", "bad", "unknown"]


@dataclass(frozen=True)
class Cell:
    """Text and how it strikes the reader."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Column:
    """A column's name; one of numbers is set flush right."""

    name: str
    numeric: bool = False


@dataclass(frozen=True)
class Table:
    """One section: a heading, a sentence or two, and rows."""

    heading: str
    text: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Headline:
    """A figure that the reader came for."""

    label: str
    value: Cell
    detail: str


def cell_of(value: float | int | str | None) -> Cell:
    """A value that has no unit."""
    text = number(value)
    return Cell(text, "unknown" if value is None else "plain")


def figure_cell(figure: Figure) -> Cell:
    """A figure with its unit."""
    return Cell(str(figure), "unknown" if figure.value is None else "plain")


def fraction_cell(fraction: float | None) -> Cell:
    """A fraction, in percent."""
    return Cell(percent(fraction), "unknown" if fraction is None else "plain")


def mismatch_cell(count: int | None) -> Cell:
    """A count that ought to be 0."""
    return cell_of(count) if count is None else Cell(number(count), "bad" if count else "good")


def word_cells(*words: str) -> tuple[Cell, ...]:
    """A cell a word."""
    return tuple(Cell(word) for word in words)


def word_columns(*columns: str) -> tuple[Column, ...]:
    """Columns of text."""
    return tuple(Column(name) for name in columns)


def number_columns(*columns: str) -> tuple[Column, ...]:
    """Columns of numbers."""
    return tuple(Column(name, numeric=True) for name in columns)

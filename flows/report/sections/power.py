"""Power of a design whose changes were counted, consumer by consumer."""

from collections.abc import Iterator

from flows.report.figures import UNKNOWN, number, with_unit
from flows.report.model import Power, PowerPart
from flows.report.table import Cell, Headline, Table, figure_cell, number_columns, word_cells, word_columns


def power_headline(power: Power | None) -> Iterator[Headline]:
    """What is known of the whole."""
    if power is None:
        return
    if power.known_low_high is None:
        yield Headline("Power", Cell(UNKNOWN, "unknown"), power.device)
        return
    yield Headline("Power", _power_total(power), ", ".join([power.device, *_without(power)]))


def _without(power: Power) -> list[str]:
    return [f"without {' and '.join(power.unknown_parts)}"] if power.unknown_parts else []


def _power_total(power: Power) -> Cell:
    if power.known_low_high is None:
        return Cell(UNKNOWN, "unknown")
    low, high = power.known_low_high
    return Cell(f"{number(low)} to {with_unit(high, power.parts[0].low.unit)}")


def power_table(power: Power | None) -> Iterator[Table]:
    """Each consumer, and what is known of the whole."""
    if power is None:
        return
    total = (Cell(", ".join(["known parts together", *_without(power)])), *_low_high(power), *word_cells("", ""))
    columns = (*word_columns("Part"), *number_columns("Low", "High"), *word_columns("Provenance", "Note"))
    yield Table("Power", f"{power.device}, {power.conditions}.", columns, (*map(_part_row, power.parts), total))
    if power.by_part:
        text = "That line of the table above, by part of the design."
        yield Table("Power of registers and logic", text, columns, tuple(map(_part_row, power.by_part)))


def _part_row(part: PowerPart) -> tuple[Cell, ...]:
    figures = figure_cell(part.low), figure_cell(part.high)
    return Cell(part.name), *figures, Cell(part.low.provenance), Cell(part.notes)


def _low_high(power: Power) -> tuple[Cell, Cell]:
    if power.known_low_high is None:
        return Cell(UNKNOWN, "unknown"), Cell(UNKNOWN, "unknown")
    low, high = power.known_low_high
    unit = power.parts[0].low.unit
    return Cell(with_unit(low, unit)), Cell(with_unit(high, unit))

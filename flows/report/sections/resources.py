"""Cells: estimated, synthesised, placed; and the clock that they reach."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from flows.report.figures import UNKNOWN, number, percent
from flows.report.model import Placed, PlacedCells, Resource
from flows.report.table import Cell, Headline, Table, cell_of, figure_cell, number_columns, word_cells, word_columns


def resource_headlines(resources: Sequence[Resource]) -> Iterator[Headline]:
    """Logic of the device that was asked for."""
    # The first device is the one that was asked for; its first resource is its logic.
    for resource in resources[:1]:
        detail = f"{resource.device}, {resource.synthesised.provenance}"
        if resource.available is not None:
            detail = f"of {number(resource.available)} on {detail}"
        yield Headline(resource.resource, figure_cell(resource.synthesised), detail)


def clock_headline(placed: Placed | None) -> Iterator[Headline]:
    """The greatest clock after placement."""
    if placed is not None:
        detail = f"{placed.fmax} at most, placed and routed on {placed.board}"
        yield Headline("Clock", figure_cell(placed.clock), detail)


def resource_table(resources: Sequence[Resource]) -> Iterator[Table]:
    """The whole design on each device."""
    if resources:
        yield Table(
            "Resources",
            "Estimated by formula, and counted after synthesis; the difference is relative to the count.",
            (
                *word_columns("Device", "Resource"),
                *number_columns("Analytic", "Synthesised", "Difference", "Available"),
            ),
            tuple(_resource_row(resource) for resource in resources),
        )


def part_resource_tables(resources: Sequence[Resource]) -> Iterator[Table]:
    """Each part on each device."""
    for device, of_device in _grouped(resources, lambda resource: resource.device):
        parts = _grouped(of_device, lambda resource: resource.part)
        kinds = [resource.resource for resource in parts[0][1]]
        yield Table(
            f"Resources of each layer, {device}",
            "Estimated / counted after synthesis. Synthesis works across layers; a cell counts where its name says.",
            (*word_columns("Part"), *number_columns(*kinds)),
            tuple(
                (Cell(part), *(_estimated_and_counted(resource) for resource in of_part)) for part, of_part in parts
            ),
        )


def _grouped(resources: Sequence[Resource], key: Callable[[Resource], str]) -> list[tuple[str, list[Resource]]]:
    return [(name, list(group)) for name, group in groupby(resources, key)]


def _estimated_and_counted(resource: Resource) -> Cell:
    return Cell(f"{number(resource.analytic.value)} / {number(resource.synthesised.value)}")


def _resource_row(resource: Resource) -> tuple[Cell, ...]:
    difference = resource.difference
    shown = Cell(UNKNOWN, "unknown") if difference is None else Cell(f"{100 * difference:+.1f} %")
    count, available = resource.synthesised.value, resource.available
    too_many = isinstance(count, (int, float)) and available is not None and count > available
    synthesised = Cell(str(resource.synthesised), "bad") if too_many else figure_cell(resource.synthesised)
    names = word_cells(resource.device, resource.resource)
    return (*names, figure_cell(resource.analytic), synthesised, shown, cell_of(available))


def placed_tables(placed: Placed | None) -> Iterator[Table]:
    """The chip as placed: its cells, its clock, and the slowest way through it."""
    if placed is None:
        return
    missed = f"; seeds {', '.join(map(str, placed.missed_seeds))} missed the clock" if placed.missed_seeds else ""
    yield Table(
        "Slowest way from register to register",
        f"{placed.board} ({placed.device}), {placed.fmax.provenance} by {placed.fmax.note}, seed "
        f"{placed.seed}{missed}. The clock of {placed.clock} is met: {placed.fmax} would be too. Delays of cells, "
        "and of the wires to them.",
        (*word_columns("Part", "What"), *number_columns("Logic", "Wires")),
        tuple(
            (*word_cells(part.part, part.what), figure_cell(part.logic), figure_cell(part.routing))
            for part in placed.critical_path
        ),
    )
    yield Table(
        "Cells of the chip as placed",
        f"Clock, reset, host link and accelerator, as nextpnr counts them on {placed.device}.",
        (*word_columns("Cell"), *number_columns("Used", "Available", "Share")),
        tuple(
            (Cell(cells.kind), figure_cell(cells.used), cell_of(cells.available), Cell(_share(cells)))
            for cells in placed.cells
        ),
    )


def _share(cells: PlacedCells) -> str:
    used = cells.used.value
    return UNKNOWN if not isinstance(used, (int, float)) else percent(used / cells.available, 0)

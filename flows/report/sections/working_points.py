"""Least power for a demand, and published spike sorters beside it."""

from collections.abc import Iterator, Sequence

from flows.report.figures import UNKNOWN, number, with_unit
from flows.report.model import PublishedSorter, WorkingPoint, WorkingPoints
from flows.report.table import Cell, Headline, Table, cell_of, figure_cell, number_columns, word_cells, word_columns


def working_point_headline(points: WorkingPoints | None) -> Iterator[Headline]:
    """The least power of the demand that was asked for."""
    if points is None:
        return
    if not points.rows:
        yield Headline("Least power", Cell(UNKNOWN, "unknown"), f"{points.device}: nobody has measured its energies")
        return
    best = _asked(points)[0]
    yield Headline(
        "Least power",
        Cell(f"{best.channel} a channel"),
        f"{points.device}, {best.channels} x {best.rate_per_s:g} spikes/s, {best.clock}, {best.folding}",
    )


def _asked(points: WorkingPoints) -> list[WorkingPoint]:
    """The rows of the last demand, which was asked for."""
    last = points.rows[-1].rate_per_s, points.rows[-1].channels
    return [row for row in points.rows if (row.rate_per_s, row.channels) == last]


def working_point_tables(points: WorkingPoints | None) -> Iterator[Table]:
    """The best for each demand, for each kind of clock, and what a spike takes."""
    if points is None or not points.rows:
        return
    asked = _asked(points)
    demand = f"{asked[0].channels} channels of {asked[0].rate_per_s:g} spikes a second, one sorter"
    yield Table(
        "Least power for each demand",
        f"{points.device}: the best of {number(points.n_designs)} foldings at every clock that keeps up; "
        f"{points.path} lists the best of each kind of clock. Demands that none keeps up with are left out. "
        "Spikes come at random and wait their turn; internal oscillators may be 10 % off. All supplies; pins and the "
        "source of an external clock not counted.",
        (
            *number_columns("Spikes/s", "Channels"),
            *word_columns("Clock", "PE x SIMD, weights in"),
            *number_columns("Power", "A channel", "Of it block RAM", "99 % within"),
            *word_columns("Where it goes"),
        ),
        tuple(_demand_row(row) for row in points.least),
    )
    yield Table(
        f"Clocks for {demand}",
        "The best folding for each kind of clock. The first one's schedule stands beside that table, for "
        "`spikeloom hw --schedule`, which counts what changes in its netlist.",
        (
            *word_columns("Clock", "PE x SIMD, weights in"),
            *number_columns("LUTs", "Interval", "Core", "All supplies", "A channel", "99 % within"),
            *word_columns("Where it goes"),
        ),
        tuple(
            (
                *word_cells(row.clock, row.folding),
                cell_of(row.luts),
                cell_of(row.interval_clocks),
                *(Cell(str(figure)) for figure in (row.core, row.total, row.channel)),
                _delay(row),
                Cell(row.why),
            )
            for row in asked
        ),
    )
    yield Table(
        f"What a spike takes, and power for {demand}",
        "Energy of a spike that comes alone, beside what the device draws at rest; average power with a clock that "
        "runs always, that stops between spikes, and that is as slow as the spikes allow. Each pJ that an access to "
        f"a block memory takes adds {points.nanowatts_per_picojoule} to the least power.",
        (
            *word_columns("Design"),
            *number_columns(
                "LUTs",
                "Clocks",
                "Clock network",
                "Logic",
                "Block RAM",
                "A spike",
                "Runs",
                "Stops",
                "Slowest",
                "Slowed",
            ),
        ),
        tuple(
            (
                Cell(row.name),
                cell_of(row.luts),
                cell_of(row.latency_clocks),
                Cell(with_unit(row.clock.value, row.clock.unit)),
                *(Cell(str(figure)) for figure in (row.logic, row.memory, row.total, row.runs, row.stops)),
                figure_cell(row.slowest),
                Cell(str(row.slowed)),
            )
            for row in points.energies
        ),
    )


def _demand_row(row: WorkingPoint) -> tuple[Cell, ...]:
    return (
        cell_of(row.rate_per_s),
        cell_of(row.channels),
        *word_cells(row.clock, row.folding),
        *(Cell(str(figure)) for figure in (row.total, row.channel, row.memory)),
        _delay(row),
        Cell(row.why),
    )


def _delay(row: WorkingPoint) -> Cell:
    value = row.delay.value
    return Cell(UNKNOWN, "unknown") if not isinstance(value, float) else Cell(f"{value:.3g} ms")


def published_table(sorters: Sequence[PublishedSorter], points: WorkingPoints | None) -> Iterator[Table]:
    """Published sorters, and the one that was found beside them."""
    if not sorters:
        return
    yield Table(
        "Published spike sorters",
        "Only what has the same scope and the same kind of evidence can be compared: power of an ASIC after layout "
        "is not that of an FPGA, and a classifier is no whole chain. What was not read in a source is unknown.",
        (
            *word_columns("Authors", "Technology", "Scope", "Evidence"),
            *number_columns("Channels", "µW a channel"),
            *word_columns("Area", "Accuracy as stated", "DOI", "Note"),
        ),
        (*_ours(points), *(_published_row(sorter) for sorter in sorters)),
    )


def _ours(points: WorkingPoints | None) -> Iterator[tuple[Cell, ...]]:
    """The least power that was found, in the same columns."""
    if points is None or not points.rows:
        return
    best = _asked(points)[0]
    yield (
        *word_cells(
            "this one", f"FPGA, {points.device}, {best.clock}", "classifier: binarized network", "model, fitted"
        ),
        cell_of(best.channels),
        Cell(f"{best.channel}".removesuffix(f" {best.channel.unit}")),
        *word_cells(f"{best.luts} LUTs, {best.block_rams} block RAMs", "in this report, where it was trained", "-"),
        Cell("fitted on currents that others measured on the device; block RAM between bounds"),
    )


def _published_row(sorter: PublishedSorter) -> tuple[Cell, ...]:
    return (
        *word_cells(f"{sorter.authors}, {sorter.year}", sorter.technology, sorter.scope, sorter.evidence),
        *map(cell_of, (sorter.channels, sorter.channel_microwatts, sorter.area, sorter.accuracy, sorter.doi)),
        Cell(sorter.note),
    )

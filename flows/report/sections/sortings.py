"""The whole way from the recording, and what withholding answers does."""

from collections.abc import Iterator, Sequence
from statistics import mean

from flows.report.figures import number
from flows.report.model import MarginPoint, SortedUnit, Withheld
from flows.report.table import Cell, Headline, Table, cell_of, fraction_cell, number_columns, word_cells, word_columns

_SORTED = (
    "Spike trains of the test stretch against those that the source states, detection included, by SpikeInterface's "
    "ground-truth comparison: within 0.5 ms once the constant lag (from the training part) is removed, units matched "
    "one to one where they agree by half at least (hits / (stated + found - hits), which is the accuracy). Missed "
    "spikes, extra detections and overlapping spikes all count; of windows that came cut only what is there does."
)


def sorted_headline(rows: Sequence[SortedUnit]) -> Iterator[Headline]:
    """The sorting that the hardware gives, over all true units."""
    if rows:
        sorter = rows[0].sorter
        known = [row.accuracy for row in rows if row.sorter == sorter and row.accuracy is not None]
        yield Headline(
            "From the recording",
            fraction_cell(mean(known) if known else None),
            f"mean accuracy of {len(known)} stated units, {sorter}, test stretch; missed and extra spikes counted",
        )


def sorted_table(rows: Sequence[SortedUnit]) -> Iterator[Table]:
    """Every sorter on every true unit."""
    if rows:
        yield Table(
            "From the recording",
            _SORTED,
            (
                *word_columns("Sorter", "Stated unit", "Found as"),
                *number_columns("Stated", "Found", "Hits", "Accuracy", "Precision", "Recall"),
            ),
            tuple(_sorted_row(row) for row in rows),
        )


def _sorted_row(row: SortedUnit) -> tuple[Cell, ...]:
    counts = (cell_of(count) for count in (row.n_true, row.n_found, row.n_hits))
    shares = (fraction_cell(share) for share in (row.accuracy, row.precision, row.recall))
    found_as = Cell("none", "bad") if row.found_as is None else Cell(row.found_as)
    return (*word_cells(row.sorter, row.unit), found_as, *counts, *shares)


def withheld_table(withheld: Withheld | None) -> Iterator[Table]:
    """Precision against recall as the margin grows."""
    if withheld is not None:
        yield Table(
            "Unsorted",
            f"Answers of the exported network on the test part, withheld where the best score leads the second best "
            f"by less than the margin; against {withheld.against}, {_to_find(withheld)}. {withheld.calibration}",
            (
                *number_columns("Margin"),
                *word_columns(""),
                *number_columns("Answers", "Right", "Precision", "Recall"),
            ),
            tuple(_margin_row(point) for point in withheld.points),
        )


def _to_find(withheld: Withheld) -> str:
    if withheld.against != "pseudo-labels":
        return (
            f"of which there are {number(withheld.n_to_find)} spikes, missed and overlapping ones counted; an extra "
            "detection that is answered counts as wrong, but where its unit is matched to no true one, as nothing"
        )
    return (
        f"of which {number(withheld.n_to_find)} are confident; a spike whose label is not trusted, or that has none, "
        "counts as wrong where it is answered"
    )


def _margin_row(point: MarginPoint) -> tuple[Cell, ...]:
    counts = (cell_of(point.n_answers), cell_of(point.n_right))
    shares = (fraction_cell(point.precision), fraction_cell(point.recall))
    return (cell_of(point.margin), Cell("chosen" if point.is_chosen else ""), *counts, *shares)

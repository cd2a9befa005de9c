"""The recording, what was detected in it, and how well models sort it."""

from collections.abc import Iterator, Sequence

from flows.report.figures import number
from flows.report.model import Accuracy, Recording, Report
from flows.report.table import (
    Cell,
    Headline,
    Table,
    cell_of,
    figure_cell,
    fraction_cell,
    number_columns,
    word_cells,
    word_columns,
)


def accuracy_headline(rows: Sequence[Accuracy], recording: Recording | None) -> Iterator[Headline]:
    """The exported network on the test part, against the best labels there are."""
    tested = [row for row in rows if row.exported and row.part == "test" and row.overlapping_counted]
    of_truth = [row for row in tested if row.against != "pseudo-labels"]
    for row in (of_truth or tested)[:1]:
        beside = _not_scored(recording) if row.against != "pseudo-labels" else ""
        yield Headline("Accuracy", fraction_cell(row.mean), f"{row.model}, test spikes against {row.against}{beside}")


def _not_scored(recording: Recording | None) -> str:
    """What our detection got wrong in the test part, on which no accuracy is told."""
    for part in recording.parts if recording is not None else ():
        if part.part == "test" and part.n_missed is not None:
            return f"; {number(part.n_missed)} missed and {number(part.n_extra)} extra not scored"
    return ""


_DETECTED = (
    "Detected spikes against the true ones, one to one within 0.5 ms. Missed spikes and extra detections stand "
    "beside the accuracies below, which are over matched spikes: an extra detection, one that matches no stated "
    "spike, is given a unit too, and counts nowhere there."
)


_NOT_DETECTED = "The true spike times are unknown, or the windows came cut: what was missed cannot be told."


def recording_tables(recording: Recording | None) -> Iterator[Table]:
    """Facts of the recording, and what was detected."""
    if recording is None:
        return
    facts = tuple(
        (Cell(label), figure_cell(figure), Cell(figure.provenance), Cell(figure.note))
        for label, figure in recording.facts.items()
    )
    yield Table(
        "Recording",
        f"{recording.name}: {recording.provenance}",
        (*word_columns("Figure"), *number_columns("Value"), *word_columns("Provenance", "Note")),
        facts,
    )
    counts = ("n_spikes", "n_true", "n_matched", "n_missed", "n_extra")
    yield Table(
        "Detection",
        _DETECTED if any(part.n_true is not None for part in recording.parts) else _NOT_DETECTED,
        (*word_columns("Part"), *number_columns("Spikes", "True", "Matched", "Missed", "Extra")),
        tuple((Cell(part.part), *(cell_of(getattr(part, count)) for count in counts)) for part in recording.parts),
    )


def accuracy_table(rows: Sequence[Accuracy]) -> Iterator[Table]:
    """Every model on every part."""
    if rows:
        yield Table(
            "Accuracy",
            "Fraction of spikes given the right unit. Clusters are matched one to one to true units on the "
            "training part; a spike in an unmatched cluster counts as wrong. No answer is withheld as "
            "'unsorted' here. Mean and standard deviation over seeds.",
            (
                *word_columns("Model", "Against", "Overlaps", "Part"),
                *number_columns("Spikes", "Seeds", "Mean", "Std. dev."),
            ),
            tuple(_accuracy_row(row) for row in rows),
        )


def _accuracy_row(row: Accuracy) -> tuple[Cell, ...]:
    overlapping = "counted" if row.overlapping_counted else "left out"
    spread = Cell("one seed") if row.n_seeds == 1 else fraction_cell(row.standard_deviation)
    counts = (cell_of(row.n_spikes), cell_of(row.n_seeds))
    return (*word_cells(row.model, row.against, overlapping, row.part), *counts, fraction_cell(row.mean), spread)


def unit_table(report: Report) -> Iterator[Table]:
    """The exported network on each unit."""
    if report.unit_scores:
        yield Table(
            "Exported network, unit by unit",
            "On the test part.",
            (*word_columns("Unit"), *number_columns("Spikes", "Precision", "Recall")),
            tuple(
                (
                    Cell(score.unit),
                    cell_of(score.n_spikes),
                    fraction_cell(score.precision),
                    fraction_cell(score.recall),
                )
                for score in report.unit_scores
            ),
        )

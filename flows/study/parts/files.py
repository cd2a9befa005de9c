"""The user's own recordings."""

from pathlib import Path

from flows.report.table import Cell, Table, cell_of, number_columns, word_columns
from flows.study.grid import LDA, Part
from flows.study.job import ONE_BIT, PRESORTER, Job
from flows.study.outcome import Outcome, data_sets_in, known_spread, models_in, seeds_in
from flows.study.result import Truth
from flows.study.section import Finding, Section
from flows.study.words import listed, over_seeds, points, spread_cell, spread_text, title_of


def files_section(outcome: Outcome, part: Part, folder: Path) -> Section:
    """What models reach on files, beside linear discriminant analysis on true labels; nothing is claimed of them."""
    names, seeds = data_sets_in(part.jobs), seeds_in(part.jobs)
    return Section(
        heading="Files",
        text=(
            f"Recordings of your own, {over_seeds(len(seeds))}: the recording is the same for all seeds, which draw "
            "the first weights, and the split where spikes have no times."
        ),
        findings=tuple(_finding(outcome, part, name) for name in names),
        tables=(_accuracies(outcome, part, names), _units(outcome, part, names)),
    )


def _jobs(part: Part, name: str, model: str) -> list[Job]:
    return [job for job in part.jobs if (job.data_set, job.model) == (name, model)]


def _finding(outcome: Outcome, part: Part, name: str) -> Finding:
    network = outcome.spread(_jobs(part, name, ONE_BIT))
    if network is None:
        agreement = known_spread(outcome.result(job).agreement for job in _jobs(part, name, ONE_BIT))
        return Finding(
            f"{name}: its true units are unknown; the 1-bit network gives the pre-sorter's label to "
            f"{spread_text(agreement)} of the test part."
        )
    if len(_truths(outcome, part, name, ONE_BIT)[0].units) == 1:
        by = [f"{title_of(model)} {_one_unit(outcome, part, name, model)}" for model in (ONE_BIT, PRESORTER)]
        return Finding(f"{name}: of its one known unit, {listed(by)}.")
    labels_are = outcome.grid.data_sets[name].source(0).labels_are
    against, taught_by = "", "true labels"
    if labels_are != "true units":
        against, taught_by = f" of {labels_are}, which are no ground truth", labels_are
    text = f"{name}: the 1-bit network reaches {spread_text(network)}{against}"
    presorter = outcome.spread(_jobs(part, name, PRESORTER))
    if presorter is not None:
        text += f", the pre-sorter itself {spread_text(presorter)}"
    linear = outcome.spread(_jobs(part, name, LDA))
    if linear is not None:
        text += (
            f"; linear discriminant analysis on {taught_by} {spread_text(linear)}, from which the network differs "
            f"by {points(network.mean - linear.mean)} points"
        )
    return Finding(f"{text}.")


def _truths(outcome: Outcome, part: Part, name: str, model: str) -> list[Truth]:
    found = (outcome.result(job).truth for job in _jobs(part, name, model))
    return [truth for truth in found if truth is not None]


def _one_unit(outcome: Outcome, part: Part, name: str, model: str) -> str:
    """Accuracy says little where all other spikes belong to no unit; precision counts them."""
    units = [truth.units[0] for truth in _truths(outcome, part, name, model)]
    precision, recall = (known_spread(getattr(unit, share) for unit in units) for share in ("precision", "recall"))
    return f"has a precision of {spread_text(precision)} and a recall of {spread_text(recall)}"


def _accuracies(outcome: Outcome, part: Part, names: list[str]) -> Table:
    models = models_in(part.jobs)
    rows = []
    for name in names:
        found = sorted({outcome.result(job).n_units_found for job in _jobs(part, name, PRESORTER)})
        first = outcome.result(_jobs(part, name, ONE_BIT)[0])
        rows.append(
            (
                Cell(name),
                *(spread_cell(outcome.spread(_jobs(part, name, model))) for model in models),
                cell_of(None if first.truth is None else first.truth.n_matched),
                cell_of(outcome.grid.data_sets[name].given_units or "by the data"),
                Cell(", ".join(map(str, found))),
            )
        )
    titles = (f"{title_of(model)}, true labels" if model == LDA else title_of(model) for model in models)
    return Table(
        "Accuracy on files",
        "Share of the test part's spikes that get their true unit, or what stands for it where a file's labels are a "
        "reference; overlapping ones counted.",
        (*word_columns("File"), *number_columns(*titles, "test spikes", "units given", "units found")),
        tuple(rows),
    )


def _units(outcome: Outcome, part: Part, names: list[str]) -> Table:
    rows = []
    for name in names:
        for model in (ONE_BIT, PRESORTER):
            truths = _truths(outcome, part, name, model)
            for index, unit in enumerate(truths[0].units if truths else ()):
                shares = [
                    known_spread(getattr(truth.units[index], share) for truth in truths)
                    for share in ("precision", "recall")
                ]
                rows.append(
                    (Cell(name), Cell(title_of(model)), Cell(unit.unit), cell_of(unit.n), *map(spread_cell, shares))
                )
    return Table(
        "Units of the files",
        "Precision counts every spike of the test part that gets the unit, those that belong to no unit included.",
        (*word_columns("File", "Sorted by", "True unit"), *number_columns("test spikes", "precision", "recall")),
        tuple(rows),
    )

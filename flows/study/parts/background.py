"""What stands behind the results: data sets, what detection missed, what models cost, versions."""

import platform
from collections.abc import Mapping, Sequence
from typing import Any

from flows.report.figures import percent
from flows.report.table import Cell, Table, cell_of, number_columns, word_columns
from flows.study.checkpoint import versions
from flows.study.costs import N_INPUTS, N_SAMPLES, N_UNITS
from flows.study.outcome import Outcome, data_sets_in, seeds_in
from flows.study.result import Result
from flows.study.section import Section
from flows.study.words import title_of


def background_section(outcome: Outcome, costs: Sequence[Mapping[str, Any]]) -> Section:
    """Tables alone."""
    return Section(
        heading="Data, models, versions",
        text="What the figures were made from.",
        findings=(),
        tables=(_costs(costs), _data_sets(outcome), _detection(outcome), _versions()),
    )


def _costs(costs: Sequence[Mapping[str, Any]]) -> Table:
    columns = [name for name in costs[0] if name != "model"]
    return Table(
        "What models cost",
        f"Counted from each model for 1 channel of {N_SAMPLES} samples and {N_UNITS} units, for one spike. The "
        f"differences that make {N_INPUTS} inputs of the samples are not counted.",
        (*word_columns("Model"), *number_columns(*(name.replace("_", " ") for name in columns))),
        tuple((Cell(title_of(line["model"])), *(cell_of(line[name]) for name in columns)) for line in costs),
    )


def _data_sets(outcome: Outcome) -> Table:
    seeds = {name: seeds_in(job for job in outcome.grid.jobs if job.data_set == name) for name in _names(outcome)}
    rows = [
        (
            Cell(name),
            Cell(outcome.grid.data_sets[name].provenance),
            Cell(", ".join(map(str, seeds[name]))),
        )
        for name in _names(outcome)
    ]
    return Table("Data sets", "Where each comes from.", word_columns("Data set", "Provenance", "Seeds"), tuple(rows))


def _detection(outcome: Outcome) -> Table:
    firsts: dict[str, Result] = {}
    for checkpoint in outcome.checkpoints:
        firsts.setdefault(checkpoint.job.data_set, checkpoint.result)
    rows = [(Cell(name), *_counted(result)) for name, result in firsts.items()]
    return Table(
        "Spikes and detection",
        "Of the first seed. Accuracy counts matched spikes; what detection missed, and what it took for a spike, "
        "stands here.",
        (
            *word_columns("Data set"),
            *number_columns(
                "training spikes",
                "validation",
                "test",
                "of those matched",
                "overlapping",
                "missed in test",
                "extra in test",
            ),
        ),
        tuple(rows),
    )


def _counted(result: Result) -> tuple[Cell, ...]:
    parts, truth = (result.n_train, result.n_validation, result.n_test), result.truth
    if truth is None:
        return tuple(cell_of(each) for each in (*parts, None, None, None, None))
    overlapping = None
    if truth.n_alone is not None and truth.n_matched:
        overlapping = percent(1 - truth.n_alone / truth.n_matched, 1)
    return tuple(cell_of(each) for each in (*parts, truth.n_matched, overlapping, truth.n_missed, truth.n_extra))


def _versions() -> Table:
    rows = {"Python": platform.python_version(), **versions()}
    return Table(
        "Versions",
        "The same versions on the same machine give the same runs.csv.",
        word_columns("Package", "Version"),
        tuple((Cell(name), Cell(version)) for name, version in rows.items()),
    )


def _names(outcome: Outcome) -> list[str]:
    return data_sets_in(outcome.grid.jobs)

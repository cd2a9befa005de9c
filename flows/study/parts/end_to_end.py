"""From the recording to units, with what detection missed and made up."""

from collections.abc import Callable, Iterable, Sequence
from statistics import fmean

from flows.report.table import Cell, Table, number_columns, word_columns
from flows.study.grid import TWIN, Part
from flows.study.job import ONE_BIT, PRESORTER, Job
from flows.study.outcome import Outcome, data_sets_in, known_spread, seeds_in
from flows.study.section import Finding, Section
from flows.study.statistics import Spread
from flows.study.words import listed, over_seeds, spread_cell, spread_text, title_of
from qat.sortings.score import MATCH_SCORE, FoundUnit

_SORTERS = (ONE_BIT, TWIN, PRESORTER)
_SHARES: dict[str, Callable[[FoundUnit], float | None]] = {
    "accuracy": lambda unit: unit.accuracy,
    "precision": lambda unit: unit.precision,
    "recall": lambda unit: unit.recall,
}


def end_to_end_section(outcome: Outcome, part: Part) -> Section:
    """SpikeInterface's comparison on the data sets of a part."""
    names = data_sets_in(part.jobs)
    return Section(
        heading="From the recording, detection included",
        text=(
            f"The test stretch of the same recordings, {over_seeds(len(seeds_in(part.jobs)))}, scored by "
            "SpikeInterface's ground-truth comparison: spikes that detection missed and detections that are no spike "
            "count. Accuracy is hits / (true + found - hits). units.csv holds every unit of every run."
        ),
        findings=(_finding(outcome, part, names),),
        tables=(_table(outcome, part, names),),
    )


def _finding(outcome: Outcome, part: Part, names: Sequence[str]) -> Finding:
    told = [f"{title_of(model)} {spread_text(_over(outcome, part, names, model, 'accuracy'))}" for model in _SORTERS]
    return Finding(f"Mean accuracy of a unit, mean and standard deviation over data sets and seeds: {listed(told)}.")


def _table(outcome: Outcome, part: Part, names: Sequence[str]) -> Table:
    rows = [
        (
            Cell(name),
            Cell(title_of(model)),
            *(spread_cell(_over(outcome, part, [name], model, share)) for share in _SHARES),
            spread_cell(known_spread(_worst(_found(outcome, job)) for job in _jobs(part, [name], model))),
            Cell(_not_found(outcome, _jobs(part, [name], model))),
        )
        for name in names
        for model in _SORTERS
    ]
    return Table(
        "Units from the recording on",
        "Mean over the units of a recording, then mean and standard deviation over seeds. A true unit with which no "
        f"found one agrees by {MATCH_SCORE:g} is not found: its accuracy and recall are 0, its precision is unknown.",
        (
            *word_columns("Data set", "Sorted by"),
            *number_columns(*_SHARES, "accuracy of the worst unit", "units not found, of all seeds"),
        ),
        tuple(rows),
    )


def _jobs(part: Part, names: Sequence[str], model: str) -> list[Job]:
    return [job for job in part.jobs if job.data_set in names and job.model == model]


def _found(outcome: Outcome, job: Job) -> tuple[FoundUnit, ...]:
    truth = outcome.result(job).truth
    return () if truth is None else truth.sorted_units


def _over(outcome: Outcome, part: Part, names: Sequence[str], model: str, share: str) -> Spread | None:
    return known_spread(_mean(map(_SHARES[share], _found(outcome, job))) for job in _jobs(part, names, model))


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _worst(units: Sequence[FoundUnit]) -> float | None:
    return min((unit.accuracy for unit in units if unit.accuracy is not None), default=None)


def _not_found(outcome: Outcome, jobs: Sequence[Job]) -> str:
    units = [unit for job in jobs for unit in _found(outcome, job)]
    return f"{sum(unit.found_as is None for unit in units)} of {len(units)}"

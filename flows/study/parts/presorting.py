"""How far the pre-sorter's labels close the gap to true labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.report.model import Picture
from flows.report.table import Cell, Headline, Table, number_columns, word_columns
from flows.study.figures.labels import draw_labels
from flows.study.grid import PRESORT_NOISE, Part
from flows.study.job import ONE_BIT, PRESORTER, Job, Labels
from flows.study.outcome import Outcome, data_sets_in, seeds_in
from flows.study.section import Finding, Section, verdict
from flows.study.statistics import Spread
from flows.study.words import over_seeds, points, spread_cell

SHARE_LIMIT = 0.5
"""The claim: share of the gap between baseline and true labels that the pre-sorter closes at least."""
PICTURE = "figures/presorting.png"
_WAYS: dict[str, tuple[str, Labels]] = {
    "baseline's labels": (PRESORTER, "baseline"),
    "pre-sorter, number chosen": (PRESORTER, "pseudo"),
    "pre-sorter, number given": (PRESORTER, "pseudo-given"),
    "1-bit, pseudo-labels": (ONE_BIT, "pseudo"),
    "twin, pseudo-labels": ("twin", "pseudo"),
    "twin, true labels": ("twin", "true"),
}
BASELINE, CHOSEN_NUMBER, GIVEN, ON_TRUE = (
    "baseline's labels",
    "pre-sorter, number chosen",
    "pre-sorter, number given",
    "twin, true labels",
)


@dataclass(frozen=True)
class Gap:
    """Means over data sets and seeds, as shares."""

    baseline: float
    presorter: float
    true: float

    @property
    def closed(self) -> float | None:
        """Share of the gap that the pre-sorter closes; None where the baseline leaves none."""
        return None if self.true <= self.baseline else (self.presorter - self.baseline) / (self.true - self.baseline)


def presorting_section(outcome: Outcome, part: Part, folder: Path) -> Section:
    """Labels of the baseline and of the pre-sorter beside a network on true labels."""
    data_sets, seeds = data_sets_in(part.jobs), seeds_in(part.jobs)
    spreads = {way: [outcome.spread(_jobs(name, seeds, way)) for name in data_sets] for way in _WAYS}
    means = {way: _mean(spreads[way]) for way in _WAYS}
    chosen = Gap(means[BASELINE], means[CHOSEN_NUMBER], means[ON_TRUE])
    given = Gap(means[BASELINE], means[GIVEN], means[ON_TRUE])
    draw_labels(spreads, data_sets, folder / PICTURE)
    return Section(
        heading="Pre-sorting",
        text=(
            f"At noise {PRESORT_NOISE:g}, {over_seeds(len(seeds))}: accuracy of the labels themselves on the "
            "test part. Baseline: aligned spikes, PCA(10) and a Gaussian mixture of full covariances that is told "
            "the true number of units, best of 10 starts. The gap reaches up to the twin trained on true labels."
        ),
        findings=(*gap_findings(chosen, given), shares_finding(_gaps(spreads, data_sets))),
        pictures=(Picture(PICTURE, "Labels, and networks trained on pseudo-labels and on true ones"),),
        tables=(_table(spreads, data_sets), _numbers(outcome, data_sets, seeds)),
        headlines=(_headline(chosen),),
    )


def gap_findings(chosen: Gap, given: Gap) -> tuple[Finding, ...]:
    """Whether the pre-sorter closes as much of the gap as is claimed."""
    return (
        _gap_finding(chosen, "The number of units chosen by the data"),
        _gap_finding(given, "The true number of units given"),
    )


def shares_finding(gaps: Mapping[str, Gap]) -> Finding:
    """The share that is closed on each data set."""
    shares = {
        name: "no gap"
        if gap.closed is None
        else f"{100 * gap.closed:.0f} % of {points(gap.true - gap.baseline)} points"
        for name, gap in gaps.items()
    }
    told = "; ".join(f"{name} {share}" for name, share in shares.items())
    return Finding(f"Data set by data set, the number of units chosen by the data, the pre-sorter closes: {told}.")


def _gaps(spreads: Mapping[str, Sequence[Spread | None]], data_sets: Sequence[str]) -> dict[str, Gap]:
    means = {way: [_mean([spread]) for spread in spreads[way]] for way in (BASELINE, CHOSEN_NUMBER, ON_TRUE)}
    return {
        name: Gap(means[BASELINE][row], means[CHOSEN_NUMBER][row], means[ON_TRUE][row])
        for row, name in enumerate(data_sets)
    }


def _gap_finding(gap: Gap, how: str) -> Finding:
    figures = (
        f"baseline {100 * gap.baseline:.2f} %, pre-sorter {100 * gap.presorter:.2f} %, network on true labels "
        f"{100 * gap.true:.2f} %"
    )
    if gap.closed is None:
        return Finding(f"{how}: the baseline leaves no gap to close ({figures}).")
    holds = gap.closed >= SHARE_LIMIT
    return Finding(
        f"{how}: at least half of the gap closed {'holds' if holds else 'does not hold'}: the pre-sorter closes "
        f"{100 * gap.closed:.0f} % of {points(gap.true - gap.baseline)} points ({figures}).",
        verdict(holds),
    )


def _headline(gap: Gap) -> Headline:
    if gap.closed is None:
        return Headline("Gap of the labels closed", Cell("no gap"), "the baseline is as good as true labels")
    return Headline(
        "Gap of the labels closed",
        Cell(f"{100 * gap.closed:.0f} %", verdict(gap.closed >= SHARE_LIMIT)),
        "from the baseline to true labels, number of units chosen by the data",
    )


def _jobs(data_set: str, seeds: Sequence[int], way: str) -> list[Job]:
    model, labels = _WAYS[way]
    return [Job(data_set, seed, model, labels) for seed in seeds]


def _mean(spreads: Sequence[Spread | None]) -> float:
    known = [spread.mean for spread in spreads if spread is not None]
    return sum(known) / len(known)


def _table(spreads: dict[str, list[Spread | None]], data_sets: Sequence[str]) -> Table:
    rows = tuple(
        (Cell(name), *(spread_cell(spreads[way][row]) for way in _WAYS)) for row, name in enumerate(data_sets)
    )
    return Table(
        "Labels and what is learnt from them",
        "Share of test spikes with their true unit, mean and standard deviation over seeds.",
        (*word_columns("Data set"), *number_columns(*_WAYS)),
        rows,
    )


def _numbers(outcome: Outcome, data_sets: Sequence[str], seeds: Sequence[int]) -> Table:
    rows = []
    for name in data_sets:
        found = [outcome.result(job).n_units_found for job in _jobs(name, seeds, CHOSEN_NUMBER)]
        true = outcome.grid.data_sets[name].factors["units"]
        rows.append((Cell(name), Cell(str(true)), Cell(", ".join(map(str, found)))))
    return Table(
        "Number of units found",
        "Where the data decide, one figure a seed.",
        (*word_columns("Data set"), *number_columns("true", "found")),
        tuple(rows),
    )

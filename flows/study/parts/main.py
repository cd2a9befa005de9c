"""All models on all data sets: the claim that the study is about."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from flows.report.model import Picture
from flows.report.table import Cell, Headline, Table, number_columns, word_cells, word_columns
from flows.study.figures.comparison import draw_accuracies, draw_gaps
from flows.study.grid import RIVALS, TWIN, Part
from flows.study.job import ONE_BIT, PRESORTER, Job
from flows.study.outcome import Outcome, data_sets_in, known_spread, models_in
from flows.study.section import Finding, Section, verdict
from flows.study.statistics import Difference, compare, spread_of
from flows.study.words import (
    interval_text,
    listed,
    over_seeds,
    p_relation,
    p_text,
    points,
    size,
    spread_cell,
    title_of,
)

MEAN_LIMIT, WORST_LIMIT = 0.005, 0.015
"""The claim: how far the 1-bit network may lie below the best full-precision one, in the mean and on any one set."""
ACCURACIES, GAPS = "figures/models.png", "figures/gap.png"
_COUNTED, _NOT_COUNTED = "Accuracy, overlapping spikes counted", "Accuracy, overlapping spikes left out"
_CURVES = ("noise", "drift", "units")
"""Parts whose data sets are others than those of the claim."""
_BEST = "best full-precision network"


def main_section(outcome: Outcome, part: Part, folder: Path) -> Section:
    """Accuracy of every model, the claim, and which differences are real."""
    data_sets, models = data_sets_in(part.jobs), models_in(part.jobs)
    tables = {model: outcome.table(part, model, data_sets) for model in models}
    best = _best_rivals(tables)
    gap, *_ = compare({**tables, _BEST: tables_of(tables, best)}, ONE_BIT, [_BEST])
    differences = compare(tables, ONE_BIT, [model for model in models if model != ONE_BIT])
    per_set = {
        name: spread_of(list(row))
        for name, row in zip(data_sets, tables[ONE_BIT] - tables_of(tables, best), strict=True)
    }
    spreads = {model: [spread_of(list(row)) for row in table] for model, table in tables.items()}
    draw_accuracies(spreads, data_sets, folder / ACCURACIES)
    draw_gaps(per_set, gap, (MEAN_LIMIT, WORST_LIMIT), folder / GAPS)
    n_sets, n_seeds = tables[ONE_BIT].shape
    return Section(
        heading="Models",
        text=(
            f"Every model is fitted to the same pseudo-labels of {n_sets} data sets, {over_seeds(n_seeds)} each; a "
            "seed draws a new recording, its units, and the first weights. Accuracy is the share of the detected "
            "spikes of the test part that get their true unit; overlapping spikes count."
        ),
        findings=(
            *claim_findings(gap, {name: each.mean for name, each in per_set.items()}, n_seeds),
            *elsewhere_findings(outcome, data_sets),
            *_order_findings(tables, differences),
        ),
        pictures=(
            Picture(ACCURACIES, f"Accuracy of every model on every data set, {over_seeds(n_seeds)}"),
            Picture(GAPS, "What the 1-bit network gives up to the best full-precision network of each data set"),
        ),
        tables=(
            _by_data_set(part, models, _COUNTED, outcome.accuracy),
            _by_data_set(part, models, _NOT_COUNTED, outcome.accuracy_alone),
            _by_model(tables, differences),
        ),
        headlines=(_headline(gap),),
    )


def claim_findings(gap: Difference, per_set: dict[str, float], n_seeds: int) -> tuple[Finding, ...]:
    """Whether the 1-bit network is as near the best of its rivals as is claimed."""
    rivals = listed([title_of(rival) for rival in RIVALS])
    worst = min(per_set, key=lambda name: per_set[name])
    is_near, is_never_far = gap.mean >= -MEAN_LIMIT, per_set[worst] >= -WORST_LIMIT
    return (
        Finding(
            f"Within {size(MEAN_LIMIT)} of the best of {rivals} in the mean over the data sets: "
            f"{'holds' if is_near else 'does not hold'}. On each data set held against the best of them there, the "
            f"1-bit network differs by {points(gap.mean)} points in the mean (95 % interval {interval_text(gap)}; "
            f"{over_seeds(n_seeds)}){_doubt(gap)}.",
            verdict(is_near),
        ),
        Finding(
            f"Never more than {size(WORST_LIMIT)} below on any one data set: "
            f"{'holds' if is_never_far else 'does not hold'}. Its worst data set is {worst}, with "
            f"{points(per_set[worst])} points in the mean over seeds.",
            verdict(is_never_far),
        ),
    )


def _doubt(gap: Difference) -> str:
    """A clause where another draw of data sets and seeds might have come out on the limit's other side."""
    return ": the interval reaches across that limit" if gap.low < -MEAN_LIMIT <= gap.high else ""


def elsewhere_findings(outcome: Outcome, names: Sequence[str]) -> tuple[Finding, ...]:
    """The 1-bit network beside the twin alone, on the generated data sets of the curves; `names` are left out."""
    parts = (outcome.part(name) for name in _CURVES)
    jobs = dict.fromkeys(job for part in parts if part for job in part.jobs if job.model == ONE_BIT)
    gaps: dict[str, list[float]] = {}
    for job in jobs:
        first, second = outcome.accuracy(job), outcome.accuracy(replace(job, model=TWIN))
        if job.data_set not in names and first is not None and second is not None:
            gaps.setdefault(job.data_set, []).append(first - second)
    if not gaps:
        return ()
    means = {name: fmean(values) for name, values in gaps.items()}
    worst = min(means, key=lambda name: means[name])
    return (
        Finding(
            f"CNN and LSTM are trained on the data sets of this section alone. On the {len(means)} others of the "
            f"curves below, the 1-bit network differs from the {title_of(TWIN)} by "
            f"{points(fmean(means.values()))} points in the mean; worst is {worst} with "
            f"{points(means[worst])} points."
        ),
    )


def _order_findings(tables: dict[str, NDArray[np.float64]], differences: Sequence[Difference]) -> tuple[Finding, ...]:
    means = {model: float(table.mean()) for model, table in tables.items() if model != PRESORTER}
    ordered = sorted(means, key=lambda model: -means[model])
    ranking = "; ".join(f"{title_of(model)} {100 * means[model]:.2f} %" for model in ordered)
    return (Finding(f"In the mean over all data sets and seeds: {ranking}."), *difference_findings(differences))


def difference_findings(differences: Sequence[Difference]) -> tuple[Finding, ...]:
    """Whom the 1-bit network is really better than, worse than, and whom it cannot be told from."""
    groups = {
        "The 1-bit network is really better, in points, than": [d for d in differences if d.is_real and d.mean > 0],
        "It is really worse, in points, than": [d for d in differences if d.is_real and d.mean < 0],
        "Not shown to differ, in points, from": [d for d in differences if not d.is_real],
    }
    return tuple(Finding(f"{words} {listed(list(map(_told, group)))}.") for words, group in groups.items() if group)


def _told(difference: Difference) -> str:
    return f"{title_of(difference.second)} ({points(difference.mean)}, p {p_relation(difference.p)})"


def _best_rivals(tables: dict[str, NDArray[np.float64]]) -> list[str]:
    """On each data set, the rival with the highest mean over seeds."""
    rivals = [rival for rival in RIVALS if rival in tables]
    means = np.array([tables[rival].mean(axis=1) for rival in rivals])
    return [rivals[index] for index in means.argmax(axis=0)]


def tables_of(tables: dict[str, NDArray[np.float64]], chosen: Sequence[str]) -> NDArray[np.float64]:
    """Accuracies `[n_data_sets, n_seeds]` of the model chosen for each data set."""
    return np.array([tables[model][row] for row, model in enumerate(chosen)])


def _headline(gap: Difference) -> Headline:
    return Headline(
        "1-bit against the best full-precision network",
        Cell(f"{points(gap.mean)} points", verdict(gap.mean >= -MEAN_LIMIT)),
        f"mean over data sets; 95 % interval {interval_text(gap)}",
    )


def _by_data_set(part: Part, models: Sequence[str], heading: str, accuracy: Callable[[Job], float | None]) -> Table:
    rows = []
    for name in data_sets_in(part.jobs):
        jobs = {model: [job for job in part.jobs if (job.data_set, job.model) == (name, model)] for model in models}
        rows.append((Cell(name), *(spread_cell(known_spread(map(accuracy, jobs[model]))) for model in models)))
    return Table(
        heading,
        "Mean and standard deviation over seeds, against true units.",
        (*word_columns("Data set"), *number_columns(*(title_of(model) for model in models))),
        tuple(rows),
    )


def _by_model(tables: dict[str, NDArray[np.float64]], differences: Sequence[Difference]) -> Table:
    rows = [
        (
            Cell(title_of(each.second)),
            Cell(f"{100 * float(tables[each.second].mean()):.2f} %"),
            Cell(points(each.mean)),
            Cell(interval_text(each)),
            Cell(p_text(each.p)),
            *word_cells("yes" if each.is_real else "no"),
        )
        for each in differences
    ]
    return Table(
        "1-bit network minus each other model",
        "Over pairs of the same data set and seed. Test: Wilcoxon signed-rank (1945; zeros after Pratt 1959), p "
        "adjusted by Holm (1979). Interval: data sets and seeds resampled independently (Owen 2007). Real: adjusted "
        "p below 0.05, and 0 outside the interval.",
        (
            *word_columns("Compared with"),
            *number_columns("its mean", "1-bit minus it, points", "95 % interval", "adjusted p"),
            *word_columns("Real"),
        ),
        tuple(rows),
    )

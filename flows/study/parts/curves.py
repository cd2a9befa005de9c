"""Accuracy against one factor at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.report.model import Picture
from flows.report.table import Cell, Table, number_columns
from flows.study.figures.curves import Panel, Scale, draw_curves
from flows.study.grid import ORDERS, Part
from flows.study.job import ONE_BIT, Job, numbered
from flows.study.outcome import Outcome, seeds_in
from flows.study.section import Finding, Section
from flows.study.statistics import Spread
from flows.study.words import listed, over_seeds, spread_cell, spread_text, title_of


@dataclass(frozen=True)
class Curve:
    """A factor that is varied and how it is told of."""

    part: str
    axis: str
    """Label of the horizontal axis, with its unit."""
    text: str
    value: Callable[[Outcome, Job], float]
    group: Callable[[Outcome, Job], str]
    """What each panel has in common."""
    scale: Scale = "linear"
    told: Callable[[float], str] = "{:g}".format
    """A value as people read it."""


def _factor(name: str) -> Callable[[Outcome, Job], float]:
    return lambda outcome, job: float(str(outcome.grid.data_sets[job.data_set].factors[name]))


def _similarity(outcome: Outcome, job: Job) -> str:
    return f"{outcome.grid.data_sets[job.data_set].factors['similarity']} units"


def _data_set(outcome: Outcome, job: Job) -> str:
    return job.data_set


def _orders(outcome: Outcome, job: Job) -> tuple[int, ...]:
    return job.differences or outcome.grid.data_sets[job.data_set].differences


def _training_spikes(outcome: Outcome, job: Job) -> float:
    return float(outcome.result(job).n_train if job.training_spikes is None else job.training_spikes)


CURVES = (
    Curve(
        "noise",
        "noise, standard deviation as a share of the peak amplitude",
        "Recordings of the same units at rising noise. Above 0.20, where a threshold would miss most spikes, windows "
        "are cut at the true times: no detection stands behind those points.",
        _factor("noise"),
        _similarity,
    ),
    Curve(
        "jitter",
        "test windows cut too late, samples (negative: too early)",
        "Fitted to windows that stand right; the test windows are cut from the recording some samples beside.",
        lambda outcome, job: float(job.shift),
        _data_set,
    ),
    Curve(
        "drift",
        "drift over the recording, share of the amplitude",
        "Amplitudes rise or fall evenly. Training sees the first 60 % of a recording, the test is the last quarter.",
        _factor("drift"),
        _similarity,
    ),
    Curve("units", "units on the channel", "Recordings with more units.", _factor("units"), _similarity),
    Curve(
        "spikes",
        "training spikes",
        "Pre-sorter and models see only the first spikes of the training part, the validation part as much less.",
        _training_spikes,
        _data_set,
        "log",
    ),
    Curve(
        "differences",
        "what the network is given: orders of differences between samples",
        "The samples themselves (0), their first (1) or second differences (2), or two inputs a sample (1+2), which "
        "makes the first layer twice as large.",
        lambda outcome, job: float(ORDERS.index(_orders(outcome, job))),
        _data_set,
        "named",
        lambda value: numbered(ORDERS[int(value)]),
    ),
)


def curve_section(curve: Curve, outcome: Outcome, part: Part, folder: Path) -> Section:
    """Accuracy of some models against the factor."""
    shown = panels_of(curve, outcome, part)
    picture = f"figures/{curve.part}.png"
    draw_curves(shown, curve.axis, folder / picture, curve.scale)
    return Section(
        heading=part.title,
        text=f"{curve.text} {over_seeds(len(seeds_in(part.jobs))).capitalize()}, pseudo-labels.",
        findings=tuple(curve_finding(curve, panel) for panel in shown),
        pictures=(Picture(picture, f"{part.title}: mean and standard deviation over seeds"),),
        tables=tuple(_table(curve, panel) for panel in shown),
    )


def panels_of(curve: Curve, outcome: Outcome, part: Part) -> list[Panel]:
    """A panel for each group, over the factor's values."""
    groups: dict[str, list[Job]] = {}
    for job in part.jobs:
        groups.setdefault(curve.group(outcome, job), []).append(job)
    return [_panel(curve, outcome, title, jobs) for title, jobs in groups.items()]


def _panel(curve: Curve, outcome: Outcome, title: str, jobs: Sequence[Job]) -> Panel:
    by_value: dict[tuple[str, Job], list[Job]] = {}
    curves: dict[str, list[tuple[float, Spread | None]]] = {}
    for job in jobs:
        by_value.setdefault((job.model, _without_seed(job)), []).append(job)
    for (model, _), same in by_value.items():
        value = sum(curve.value(outcome, job) for job in same) / len(same)
        curves.setdefault(model, []).append((value, outcome.spread(same)))
    ordered = {model: sorted(points, key=lambda point: point[0]) for model, points in curves.items()}
    values = [value for value, _ in next(iter(ordered.values()))]
    names = [curve.told(value) for value in values]
    return Panel(title, values, names, {model: [spread for _, spread in points] for model, points in ordered.items()})


def _without_seed(job: Job) -> Job:
    return Job(**{**vars(job), "seed": 0})


def curve_finding(curve: Curve, panel: Panel) -> Finding:
    """How the 1-bit network fares from one end to the other, and beside the others at its hardest."""
    spreads = panel.curves[ONE_BIT]
    known = [index for index, spread in enumerate(spreads) if spread is not None]
    hardest = min(known, key=lambda index: _mean(spreads[index]))
    best = max(known, key=lambda index: _mean(spreads[index]))
    others = [
        f"{title_of(model)} {spread_text(values[hardest])}"
        for model, values in panel.curves.items()
        if model != ONE_BIT
    ]
    return Finding(
        f"{panel.title}: the 1-bit network is at its best with {spread_text(spreads[best])} at "
        f"{panel.names[best]}, at its worst with {spread_text(spreads[hardest])} at {panel.names[hardest]}; "
        f"there, {listed(others)} ({curve.axis})."
    )


def _mean(spread: Spread | None) -> float:
    return float("nan") if spread is None else spread.mean


def _table(curve: Curve, panel: Panel) -> Table:
    rows = [
        (Cell(name), *(spread_cell(values[index]) for values in panel.curves.values()))
        for index, name in enumerate(panel.names)
    ]
    return Table(
        panel.title,
        f"By {curve.axis}.",
        number_columns(curve.part, *(title_of(model) for model in panel.curves)),
        tuple(rows),
    )

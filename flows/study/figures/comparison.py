"""Models side by side on every data set."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from flows.study.figures.style import INK, SOFT, legend_below, look_of, panels, save
from flows.study.statistics import Difference, Spread


def draw_accuracies(spreads: Mapping[str, Sequence[Spread | None]], data_sets: Sequence[str], path: Path) -> None:
    """A row for each data set, a mark for each model, bars of one standard deviation over seeds."""
    figure, (axes,) = panels(1, 8.2, 1.8 + (0.12 + 0.062 * len(spreads)) * len(data_sets))
    offsets = np.linspace(-0.33, 0.33, len(spreads))
    for (model, values), offset in zip(spreads.items(), offsets, strict=True):
        look = look_of(model)
        known = [(row, each) for row, each in enumerate(values) if each is not None]
        _draw_spreads(
            axes,
            [row + offset for row, _ in known],
            [each for _, each in known],
            color=look.colour,
            marker=look.mark,
            markersize=look.mark_size - 0.5,
            elinewidth=0.8,
            label=look.title,
        )
    _rows(figure, data_sets)
    axes.set_xlabel("test spikes with their true unit, % (bar: one standard deviation over seeds)", fontsize=9)
    legend_below(figure, axes, 4)
    save(figure, path)


def draw_gaps(gaps: Mapping[str, Spread], overall: Difference, limits: tuple[float, float], path: Path) -> None:
    """How far a model is from the best rival on each data set, and in the mean, in percentage points.

    Args:
        gaps: data set -> difference over seeds.
        overall: mean over data sets, with its interval.
        limits: what the mean, and any one data set, may lie below 0.
        path: file to write.
    """
    figure, (axes,) = panels(1, 7.4, 1.4 + 0.36 * len(gaps))
    _draw_spreads(
        axes,
        range(len(gaps)),
        list(gaps.values()),
        color="#0072b2",
        marker="o",
        markersize=5,
        elinewidth=0.9,
        capsize=2.5,
        label="data set: mean and standard deviation over seeds",
    )
    axes.errorbar(
        [100 * overall.mean],
        [len(gaps)],
        xerr=[[100 * (overall.mean - overall.low)], [100 * (overall.high - overall.mean)]],
        color="#d55e00",
        marker="D",
        markersize=7,
        elinewidth=1.6,
        capsize=4,
        linestyle="none",
        label="all data sets: mean and 95 % confidence interval",
    )
    axes.axvline(0, color=INK, linewidth=0.9)
    axes.axvline(-100 * limits[0], color="#d55e00", linewidth=1.1, linestyle="--", label="claimed for the mean")
    axes.axvline(-100 * limits[1], color=SOFT, linewidth=1.1, linestyle=":", label="claimed for any one data set")
    _rows(figure, [*gaps, "mean"])
    axes.set_xlabel("1-bit network minus the best full-precision network, percentage points", fontsize=9)
    legend_below(figure, axes, 2)
    save(figure, path)


def _draw_spreads(axes: Axes, rows: Sequence[float], spreads: Sequence[Spread], **look: Any) -> None:
    """Means in percent, with bars of one standard deviation; none where it is unknown."""
    axes.errorbar(
        [100 * spread.mean for spread in spreads],
        rows,
        xerr=[100 * (spread.deviation or 0.0) for spread in spreads],
        linestyle="none",
        **look,
    )


def _rows(figure: Figure, names: Sequence[str]) -> None:
    axes = figure.axes[0]
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x", color="#e3e1dc", linewidth=0.7)
    for row in range(1, len(names)):
        axes.axhline(row - 0.5, color="#efede8", linewidth=0.7)

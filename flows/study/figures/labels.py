"""Labels of several origins side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from flows.study.figures.style import in_percent, legend_below, panels, save
from flows.study.statistics import Spread

_COLOURS = ("#9aa3ab", "#e69f00", "#cc79a7", "#d55e00", "#56b4e9", "#0072b2")
_MARKS = ("v", "P", "X", "o", "s", "D")


def draw_labels(spreads: Mapping[str, Sequence[Spread | None]], data_sets: Sequence[str], path: Path) -> None:
    """A group for each data set, a mark for each way of labelling, bars of one standard deviation over seeds."""
    figure, (axes,) = panels(1, max(7.5, 1.6 + 1.7 * len(data_sets)), 3.9)
    offsets = np.linspace(-0.3, 0.3, len(spreads))
    for (way, values), offset, colour, mark in zip(spreads.items(), offsets, _COLOURS, _MARKS, strict=True):
        axes.errorbar(
            np.arange(len(data_sets)) + offset,
            in_percent([None if each is None else each.mean for each in values]),
            in_percent([0.0 if each is None else each.deviation or 0.0 for each in values]),
            linestyle="none",
            color=colour,
            marker=mark,
            markersize=6,
            elinewidth=0.9,
            capsize=2.5,
            label=way,
        )
    axes.set_xticks(range(len(data_sets)), data_sets, parse_math=False)
    axes.set_ylabel("test spikes with their true unit, %", fontsize=9)
    legend_below(figure, axes, 3)
    save(figure, path)

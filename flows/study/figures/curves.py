"""Accuracy against a factor, a line for each model with a bar of one standard deviation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, NullLocator, ScalarFormatter

from flows.study.figures.style import in_percent, legend_below, look_of, panels, save
from flows.study.statistics import Spread

Scale = Literal["linear", "log", "named"]
"""Of values; between `named` ones there is nothing, so that no line joins them."""


@dataclass(frozen=True)
class Panel:
    """One set of curves: at each of `values`, every model's accuracy; None where it is not known."""

    title: str
    values: Sequence[float]
    names: Sequence[str]
    """The values as people read them."""
    curves: Mapping[str, Sequence[Spread | None]]


def draw_curves(shown: Sequence[Panel], label: str, path: Path, scale: Scale = "linear") -> None:
    """Panels side by side, with `label` and its unit below each."""
    figure, axes = panels(len(shown), 1.2 + 3.7 * len(shown), 3.7)
    for panel, each in zip(shown, axes, strict=True):
        draw_panel(each, panel, scale)
        each.set_xlabel(label, fontsize=9)
    axes[0].set_ylabel("test spikes with their true unit, %", fontsize=9)
    legend_below(figure, axes[0], 2 * len(shown))
    save(figure, path)


def draw_panel(axes: Axes, panel: Panel, scale: Scale) -> None:
    """The curves of one panel; marks of models stand a little apart, so that their bars don't hide each other."""
    for model, spreads in panel.curves.items():
        look = look_of(model)
        axes.errorbar(
            panel.values,
            in_percent([None if each is None else each.mean for each in spreads]),
            in_percent([0.0 if each is None else each.deviation or 0.0 for each in spreads]),
            color=look.colour,
            marker=look.mark,
            markersize=look.mark_size,
            linestyle="none" if scale == "named" else "-",
            linewidth=2.0 if look.is_main else 1.2,
            elinewidth=0.9,
            capsize=2.5,
            label=look.title,
            zorder=3 if look.is_main else 2,
        )
    if scale == "log":
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.set_xticks(list(panel.values), list(panel.names))
    axes.set_title(panel.title, fontsize=9)

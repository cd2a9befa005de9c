"""Accuracy and the cost of gateware over one choice, in one picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes

from flows.study.figures.curves import Panel, draw_panel
from flows.study.figures.style import legend_below, panels, save
from flows.study.statistics import Spread


@dataclass(frozen=True)
class Cost:
    """What is drawn of a design's resources."""

    luts: int
    memory: str
    """Block memories, with their unit."""
    clocks: int


def draw_costs(
    axis: str,
    settings: Sequence[int],
    curves: Mapping[str, Sequence[Spread | None]],
    costs: Sequence[Cost | None],
    path: Path,
) -> None:
    """Accuracy above, lookup tables below, over the same settings set at equal distances."""
    figure, (above, below) = panels(1, 6.4, 5.4, n_rows=2)
    places, names = list(range(len(settings))), [str(setting) for setting in settings]
    draw_panel(above, Panel("", places, names, curves), "linear")
    above.set_ylabel("test spikes with\ntheir true unit, %", fontsize=9)
    _bars(below, costs)
    below.set_xticks(places, names)
    for axes in (above, below):
        axes.set_xlim(-0.6, len(settings) - 0.4)
    below.set_xlabel(axis, fontsize=9)
    legend_below(figure, above, 4)
    save(figure, path)


def _bars(axes: Axes, costs: Sequence[Cost | None]) -> None:
    luts = [0 if cost is None else cost.luts for cost in costs]
    bars = axes.bar(range(len(costs)), luts, width=0.62, color="#5a6b7b")
    words = [
        "does not fit" if cost is None else f"{cost.luts}\n{cost.memory}\n{cost.clocks} clocks" for cost in costs
    ]
    axes.bar_label(bars, words, padding=3, fontsize=7.5)
    axes.set_ylim(0, 1.45 * max(luts))
    axes.set_ylabel("LUTs (analytic)", fontsize=9)

"""A picture of measured currents beside those told by a fit that has not seen them."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from flows.calibrate.power.fit import Held

_LIMIT = 0.15


def plot_held(held: Sequence[Held], path: Path) -> None:
    """Draw told over measured current, with a band of 15 %; the same rows give the same bytes."""
    figure = Figure(figsize=(6.0, 5.0), dpi=144, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    ends = [0.8 * min(row.measured_ua for row in held), 1.2 * max(row.measured_ua for row in held)]
    axes.fill_between(ends, [end * (1 - _LIMIT) for end in ends], [end * (1 + _LIMIT) for end in ends], alpha=0.12)
    axes.plot(ends, ends, linewidth=0.8, color="grey")
    axes.plot([row.measured_ua for row in held], [row.predicted_ua for row in held], "o", markersize=4)
    furthest = max(held, key=lambda row: abs(row.error) * (row.measured_ua > 200))
    axes.annotate(furthest.name, (furthest.measured_ua, furthest.predicted_ua), (8, -10), textcoords="offset points")
    axes.set(xscale="log", yscale="log")
    axes.set_xlabel("core current as published, µA")
    axes.set_ylabel("told by a fit of the other designs, µA (band: 15 %)")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, format="png", metadata={"Software": None})

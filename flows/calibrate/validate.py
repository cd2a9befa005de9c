"""How far estimates lie from what tools made of the same designs: figures, table and picture."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter


@dataclass(frozen=True)
class Pair:
    """One figure of one design: estimated, and measured by a tool.

    Attributes:
        kind: of the design.
        estimated: None where the model says nothing of such a design.
        measured: in the same unit.
    """

    kind: str
    estimated: float | None
    measured: float

    @property
    def error(self) -> float | None:
        """Distance from what was measured, as a fraction of it; of one where nothing was measured."""
        return None if self.estimated is None else abs(self.estimated - self.measured) / (self.measured or 1)


@dataclass(frozen=True)
class Errors:
    """Errors of many estimates, in percent.

    Attributes:
        n: estimates.
        median: half of the errors are no greater.
        percentile_95: 95 of a hundred errors are no greater.
        greatest: of all.
        exact: how many estimates are what was measured.
        unknown: designs that the model says nothing of.
    """

    n: int
    median: float
    percentile_95: float
    greatest: float
    exact: int
    unknown: int

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> "Errors | None":
        """Of some estimates; None where there are none."""
        errors = [pair.error for pair in pairs]
        known = [error for error in errors if error is not None]
        if not known:
            return None
        median, percentile_95, greatest = (float(np.percentile(known, q)) * 100 for q in (50, 95, 100))
        return cls(len(known), median, percentile_95, greatest, known.count(0), len(errors) - len(known))


COLUMNS = ("device", "figure", "designs", "n", "median %", "95th percentile %", "greatest %", "exact", "unknown")


def lines_of(device: str, figure: str, pairs: Sequence[Pair]) -> list[tuple[str, ...]]:
    """A line of the table for all designs, and one for each kind of design."""
    groups = {"all": list(pairs)} | {kind: [p for p in pairs if p.kind == kind] for kind in _kinds(pairs)}
    lines = []
    for name, group in groups.items():
        errors = Errors.of(group)
        if errors is not None:
            shown = (f"{x:.1f}" for x in (errors.median, errors.percentile_95, errors.greatest))
            lines.append((device, figure, name, str(errors.n), *shown, str(errors.exact), str(errors.unknown)))
    return lines


def markdown(lines: Iterable[Sequence[str]]) -> str:
    """The table."""
    rows = [COLUMNS, ["---", "---", "---", *["---:"] * (len(COLUMNS) - 3)], *lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def comma_separated(lines: Iterable[Sequence[str]]) -> str:
    """The table for other programs."""
    return "".join(f"{','.join(row)}\n" for row in (COLUMNS, *lines))


def plot(figures: Mapping[str, Mapping[str, Sequence[Pair]]], path: Path) -> None:
    """Draw estimates against measurements, a row of panels for each device, a panel for each figure.

    Args:
        figures: device -> figure -> estimates.
        path: of the PNG file.
    """
    columns = max(len(panels) for panels in figures.values())
    kinds = _kinds(pair for panels in figures.values() for pairs in panels.values() for pair in pairs)
    colours = {kind: f"C{index}" for index, kind in enumerate(kinds)}
    page = Figure(figsize=(4 * columns, 4 * len(figures)), layout="constrained")
    axes = page.subplots(len(figures), columns, squeeze=False)
    for row, (device, panels) in zip(axes, figures.items(), strict=True):
        for panel, (figure, pairs) in zip(row, panels.items(), strict=False):
            _scatter(panel, pairs, colours)
            panel.set(title=f"{device}: {figure}", xlabel="measured", ylabel="estimated")
        for panel in row[len(panels) :]:
            panel.set_axis_off()
    page.savefig(path, dpi=110, metadata={"Software": None})


def _scatter(panel: Axes, pairs: Iterable[Pair], colours: Mapping[str, str]) -> None:
    """Points of each kind and the line on which both are equal; on scales of ratios where they span a decade."""
    known = [(pair.kind, pair.measured, pair.estimated) for pair in pairs if pair.estimated is not None]
    values = [value for _, *both in known for value in both]
    if not values:
        return
    if max(values) > 10 * min(values) > 0:
        panel.set(xscale="log", yscale="log")
        for axis in (panel.xaxis, panel.yaxis):
            axis.set_minor_formatter(NullFormatter())  # labels between the decades would cover each other
    ends = [min(values), max(values)]
    panel.plot(ends, ends, color="0.7", linewidth=1)
    for kind, colour in colours.items():
        points = [both for name, *both in known if name == kind]
        if points:
            panel.plot(*zip(*points, strict=True), "o", color=colour, markersize=4, alpha=0.7, label=kind)
    panel.legend(fontsize="small")


def _kinds(pairs: Iterable[Pair]) -> list[str]:
    return sorted({pair.kind for pair in pairs})

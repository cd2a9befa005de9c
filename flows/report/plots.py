"""Pictures for the report; the same numbers give the same bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from flows.report.figures import number
from flows.report.model import Resource, UpsetPlace

_COLOURS = ("#0f6e84", "#d9822b", "#7a4fa3", "#3d8b54", "#c0446c", "#5a6b7b", "#a68a1e", "#2f5fb3")
_SOFT = "#9aa3ab"
_MOST_INCHES = 60.0


def unit_waveforms(
    waveforms: NDArray[np.number],
    labels: NDArray[np.integer],
    unit_names: Sequence[str],
    lsb: float,
    unit_of_measure: str,
    path: Path,
) -> None:
    """Mean waveform of every unit with a band of one standard deviation.

    `waveforms` is `[n_spikes, n_channels, n_samples]` in least significant bits, `labels` `[n_spikes]` an
    index into `unit_names` (other values are left out), `lsb` in `unit_of_measure`. Channels stand one after
    the other.
    """
    n_channels, n_samples = waveforms.shape[1:]
    width, height = 4.5 + 1.5 * n_channels, max(3.4, 0.6 + 0.2 * len(unit_names))
    figure, axes = _figure(min(width, _MOST_INCHES), min(height, _MOST_INCHES))
    for unit, name in enumerate(unit_names):
        of_unit = waveforms[labels == unit].astype(np.float64) * lsb
        if len(of_unit):
            literal = name.replace("$", r"\$")  # which would begin a formula
            _band(axes, of_unit, f"unit {literal} ({len(of_unit)})", _COLOURS[unit % len(_COLOURS)])
    for border in range(1, n_channels):
        axes.axvline(border * n_samples - 0.5, color=_SOFT, linewidth=0.8)
    axes.set_xlabel("sample" if n_channels == 1 else f"sample, {n_channels} channels side by side")
    axes.set_ylabel(unit_of_measure.replace("uV", "µV"))
    axes.legend(frameon=False, fontsize=8)
    _save(figure, path)


def layer_cycles(cycles: Mapping[str, int], target_cycles: int | None, path: Path) -> None:
    """Clocks an inference of every layer, with the target as a line where there is one."""
    figure, axes = _figure(height_inches=1.2 + 0.4 * len(cycles))
    bars = axes.barh(list(cycles), list(cycles.values()), color=_COLOURS[0], height=0.6)
    axes.bar_label(bars, padding=4, fontsize=8)
    axes.invert_yaxis()
    if target_cycles is not None:
        axes.axvline(target_cycles, color=_COLOURS[1], linewidth=1.2, label=f"target {target_cycles}")
        axes.legend(frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 1))
    axes.margins(x=0.12)
    axes.set_xlabel("clocks an inference")
    _save(figure, path)


def resource_bars(resources: Sequence[Resource], path: Path) -> None:
    """Estimated and counted use of one device, in percent of what it has; an unknown one has no bar."""
    limited = [(resource, resource.available) for resource in resources if resource.available]
    figure, axes = _figure(height_inches=1.4 + 0.6 * len(limited))
    _percent_bars(axes, "analytic", -0.19, [(resource.analytic.value, has) for resource, has in limited], _SOFT)
    _percent_bars(
        axes, "synthesised", 0.19, [(resource.synthesised.value, has) for resource, has in limited], _COLOURS[0]
    )
    names = [f"{resource.resource} of {number(has)}" for resource, has in limited]
    axes.set_yticks(range(len(limited)), names)
    axes.invert_yaxis()
    axes.margins(x=0.14)
    axes.set_xlabel("percent of the device")
    axes.legend(frameon=False, fontsize=8, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
    _save(figure, path)


def pareto_front(
    luts: Sequence[int],
    block_rams: Sequence[int],
    clocks: Mapping[str, Sequence[int]],
    energy_nj: Sequence[tuple[float, float]],
    path: Path,
) -> None:
    """Lookup tables of every design over each kind of clocks, and over its energy where that is known.

    Colour tells the block memories. `energy_nj` is low and high of each design, joined by a line, or empty.
    """
    n_panels = len(clocks) + bool(energy_nj)
    figure = Figure(figsize=(3.5 * n_panels, 3.6), dpi=144, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, n_panels, sharey=True)
    for axes, (label, values) in zip(panels, clocks.items(), strict=False):
        points = axes.scatter(values, luts, c=block_rams, s=8, cmap="viridis", linewidths=0)
        _logarithmic(axes, label)
    if energy_nj:
        panels[-1].hlines(luts, *zip(*energy_nj, strict=True), color=_COLOURS[0], alpha=0.2, linewidth=1)
        _logarithmic(panels[-1], "energy of an inference, nJ, low to high")
    panels[0].set_ylabel("LUTs", fontsize=8)
    bar = figure.colorbar(points, ax=panels)
    bar.set_label("block RAM", fontsize=8)
    bar.ax.tick_params(labelsize=8)
    _save(figure, path)


@dataclass(frozen=True)
class PowerCurve:
    """Average power of a design over its clock, in microwatts, between bounds: while the clock runs, and stopped."""

    name: str
    clock_mhz: Sequence[float]
    runs: Sequence[tuple[float, float]]
    stops: Sequence[tuple[float, float]]


def power_over_clock(curves: Sequence[PowerCurve], path: Path) -> None:
    """Power of several designs over the clock: solid where it always runs, dashed where it stops between spikes.

    Lines are halfway between the bounds; a band shows them where the clock runs.
    """
    figure, axes = _figure(width_inches=7.0, height_inches=4.2)
    for index, curve in enumerate(curves):
        colour = _COLOURS[index % len(_COLOURS)]
        low, high = zip(*curve.runs, strict=True)
        axes.fill_between(curve.clock_mhz, low, high, color=colour, alpha=0.12, linewidth=0)
        for powers, style, label in ((curve.runs, "-", curve.name), (curve.stops, "--", None)):
            middles = [sum(bounds) / 2 for bounds in powers]
            axes.plot(curve.clock_mhz, middles, style, color=colour, linewidth=1.6, label=label)
        axes.plot(curve.clock_mhz[0], sum(curve.runs[0]) / 2, "o", color=colour, markersize=4)
    _logarithmic(axes, "clock, MHz (dot: the slowest that keeps up; dashed: stopped between spikes)")
    axes.set_ylabel("average power, µW", fontsize=8)
    axes.legend(frameon=False, fontsize=8)
    _save(figure, path)


def upset_curves(places: Sequence[UpsetPlace], path: Path) -> None:
    """Agreement of each place over flipped bits, with a band of one standard deviation."""
    figure, axes = _figure(width_inches=7.5, height_inches=4.0)
    for index, place in enumerate(places):
        flips = np.array([point.flips for point in place.points])
        means = np.array([point.agreement_mean for point in place.points])
        deviations = np.array([point.agreement_deviation or 0.0 for point in place.points])
        colour, style = _COLOURS[index % len(_COLOURS)], "-" if index < len(_COLOURS) else "--"
        low, high = np.clip([means - deviations, means + deviations], 0.0, 1.0)
        axes.fill_between(flips, 100 * low, 100 * high, color=colour, alpha=0.15, linewidth=0)
        literal = place.name.replace("$", r"\$")  # which would begin a formula
        axes.plot(flips, 100 * means, style, color=colour, linewidth=1.6, label=f"{literal} ({number(place.bits)})")
    axes.set_xscale("log", base=2)
    axes.set_xlabel("flipped bits")
    axes.set_ylabel("answers as without faults, percent")
    axes.legend(frameon=False, fontsize=7, title="memory (bits)", title_fontsize=7)
    _save(figure, path)


def precision_over_recall(
    recall: NDArray[np.float64], precision: NDArray[np.float64], chosen: int | None, margin: int, path: Path
) -> None:
    """Precision over recall as the margin of 'unsorted' grows, from no margin on; `chosen` is an index."""
    figure, axes = _figure(width_inches=5.5, height_inches=3.8)
    axes.plot(100 * recall, 100 * precision, ".-", color=_COLOURS[0], linewidth=1.2, markersize=3)
    axes.plot(100 * recall[0], 100 * precision[0], "s", color=_COLOURS[2], markersize=6, label="every answer given")
    if chosen is not None:
        at = (100 * recall[chosen], 100 * precision[chosen])
        axes.plot(*at, "o", color=_COLOURS[1], markersize=7, label=f"margin {margin}, as calibrated")
    axes.set_xlabel("recall: right answers of the spikes to find, percent", fontsize=8)
    axes.set_ylabel("precision: right answers of the answers, percent", fontsize=8)
    axes.legend(frameon=False, fontsize=8, loc="lower left")
    _save(figure, path)


def _logarithmic(axes: Axes, label: str) -> None:
    axes.set(xscale="log", yscale="log")
    axes.set_xlabel(label, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8, which="both")


def _percent_bars(
    axes: Axes, label: str, offset: float, counts: Sequence[tuple[float | int | str | None, int]], colour: str
) -> None:
    known = [(row, count, has) for row, (count, has) in enumerate(counts) if isinstance(count, (int, float))]
    positions = [row + offset for row, _, _ in known]
    percents = [100 * count / has for _, count, has in known]
    bars = axes.barh(positions, percents, height=0.34, color=colour, label=label)
    axes.bar_label(bars, labels=[number(count) for _, count, _ in known], padding=4, fontsize=8)


def _figure(width_inches: float = 6.0, height_inches: float = 3.4) -> tuple[Figure, Axes]:
    # The object interface keeps no global state, and Agg draws the same on every machine.
    figure = Figure(figsize=(width_inches, height_inches), dpi=144, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    return figure, axes


def _band(axes: Axes, waveforms: NDArray[np.float64], label: str, colour: str) -> None:
    flat = waveforms.reshape(len(waveforms), -1)
    mean, deviation = flat.mean(axis=0), flat.std(axis=0)
    samples = np.arange(len(mean))
    axes.fill_between(samples, mean - deviation, mean + deviation, color=colour, alpha=0.18, linewidth=0)
    axes.plot(samples, mean, color=colour, linewidth=1.6, label=label)


def _save(figure: Figure, path: Path) -> None:
    # Without this, matplotlib's version would stand in the file.
    figure.savefig(path, format="png", metadata={"Software": None})

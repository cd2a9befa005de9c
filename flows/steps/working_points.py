"""The step that chooses clock and folding together, for the least power that keeps up with spikes."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from io import StringIO
from typing import Any

from flows.pipeline import StepContext
from flows.report.assemble import contribution
from flows.report.figures import Bounds, Figure
from flows.report.model import Picture, SpikeEnergy, WorkingPoints
from flows.report.model import WorkingPoint as PointRow
from flows.report.plots import PowerCurve, power_over_clock
from flows.report.published import published_sorters
from flows.steps import files
from flows.steps.exploring import folding_in_words
from flows.steps.folding import open_designs
from flows.steps.network import load_network
from hw.accelerator.accelerator import Accelerator
from hw.devices import Device, device_named
from hw.errors import DoesNotFit
from hw.estimate.power.choice import EXTERNAL_MHZ, WorkingPoint, best_of_each, sorter_of, working_points
from hw.estimate.power.coefficients import PowerCoefficients, coefficients_of
from hw.estimate.power.ranges import Range
from hw.estimate.power.working_point import (
    AveragePower,
    Between,
    Clocking,
    Demand,
    Sorter,
    Source,
    average_power,
    delay_ms,
    slowest_mhz,
)
from hw.estimate.timing import Fmax, estimate_fmax
from hw.network.types import Network
from hw.schedule.explore import Design, explore

_RATES_PER_S = (1.0, 10.0, 50.0, 100.0)
_CHANNELS = (1, 16)
"""What is looked at where no rate is given."""
_SLOWER = {"smaller": 1024, "smaller still": 4096}
"""Initiation intervals of the designs that stand beside the best and the smallest."""
_CURVE_POINTS = 40


def choose_working_points(context: StepContext) -> Mapping[str, Any]:
    """Find clock and folding of least power that keep up, and draw power over the clock.

    Raises:
        DoesNotFit: if nothing keeps up.
    """
    network, most_mhz = load_network(context), context.parameters["most_mhz"]
    designs = open_designs(network, context.parameters, device_named(context.parameters["device"]))
    coefficients = coefficients_of(designs.device.name)
    if coefficients is None:
        unknown = WorkingPoints(designs.device.name, None, None, None, (), ())
        return contribution(working_points=unknown, published_sorters=published_sorters())
    front = explore(designs, lambda fraction: context.progress(fraction / 2, "finding foldings")).designs
    sorters = {design: sorter_of(design, coefficients) for design in front}
    reaches = _within_fmax(network, designs.device)
    found = _best(context, reaches, sorters, coefficients)
    asked, chosen = list(found.items())[-1]
    if not chosen:
        raise DoesNotFit(_cannot(asked, most_mhz, sorters.values()))
    rows = [_row(point, demand) for demand, points in found.items() for point in points]
    (context.folder / files.WORKING_POINTS).write_text(_csv(rows), encoding="utf-8", newline="\n")
    able = [design for design in front if slowest_mhz(sorters[design], asked) <= most_mhz]
    (context.folder / files.SCHEDULE).write_text(chosen[0].design.schedule.to_json(), encoding="utf-8", newline="\n")
    compared = _compared(able, chosen[0].design, lambda design: reaches(design, slowest_mhz(sorters[design], asked)))
    curves = [_curve(name, sorters[design], asked, coefficients, most_mhz) for name, design in compared.items()]
    power_over_clock(curves, context.folder / "power.png")
    section = WorkingPoints(
        designs.device.name,
        len(front),
        f"working-points/{files.WORKING_POINTS}",
        _memory_sensitivity(chosen[0], asked),
        tuple(rows),
        tuple(_spike_energy(name, design, sorters[design], asked, coefficients) for name, design in compared.items()),
    )
    caption = f"{asked.channels} channels of {asked.rate_per_s:g} spikes a second: power over the clock, by folding"
    return contribution(
        working_points=section,
        published_sorters=published_sorters(),
        pictures=[Picture("power.png", caption)],
    )


def _within_fmax(network: Network, device: Device) -> Callable[[Design, float], bool]:
    """Whether a design is fast enough for a clock in MHz; where that is not known, it is taken to be."""

    @cache
    def fmax_of(design: Design) -> Fmax | None:
        return estimate_fmax(Accelerator(network, design.schedule), device)

    def reaches(design: Design, mhz: float) -> bool:
        fmax = fmax_of(design)
        return fmax is None or mhz <= fmax.low

    return reaches


def _best(
    context: StepContext,
    reaches: Callable[[Design, float], bool],
    sorters: Mapping[Design, Sorter],
    coefficients: PowerCoefficients,
) -> dict[Demand, list[WorkingPoint]]:
    """For each demand the best design of each kind of clock; what was asked for comes last."""
    demands = tuple(_demands(context.parameters))
    found = {}
    for index, demand in enumerate(demands):
        context.progress(0.5 + 0.5 * index / len(demands), f"{demand.spikes_per_s:g} spikes a second")
        points = working_points(sorters, demand, coefficients, context.parameters["most_mhz"])
        found[demand] = best_of_each(points, reaches)
    return found


def _demands(parameters: Mapping[str, Any]) -> Iterator[Demand]:
    """What is looked at; what was asked for comes last."""
    rate, channels, within_ms = (parameters[name] for name in ("rate_per_s", "channels", "within_ms"))
    if rate is None:
        counts = [*(count for count in _CHANNELS if count != channels), channels]
        yield from (Demand(each, count, within_ms) for count in counts for each in _RATES_PER_S)
        return
    doubled = 1
    while doubled < channels:
        yield Demand(rate, doubled, within_ms)
        doubled *= 2
    yield Demand(rate, channels, within_ms)


def _cannot(demand: Demand, most_mhz: float, sorters: Iterable[Sorter]) -> str:
    slowest = min(slowest_mhz(sorter, demand) for sorter in sorters)
    beyond = f"--most-mhz is {most_mhz:g}" if slowest > most_mhz else "the designs it is enough for are slower"
    return (
        f"{demand.channels} x {demand.rate_per_s:g} spikes a second within {demand.within_ms:g} ms need a "
        f"clock of {slowest:.4g} MHz at the least, and {beyond}: ask for fewer, or allow more time"
    )


def _compared(front: Sequence[Design], best: Design, is_able: Callable[[Design], bool]) -> dict[str, Design]:
    """The best design, those of fewest lookup tables at some throughputs, and the smallest of all that keep up.

    Args:
        front: whose clock may be as fast as it has to be.
        best: one of them.
        is_able: whether one reaches that clock; asked only of those that would be chosen.
    """
    chosen = {"least power": best}
    by_speed = sorted(front, key=lambda design: (design.interval_clocks, design.luts))
    for name, clocks in _SLOWER.items():
        slower = (design for design in by_speed if design.interval_clocks >= clocks)
        if (design := next(filter(is_able, slower), None)) is not None:
            chosen[name] = design
    by_size = sorted(front, key=lambda design: design.luts)
    return {**chosen, "fewest LUTs": next(filter(is_able, by_size), best)}


def _row(point: WorkingPoint, demand: Demand) -> PointRow:
    total, core, design = point.power.total, point.power.core, point.design
    return PointRow(
        rate_per_s=demand.rate_per_s,
        channels=demand.channels,
        clock=f"{point.clocking.source} {point.clocking.mhz:.4g} MHz, {point.clocking.between} between spikes",
        folding=folding_in_words(design.schedule),
        luts=design.luts,
        flip_flops=design.flip_flops,
        block_rams=design.block_rams,
        interval_clocks=design.interval_clocks,
        core=_bounds(core, "µW"),
        total=_bounds(total, "µW"),
        channel=_bounds(total * (1 / demand.channels), "µW"),
        memory=_bounds(point.power.memory, "µW"),
        delay=Figure(delay_ms(point.sorter, point.clocking.least_mhz, demand), "ms", "analytic", "99 of 100 spikes"),
        why=_why(point.power),
    )


def _why(power: AveragePower) -> str:
    """Where it goes, as shares of the power halfway between the bounds."""
    parts = {
        "at rest": power.static.middle + power.other_supplies.middle,
        "oscillator": power.oscillator,
        "clock": power.clock,
        "logic": power.changes.middle,
        "block RAM": power.memory.middle,
    }
    shares = {name: round(100 * part / power.total.middle) for name, part in parts.items()}
    return ", ".join(f"{name} {share} %" for name, share in shares.items() if share)


def _spike_energy(
    name: str, design: Design, sorter: Sorter, demand: Demand, coefficients: PowerCoefficients
) -> SpikeEnergy:
    of_spike, slowest = sorter.spike, slowest_mhz(sorter, demand)
    runs, stops, slowed = (
        average_power(sorter, clocking, demand, coefficients).total for clocking in _external(slowest)
    )
    return SpikeEnergy(
        name=name,
        folding=folding_in_words(design.schedule),
        luts=design.luts,
        latency_clocks=design.latency_clocks,
        clock=Figure(of_spike.clock_network + of_spike.registers, "nJ", "analytic"),
        logic=_bounds(of_spike.changes, "nJ"),
        memory=_bounds(of_spike.memory, "nJ"),
        total=_bounds(of_spike.total, "nJ"),
        runs=_bounds(runs, "µW"),
        stops=_bounds(stops, "µW"),
        slowest=Figure(slowest, "MHz", "analytic"),
        slowed=_bounds(slowed, "µW"),
    )


def _external(slowest_mhz: float) -> tuple[Clocking, Clocking, Clocking]:
    """A board's clock that runs always, one that stops between spikes, and one as slow as can be."""
    usual = max(EXTERNAL_MHZ, slowest_mhz)
    return (
        Clocking(Source.EXTERNAL, usual, Between.RUNS),
        Clocking(Source.EXTERNAL, usual, Between.STOPS),
        Clocking(Source.EXTERNAL, slowest_mhz, Between.RUNS),
    )


def _curve(name: str, sorter: Sorter, demand: Demand, coefficients: PowerCoefficients, most_mhz: float) -> PowerCurve:
    """Power over the clocks that keep up, running and stopped."""
    slowest = slowest_mhz(sorter, demand)
    clocks = [slowest * (most_mhz / slowest) ** (step / (_CURVE_POINTS - 1)) for step in range(_CURVE_POINTS)]
    at = {
        between: [
            average_power(sorter, Clocking(Source.EXTERNAL, mhz, between), demand, coefficients).total
            for mhz in clocks
        ]
        for between in Between
    }
    runs, stops = ([(power.low, power.high) for power in at[between]] for between in Between)
    return PowerCurve(f"{name}, {sorter.interval_clocks} clocks an inference", clocks, runs, stops)


def _memory_sensitivity(point: WorkingPoint, demand: Demand) -> Bounds:
    """What a picojoule an access adds to the least power."""
    return _bounds(point.sorter.memory_accesses * (demand.spikes_per_s / 1000), "nW")


def _bounds(figure: Range, unit: str) -> Bounds:
    return Bounds(figure.low, figure.high, unit, "analytic")


def _csv(rows: Sequence[PointRow]) -> str:
    lines = [
        {
            "rate_per_s": f"{row.rate_per_s:g}",
            "channels": row.channels,
            "clock": row.clock,
            "folding": row.folding,
            "luts": row.luts,
            "flip_flops": row.flip_flops,
            "block_rams": row.block_rams,
            "interval_clocks": row.interval_clocks,
            "core_low_uw": row.core.low,
            "core_high_uw": row.core.high,
            "total_low_uw": row.total.low,
            "total_high_uw": row.total.high,
            "channel_low_uw": row.channel.low,
            "channel_high_uw": row.channel.high,
            "memory_low_uw": row.memory.low,
            "memory_high_uw": row.memory.high,
            "delay_99_ms": row.delay.value,
            "why": row.why,
            "provenance": "analytic",
        }
        for row in rows
    ]
    text = StringIO()
    table = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
    table.writeheader()
    table.writerows({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in line.items()} for line in lines)
    return text.getvalue()

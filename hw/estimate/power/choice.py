"""The lowest power that keeps up: clock and folding chosen together."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hw.estimate.power.analytic import at_rest, estimated
from hw.estimate.power.coefficients import PowerCoefficients
from hw.estimate.power.working_point import (
    HFOSC_MHZ,
    LFOSC_MHZ,
    AveragePower,
    Between,
    Clocking,
    Demand,
    Sorter,
    Source,
    average_power,
    keeps_up,
    slowest_mhz,
)
from hw.estimate.resources import Resources
from hw.schedule.explore import Design

EXTERNAL_MHZ = 12.0
"""Of an oscillator on a board, where nothing asks for another clock."""


@dataclass(frozen=True)
class WorkingPoint:
    """A design at a clock that keeps up, and its average power."""

    design: Design
    sorter: Sorter
    clocking: Clocking
    power: AveragePower


def sorter_of(design: Design, coefficients: PowerCoefficients) -> Sorter:
    """What a design's power follows from, before there is a netlist."""
    resources = Resources(design.luts, design.flip_flops, design.block_rams)
    spike = estimated(resources, design.interval_clocks, design.latency_clocks)
    return Sorter.of(design.latency_clocks, design.interval_clocks, spike, at_rest(resources), coefficients)


def working_points(
    sorters: Mapping[Design, Sorter], demand: Demand, coefficients: PowerCoefficients, most_mhz: float
) -> list[WorkingPoint]:
    """Every design with every clock that is worth a look and keeps up.

    Args:
        sorters: designs to choose from, with what their power follows from.
        demand: what is to be kept up with.
        coefficients: of the device.
        most_mhz: fastest clock that is looked at.
    """
    points = []
    for design, sorter in sorters.items():
        for clocking in clockings(sorter, demand, most_mhz):
            points.append(
                WorkingPoint(design, sorter, clocking, average_power(sorter, clocking, demand, coefficients))
            )
    return points


def clockings(sorter: Sorter, demand: Demand, most_mhz: float) -> Iterator[Clocking]:
    """Clocks that keep up: an external one as slow as can be, or stopped; the oscillators, running or stopped."""
    slowest = slowest_mhz(sorter, demand)
    if slowest > most_mhz:
        return
    yield Clocking(Source.EXTERNAL, slowest, Between.RUNS)
    # What a stopped clock costs does not depend on how fast it was.
    yield Clocking(Source.EXTERNAL, max(slowest, min(EXTERNAL_MHZ, most_mhz)), Between.STOPS)
    fast = [Clocking(Source.HFOSC, mhz, Between.STOPS) for mhz in HFOSC_MHZ if mhz <= most_mhz]
    fast_enough = [clocking for clocking in fast if slowest <= clocking.least_mhz]
    if fast_enough:
        yield replace(fast_enough[0], between=Between.RUNS)
    yield from fast_enough
    slow = Clocking(Source.LFOSC, LFOSC_MHZ, Between.RUNS)
    if keeps_up(sorter, slow.least_mhz, demand):
        yield slow


def best_of_each(
    points: Sequence[WorkingPoint], reaches: Callable[[Design, float], bool] = lambda design, mhz: True
) -> list[WorkingPoint]:
    """For each kind of clock the design of least power, the least of all first.

    Power is weighed halfway between its bounds: which of two designs takes less may be open where theirs overlap.

    Args:
        points: to choose from.
        reaches: whether a design is fast enough for a clock in MHz; asked only of those that would be chosen.
    """
    best: dict[tuple[Source, Between], WorkingPoint] = {}
    for point in sorted(points, key=lambda point: point.power.total.middle):
        kind = point.clocking.source, point.clocking.between
        if kind not in best and reaches(point.design, point.clocking.most_mhz):
            best[kind] = point
    return list(best.values())

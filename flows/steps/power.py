"""The power of a netlist whose changes were counted."""

from collections.abc import Iterator, Sequence

from flows.report.figures import Figure, Provenance, low_to_high
from flows.report.model import Power, PowerPart
from hw.accelerator.accelerator import Accelerator
from hw.devices import Device
from hw.estimate.power.coefficients import PowerCoefficients
from hw.estimate.power.model import counted
from hw.estimate.power.ranges import Range, exactly
from hw.estimate.power.working_point import (
    AveragePower,
    Between,
    Clocking,
    Demand,
    Sorter,
    Source,
    average_power,
)
from hw.simulate.netlist import SpacedRun

_USUAL = Demand(rate_per_s=50.0, channels=1, within_ms=10.0)
"""What the power of a netlist is told for."""


def counted_sorter(
    accelerator: Accelerator, run: SpacedRun, flip_flops: int, coefficients: PowerCoefficients
) -> Sorter:
    """What power follows from, as counted on a mapped netlist."""
    return Sorter.of(
        accelerator.latency_clocks,
        accelerator.schedule.initiation_interval,
        counted(run.busy, flip_flops, run.n_spikes),
        counted(run.idle, flip_flops, run.idle.clocks),
        coefficients,
    )


def power_section(
    device: Device,
    sorter: Sorter,
    coefficients: PowerCoefficients,
    clock_mhz: float,
    vectors: str,
    changes: Sequence[tuple[str, int]],
) -> Power:
    """The report's section on a netlist's power.

    Args:
        device: that the netlist is for.
        sorter: as counted.
        coefficients: of the device.
        clock_mhz: that runs always.
        vectors: what was run, such as "8 test spikes".
        changes: of wires, by part of the design.
    """
    running, stopped = (
        average_power(sorter, Clocking(Source.EXTERNAL, clock_mhz, between), _USUAL, coefficients)
        for between in Between
    )
    of_spike = sorter.spike
    conditions = (
        f"core at 1.2 V and all supplies at rest, a clock of {clock_mhz:g} MHz that always runs, one channel of "
        f"{_USUAL.rate_per_s:g} spikes a second; a spike takes {_words(of_spike.total, 'nJ')} "
        f"({_words(of_spike.without_memory, 'nJ')} without block RAM), and with the clock stopped between spikes "
        f"the average is {_words(stopped.total, 'µW')}"
    )
    by_part = tuple(_by_part(running.changes, changes))
    return Power(device.name, conditions, tuple(_parts(running, coefficients, vectors)), by_part)


def _parts(power: AveragePower, coefficients: PowerCoefficients, vectors: str) -> Iterator[PowerPart]:
    sources, toggled = coefficients.sources, f"mapped netlist, {vectors}, idle stretches included; "
    yield _part("core at rest", power.static, "measured elsewhere", sources["static"])
    yield _part("PLL and banks at rest", power.other_supplies, "measured elsewhere", sources["static"])
    yield _part("clock network and flip-flops", exactly(power.clock), "measured elsewhere", sources["clock"])
    yield PowerPart(
        "registers and logic",
        Figure(power.changes.low, "µW", "simulated", toggled + "settled changes, or wires alone"),
        Figure(power.changes.high, "µW", "simulated", "glitches at one unit of delay a cell; " + sources["changes"]),
    )
    yield _part("block RAM", power.memory, "simulated", f"{toggled}energy of an access {sources['memory']}")
    yield PowerPart("pins", *(Figure(None, "µW", "measured elsewhere", sources["pins"]),) * 2)


def _by_part(power: Range, changes: Sequence[tuple[str, int]]) -> Iterator[PowerPart]:
    total = sum(count for _, count in changes)
    for name, count in changes:
        if count:
            note = f"{100 * count / total:.3g} % of all changes, glitches among them"
            yield _part(name, power * (count / total), "simulated", note)


def _part(name: str, power: Range, provenance: Provenance, note: str) -> PowerPart:
    low, high = (Figure(value, "µW", provenance, note) for value in (power.low, power.high))
    return PowerPart(name, low, high)


def _words(figure: Range, unit: str) -> str:
    return low_to_high(figure.low, figure.high, unit)

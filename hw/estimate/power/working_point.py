"""A design, a clock and what the clock does between spikes: whether it keeps up, and its average power.

    static + other supplies + oscillator + spikes a second x energy a spike + idle clocks a second x energy of one

The clock runs always, or stops between spikes: an external one in its source, the internal oscillator by its enable
pin. A clock that is slowed is one that runs always, as slow as the spikes allow.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from hw.estimate.power.coefficients import PowerCoefficients
from hw.estimate.power.model import Energy, Switching, energy
from hw.estimate.power.queueing import MOST_UTILISATION, wait_99
from hw.estimate.power.ranges import Range, exactly

HFOSC_MHZ = (6.0, 12.0, 24.0, 48.0)
LFOSC_MHZ = 0.01
_OSCILLATOR_TOLERANCE = 0.1
"""Of both oscillators, at commercial temperatures (Lattice FPGA-DS-02008, internal oscillators)."""


class Source(StrEnum):
    """Where the clock comes from."""

    EXTERNAL = "external"  # any frequency; what its source draws is not counted
    HFOSC = "HFOSC"
    LFOSC = "LFOSC"


class Between(StrEnum):
    """What the clock does between spikes."""

    RUNS = "runs"
    STOPS = "stops"


@dataclass(frozen=True)
class Sorter:
    """What a design's power follows from.

    Attributes:
        latency_clocks: from a spike's first word to its result.
        interval_clocks: from an inference to the next, while spikes wait.
        spike: energy of one spike that comes alone, over its latency.
        idle: energy of one clock without a spike inside.
        memory_accesses: to block memories, of one spike.
    """

    latency_clocks: int
    interval_clocks: int
    spike: Energy
    idle: Energy
    memory_accesses: Range

    @classmethod
    def of(
        cls, latency_clocks: int, interval_clocks: int, spike: Switching, idle: Switching, prices: PowerCoefficients
    ) -> Self:
        """A sorter of what switches, for a spike and for an idle clock, at what it costs."""
        energies = energy(spike, prices), energy(idle, prices)
        return cls(latency_clocks, interval_clocks, *energies, spike.memory_accesses)


@dataclass(frozen=True)
class Demand:
    """What is to be kept up with.

    Attributes:
        rate_per_s: spikes a second, of one channel.
        channels: that share the sorter.
        within_ms: from a spike's last sample to its class, but for one spike in a hundred.
    """

    rate_per_s: float
    channels: int
    within_ms: float

    @property
    def spikes_per_s(self) -> float:
        """Of all channels."""
        return self.rate_per_s * self.channels


@dataclass(frozen=True)
class Clocking:
    """A clock.

    Attributes:
        source: where it comes from.
        mhz: while it runs.
        between: what it does between spikes.
    """

    source: Source
    mhz: float
    between: Between

    @property
    def least_mhz(self) -> float:
        """As slow as it may be: the internal oscillators are not exact."""
        return self.mhz * (1 - self._tolerance)

    @property
    def most_mhz(self) -> float:
        """As fast as it may be."""
        return self.mhz * (1 + self._tolerance)

    @property
    def _tolerance(self) -> float:
        return 0.0 if self.source is Source.EXTERNAL else _OSCILLATOR_TOLERANCE


@dataclass(frozen=True)
class AveragePower:
    """Average power, in microwatts.

    Attributes:
        static: of the core at rest.
        other_supplies: of PLL and banks at rest.
        oscillator: of the internal oscillator.
        clock: of the clock network and the flip-flops that it clocks.
        changes: of registers and logic.
        memory: of block memories.
    """

    static: Range
    other_supplies: Range
    oscillator: float
    clock: float
    changes: Range
    memory: Range

    @property
    def core(self) -> Range:
        """At the core's supply."""
        return self.static + exactly(self.oscillator + self.clock) + self.changes + self.memory

    @property
    def total(self) -> Range:
        """At all supplies."""
        return self.core + self.other_supplies


def delay_ms(sorter: Sorter, clock_mhz: float, demand: Demand) -> float | None:
    """From a spike's last sample to its class, but for one spike in a hundred; None where spikes pile up."""
    service_s = sorter.interval_clocks / (clock_mhz * 1e6)
    wait = wait_99(demand.spikes_per_s * service_s)
    if wait is None:
        return None
    return 1000 * (wait * service_s + sorter.latency_clocks / (clock_mhz * 1e6))


def keeps_up(sorter: Sorter, clock_mhz: float, demand: Demand) -> bool:
    """Whether a clock is fast enough."""
    delay = delay_ms(sorter, clock_mhz, demand)
    return delay is not None and delay <= demand.within_ms


def slowest_mhz(sorter: Sorter, demand: Demand) -> float:
    """The slowest clock that keeps up, within a thousandth."""
    low = demand.spikes_per_s * sorter.interval_clocks / MOST_UTILISATION / 1e6
    low = max(low, sorter.latency_clocks / demand.within_ms / 1000)
    high = low
    while not keeps_up(sorter, high, demand):
        high *= 2
    while high > 1.001 * low:
        between = (low + high) / 2
        low, high = (low, between) if keeps_up(sorter, between, demand) else (between, high)
    return high


def average_power(
    sorter: Sorter, clocking: Clocking, demand: Demand, coefficients: PowerCoefficients
) -> AveragePower:
    """Average power of a sorter that keeps up.

    Where the clock stops, spikes are priced as if each came alone; several at once share clocks, and take less.
    """
    runs = clocking.between is Between.RUNS
    clocks_per_s = clocking.mhz * 1e6
    busy = demand.spikes_per_s * sorter.latency_clocks
    idle = max(0.0, clocks_per_s - busy) if runs else 0.0
    clocks = clocks_per_s if runs else busy
    a_clock = sorter.idle.clock_network + sorter.idle.registers
    oscillates = 1.0 if runs else min(1.0, busy / clocks_per_s)
    return AveragePower(
        static=_static(clocking, coefficients),
        other_supplies=coefficients.other_supplies_microwatts,
        oscillator=coefficients.oscillator_microwatts * oscillates if clocking.source is Source.HFOSC else 0.0,
        clock=a_clock * clocks / 1000,
        changes=_per_second(sorter.spike.changes, sorter.idle.changes, demand, idle),
        memory=_per_second(sorter.spike.memory, sorter.idle.memory, demand, idle),
    )


def _static(clocking: Clocking, coefficients: PowerCoefficients) -> Range:
    if clocking.source is Source.HFOSC and clocking.between is Between.STOPS:
        return coefficients.oscillator_off_microwatts
    return coefficients.static_microwatts


def _per_second(of_spike: Range, of_idle_clock: Range, demand: Demand, idle_clocks: float) -> Range:
    """Microwatts, of nanojoules a spike and an idle clock."""
    return of_spike * (demand.spikes_per_s / 1000) + of_idle_clock * (idle_clocks / 1000)

"""What a folding has to keep up with, and what is to be least among those that do."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import floor

from hw.errors import BadInput


class Minimise(StrEnum):
    """What is to be least; what decides among equals follows it."""

    LUTS = "luts"  # lookup tables, then flip-flops, then block memories
    MEMORY = "memory"  # block memories, then lookup tables, then flip-flops
    BALANCED = "balanced"  # the largest fraction of what the device has, of whichever resource; then lookup tables


@dataclass(frozen=True)
class Target:
    """Most clocks that an inference may take; None leaves it open.

    Attributes:
        interval_clocks: from an inference to the next, while spikes wait.
        latency_clocks: from the first word of a spike to its result, in an empty pipeline.
        clock_mhz: clock at which messages tell rates and times beside clocks; None tells clocks alone.

    Raises:
        BadInput: if one is not positive.
    """

    interval_clocks: int | None = None
    latency_clocks: int | None = None
    clock_mhz: float | None = None

    def __post_init__(self) -> None:
        for what, clocks in (("an inference", self.interval_clocks), ("latency", self.latency_clocks)):
            if clocks is not None and clocks < 1:
                raise BadInput(f"clocks {what}: {clocks} is not possible, 1 is the least")

    def __str__(self) -> str:
        parts = []
        if self.interval_clocks is not None:
            parts.append(self.interval_in_words(self.interval_clocks))
        if self.latency_clocks is not None:
            parts.append(self.latency_in_words(self.latency_clocks))
        return " with ".join(parts) or "any speed"

    def interval_in_words(self, clocks: int) -> str:
        """Such as `128 clocks an inference (93750 a second at 12 MHz)`."""
        rate = "" if self.clock_mhz is None else f" ({self.clock_mhz * 1e6 / clocks:.0f} a second{self._at_clock})"
        return f"{clocks} clocks an inference{rate}"

    def latency_in_words(self, clocks: int) -> str:
        """Such as `a latency of 682 clocks (56.83 µs at 12 MHz)`."""
        time = "" if self.clock_mhz is None else f" ({clocks / self.clock_mhz:.2f} µs{self._at_clock})"
        return f"a latency of {clocks} clocks{time}"

    @property
    def _at_clock(self) -> str:
        return f" at {self.clock_mhz:g} MHz"


def clocks_of_rate(inferences_per_s: float, clock_mhz: float) -> int:
    """Most clocks between inferences of which so many a second are wanted; of the decimals as they are written."""
    return floor(Fraction(str(clock_mhz)) * 1_000_000 / Fraction(str(inferences_per_s)))


def clocks_of_latency(latency_us: float, clock_mhz: float) -> int:
    """Whole clocks within a time in microseconds; of the decimals as they are written."""
    return floor(Fraction(str(latency_us)) * Fraction(str(clock_mhz)))

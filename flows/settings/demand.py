"""The demand that clock and folding are chosen for."""

from dataclasses import dataclass

from flows.settings.require import require


@dataclass(frozen=True)
class DemandSettings:
    """Spikes that a sorter has to keep up with, at the lowest power."""

    # Spikes a second of one channel; None looks at several rates.
    rate_per_s: float | None = None
    # Channels that share the sorter.
    channels: int = 1
    # From a spike's last sample to its class, but for one spike in a hundred.
    within_ms: float = 10.0
    # Fastest clock that is looked at.
    most_mhz: float = 24.0

    def __post_init__(self) -> None:
        rate = self.rate_per_s
        require(rate is None or 0 < rate <= 1e6, "--rate", rate, "more than 0, at most a million spikes a second")
        require(1 <= self.channels <= 1_000_000, "--channels", self.channels, "1 to 1000000")
        require(0 < self.within_ms <= 1e6, "--within-ms", self.within_ms, "more than 0, at most a million ms")
        require(0 < self.most_mhz <= 1_000, "--most-mhz", self.most_mhz, "more than 0, at most 1000 MHz")

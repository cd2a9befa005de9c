"""Every choice made between a source and its spikes."""

from dataclasses import dataclass
from typing import Literal

from qat.errors import BadInput

Filter = Literal["causal", "zero-phase", "none"]
Sign = Literal["auto", "neg", "pos", "both"]

ORDERS_WANTED = "one or more of 0, 1 and 2, each once"


def are_orders(differences: tuple[int, ...]) -> bool:
    """Whether a network can be given these orders of differences."""
    return 0 < len(differences) == len(set(differences)) and set(differences) <= {0, 1, 2}


@dataclass(frozen=True)
class SpikeSpec:
    """How spikes are detected, cut, split and quantized; of these stored windows use the last ones, from
    `realign` on.
    """

    filter: Filter = "causal"
    """`causal` as the hardware would do it; `zero-phase` runs forward and backward."""
    low_hz: float = 300.0
    high_hz: float = 3000.0
    filter_order: int = 1
    """Butterworth order of each edge of the band."""
    threshold_sigmas: float = 4.0
    """Multiple of the noise estimate median(|x|) / 0.6745 (Quian Quiroga 2004, eq. 3.1)."""
    sign: Sign = "auto"
    """Direction of the deflection that is looked for; `auto`: the one whose spikes sum to more."""
    at_true_times: bool = False
    """Take the spikes from where they truly are; no threshold decides."""
    dead_time_ms: float = 0.5
    """A deflection counts only where none larger lies within this time on either side."""
    upsampling: int = 1
    """Alignment on a grid this many times finer than the samples; 1 = on the sample."""
    window_samples: int = 48
    align_sample: int = 16
    """Sample of the window on which the extremum stands."""
    realign: bool = False
    """Shift windows that came cut so that their extrema stand on one sample."""
    train_fraction: float = 0.60
    validation_fraction: float = 0.15
    """The rest is the test part."""
    split_seed: int = 0
    """Used only where spike times are absent: then the split is at random."""
    differences: tuple[int, ...] | None = None
    """Orders of the differences between samples that a network is given, each an input a sample; 0 = the samples
    themselves, None = see `orders_for`."""
    bits: int = 8
    full_scale_percentile: float = 99.9
    """This percentile of |x| over the training windows becomes full scale; larger samples saturate."""
    match_ms: float = 0.5
    """Largest distance between a detection and its true spike."""

    def __post_init__(self) -> None:
        checks = (
            (self.filter in ("causal", "zero-phase", "none"), "filter must be causal, zero-phase or none"),
            (self.sign in ("auto", "neg", "pos", "both"), "sign must be auto, neg, pos or both"),
            (0 < self.low_hz < self.high_hz, "the band must satisfy 0 < low_hz < high_hz"),
            (self.filter_order >= 1, "filter_order must be at least 1"),
            (self.threshold_sigmas > 0, "threshold_sigmas must be positive"),
            (self.dead_time_ms >= 0, "dead_time_ms must not be negative"),
            (self.upsampling >= 1, "upsampling must be at least 1"),
            (0 <= self.align_sample < self.window_samples, "align_sample must lie within the window"),
            (
                min(self.train_fraction, self.validation_fraction, self.test_fraction) > 0,
                "train_fraction and validation_fraction must be positive and leave a test part",
            ),
            (self.differences is None or are_orders(self.differences), f"differences must be {ORDERS_WANTED}"),
            (2 <= self.bits <= 16, "bits must be 2 to 16"),
            (0 < self.full_scale_percentile <= 100, "full_scale_percentile must be in (0, 100]"),
            (self.match_ms > 0, "match_ms must be positive"),
        )
        for holds, message in checks:
            if not holds:
                raise BadInput(f"spike settings: {message}; got {self}")

    def orders_for(self, n_channels: int) -> tuple[int, ...]:
        """Orders of differences that a network is given.

        Weights of +-1 say little about a sample each, so that a 1-bit network gains by first and second differences
        beside each other; several channels have inputs enough, and the first layer's memory grows with them.
        """
        if self.differences is not None:
            return self.differences
        return (1, 2) if n_channels == 1 else (2,)

    @property
    def test_fraction(self) -> float:
        """What training and validation leave."""
        return 1.0 - self.train_fraction - self.validation_fraction

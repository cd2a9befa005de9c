"""From a recording to windows of samples."""

import math
from dataclasses import dataclass
from typing import Literal

from flows.settings.require import joined, require, require_seed
from qat.spikes.spec import ORDERS_WANTED, are_orders

Align = Literal["auto", "trough", "peak", "both"]


@dataclass(frozen=True)
class SpikeSettings:
    """How spikes are detected, aligned, cut and quantized."""

    # A spike is a deflection of this many times the noise, which is estimated from the median.
    threshold_sigmas: float = 4.0
    # Lower edge of the band-pass filter.
    low_hz: float = 300.0
    # Upper edge of the band-pass filter.
    high_hz: float = 3_000.0
    # Filter forward and backward, which hardware cannot; False filters causally.
    zero_phase: bool = False
    # Deflection that is looked for and put on the alignment sample.
    align: Align = "auto"
    # Alignment on a grid this many times finer than the samples; 1 is on the sample.
    upsampling: int = 1
    # Samples of a window per channel.
    window: int = 48
    # Orders of the differences between samples that the network is given, an input a sample each; 0: the samples.
    # None takes 1 and 2 for one channel, 2 for more.
    differences: tuple[int, ...] | None = None
    # Bits of a sample as the hardware sees it, two's complement.
    bits: int = 8
    # Labels of the source that stand for no single unit (multi-unit activity, noise).
    not_units: tuple[int, ...] = ()
    # Labels of windows that are dropped before anything else.
    leave_out: tuple[int, ...] = ()
    # Array of the file that holds the windows; None takes `waveforms`.
    array: str | None = None
    # Shift windows that came cut onto their extrema.
    realign: bool = False
    # The labels are somebody's sorting, not ground truth.
    reference_labels: bool = False
    # Of the split, which is at random only where spike times are absent.
    seed: int = 0

    def __post_init__(self) -> None:
        sigmas = self.threshold_sigmas
        require(0 < sigmas <= 100, "--threshold-sigmas", sigmas, "more than 0, at most 100")
        band = f"{self.low_hz:g} --high-hz {self.high_hz:g}"
        require(0 < self.low_hz < self.high_hz < math.inf, "--low-hz", band, "0 < low < high")
        require(1 <= self.upsampling <= 64, "--upsampling", self.upsampling, "1 to 64")
        require(8 <= self.window <= 1024, "--window", self.window, "8 to 1024 samples")
        orders = self.differences
        require(orders is None or are_orders(orders), "--differences", joined(orders or ()), ORDERS_WANTED)
        require(2 <= self.bits <= 16, "--bits", self.bits, "2 to 16")
        require_seed(self.seed)

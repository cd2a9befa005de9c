"""The noise of a recording, from the stretches where no true spike is."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import welch
from scipy.stats import kurtosis, skew

from qat.errors import BadInput
from qat.recordings.source import RecordedSource

BANDS_HZ = ((0, 300), (300, 1000), (1000, 3000), (3000, None))
"""Below what sorters filter out, and three parts of what they keep; None = up to half the sampling rate."""

_BEFORE_MS, _AFTER_MS = 1.5, 4.0  # of a true spike's stated time, which may be its start or its peak
_SEGMENT_MS = 10.0


@dataclass(frozen=True, eq=False)
class NoiseSpectrum:
    """Power and distribution of the noise, the same for every gain."""

    name: str
    duration_s: float
    """Of the stretches without a spike together."""
    frequency_hz: NDArray[np.float64]
    density_per_hz: NDArray[np.float64]
    """Share of the power a hertz: its sum over the frequencies, times their distance, is 1."""
    band_shares: Mapping[str, float]
    """Share of the power by band, such as `300-1000 Hz`; those above half the sampling rate are left out."""
    skewness: float
    excess_kurtosis: float
    """Both 0 for a Gaussian."""


def noise_spectrum(source: RecordedSource) -> NoiseSpectrum:
    """Spectrum of the noise, by Welch's method with segments of 10 ms, the mean over all channels.

    Raises:
        BadInput: the true units are unknown, or no stretch between two spikes lasts 10 ms.
    """
    rate_hz = source.sampling_rate_hz
    segment = round(_SEGMENT_MS * 1e-3 * rate_hz)
    stretches = [stretch for stretch in _between_spikes(source) if len(stretch) >= segment]
    if not stretches:
        raise BadInput(f"{source.name}: no {_SEGMENT_MS:g} ms without a spike; its noise cannot be told")
    frequency_hz = np.arange(segment // 2 + 1, dtype=np.float64) * rate_hz / segment
    power = np.zeros(frequency_hz.size)
    for stretch in stretches:
        power += len(stretch) * welch(stretch, rate_hz, nperseg=segment, axis=0)[1].mean(axis=1)
    noise = np.concatenate([stretch - stretch.mean(axis=0) for stretch in stretches])
    return NoiseSpectrum(
        name=source.name,
        duration_s=len(noise) / rate_hz,
        frequency_hz=frequency_hz,
        density_per_hz=power / (power.sum() * frequency_hz[1]),
        band_shares=_band_shares(frequency_hz, power / power.sum()),
        skewness=float(skew(noise, axis=None)),
        excess_kurtosis=float(kurtosis(noise, axis=None)),
    )


def _between_spikes(source: RecordedSource) -> list[NDArray[np.float64]]:
    """Traces `[n_samples, n_channels]` of every stretch without a true spike."""
    if source.sorting is None:
        raise BadInput(f"{source.name}: its true units are unknown, and so is where there is no spike")
    traces = source.recording.get_traces().astype(np.float64)
    before, after = (round(ms * 1e-3 * source.sampling_rate_hz) for ms in (_BEFORE_MS, _AFTER_MS))
    sample = np.sort(source.sorting.to_spike_vector()["sample_index"].astype(np.int64))
    starts = np.concatenate([[0], sample + after])
    ends = np.concatenate([sample - before, [len(traces)]])
    return [traces[start:end] for start, end in zip(starts, ends, strict=True) if start < end]


def _band_shares(frequency_hz: NDArray[np.float64], share: NDArray[np.float64]) -> dict[str, float]:
    shares = {}
    for low, high in BANDS_HZ:
        name = f"above {low} Hz" if high is None else f"{low}-{high} Hz"
        within = (frequency_hz >= low) & (frequency_hz < (np.inf if high is None else high))
        if within.any():
            shares[name] = float(share[within].sum())
    return shares

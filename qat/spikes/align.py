"""Windows around the alignment samples."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from qat.spikes.detect import Detector
from qat.spikes.spec import SpikeSpec
from qat.spikes.traces import Traces

_SPLINE_SAMPLES = 4  # beyond the window on each side, so that the spline's ends don't show


def inside(sample: NDArray[np.int64], n_samples: int, spec: SpikeSpec) -> NDArray[np.bool_]:
    """`[n]` whether the whole window lies in a recording of `n_samples`."""
    before, after = _reach(spec)
    return (sample >= before) & (sample + after < n_samples)


def cut_windows(
    traces: Traces,
    sample: NDArray[np.int64],
    detector: Detector,
    spec: SpikeSpec,
    progress: Callable[[float], None] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.int16]]:
    """Cut the window of every spike.

    Args:
        traces: the filtered recording.
        sample: `[n_spikes]` alignment samples, ascending, all `inside`.
        detector: knows which deflection is the largest.
        spec: window, alignment sample, upsampling.
        progress: told the fraction done.

    Returns:
        Windows `[n_spikes, n_channels, n_samples]` in the source's unit, and the channel with the largest
        deflection `[n_spikes]`.
    """
    before, after = _reach(spec)
    offsets = np.arange(-before, after + 1)
    windows = np.empty((sample.size, traces.n_channels, spec.window_samples), dtype=np.float32)
    channel = np.empty(sample.size, dtype=np.int16)
    for chunk in traces.chunks(traces.n_samples, margin=max(before, after), progress=progress):
        rows = slice(*np.searchsorted(sample, (chunk.core_start, chunk.core_end)))
        wide = chunk.samples[sample[rows, None] - chunk.start + offsets]
        deflection = detector.deflection(wide)
        channel[rows] = deflection[:, before].argmax(axis=1)
        if spec.upsampling > 1:
            wide = _shifted(wide, channel[rows], detector, before, spec.upsampling)
        first = before - spec.align_sample
        windows[rows] = wide[:, first : first + spec.window_samples].swapaxes(1, 2)
    return windows, channel


def _reach(spec: SpikeSpec) -> tuple[int, int]:
    """Samples needed before and after the alignment sample."""
    extra = _SPLINE_SAMPLES if spec.upsampling > 1 else 0
    return spec.align_sample + extra, spec.window_samples - 1 - spec.align_sample + extra


def _shifted(
    wide: NDArray[np.float32], channel: NDArray[np.int16], detector: Detector, center: int, upsampling: int
) -> NDArray[np.float32]:
    """Resample every window so that the extremum of its spline stands on sample `center`."""
    time = np.arange(wide.shape[1])
    fine = np.arange(-upsampling + 1, upsampling) / upsampling
    shifted = np.empty_like(wide)
    for row, (window, largest) in enumerate(zip(wide, channel, strict=True)):
        spline = CubicSpline(time, window, axis=0)
        shift = fine[detector.deflection(spline(center + fine))[:, largest].argmax()]
        shifted[row] = spline(time + shift)
    return shifted

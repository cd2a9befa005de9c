"""Noise, threshold, and the sample on which each spike is aligned."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from qat.errors import BadInput
from qat.spikes.spec import SpikeSpec
from qat.spikes.traces import Chunk, Traces

_SPIKE_MS = 1.5  # deflections this near to a larger one are part of the same spike
_NOISE_SAMPLES = 16_000_000  # over all channels at most, evenly over the training stretch
_GAUSSIAN_MAD = 0.6745  # median of |x| of a Gaussian of standard deviation 1


@dataclass(frozen=True, eq=False)
class Detector:
    """What the training stretch decided."""

    threshold: NDArray[np.float64]
    """`[n_channels]` in the recording's unit, positive."""
    sign: str
    """`neg`, `pos` or `both`."""
    dead_samples: int

    def deflection(self, traces: NDArray[np.float32]) -> NDArray[np.float64]:
        """Size of each sample `[n_samples, n_channels]` in thresholds, in the direction that counts."""
        scaled = traces / self.threshold
        if self.sign == "both":
            return np.abs(scaled)
        return -scaled if self.sign == "neg" else scaled


def fit_detector(traces: Traces, n_train_samples: int, spec: SpikeSpec) -> Detector:
    """Thresholds and sign from the first `n_train_samples`.

    The noise is median(|x|) / 0.6745 (Quian Quiroga et al. 2004, eq. 3.1), which spikes hardly move.

    Raises:
        BadInput: a channel is flat.
    """
    step = max(1, n_train_samples * traces.n_channels // _NOISE_SAMPLES)
    stretch = np.concatenate([chunk.core[::step] for chunk in traces.chunks(n_train_samples)])
    threshold = spec.threshold_sigmas * np.median(np.abs(stretch), axis=0).astype(np.float64) / _GAUSSIAN_MAD
    if not (threshold > 0).all():
        flat = traces.channel_names[int((threshold <= 0).argmax())]
        raise BadInput(f"detection: channel {flat} is flat over the training stretch; leave it out")
    dead_samples = round(spec.dead_time_ms * 1e-3 * traces.sampling_rate_hz)
    if spec.sign != "auto":
        return Detector(threshold, spec.sign, dead_samples)
    sign = max(("neg", "pos"), key=lambda sign: _total_deflection(traces, n_train_samples, threshold, sign))
    return Detector(threshold, sign, dead_samples)


def detect(traces: Traces, detector: Detector, progress: Callable[[float], None] | None = None) -> NDArray[np.int64]:
    """Samples of the largest deflections: above threshold, and none larger within the dead time.

    How the recording is cut into chunks makes no difference.
    """
    chunks = traces.chunks(traces.n_samples, margin=detector.dead_samples, progress=progress)
    sample = np.concatenate([_largest_in(chunk, detector)[0] for chunk in chunks])
    return _first_of_equals(sample, detector.dead_samples)


def locate(
    traces: Traces,
    detector: Detector,
    true_sample: NDArray[np.int64],
    progress: Callable[[float], None] | None = None,
) -> NDArray[np.int64]:
    """Samples of the largest deflection near every true spike, however small; those of two spikes may be one.

    Args:
        traces: the filtered recording.
        detector: says which way a spike deflects; its threshold has no say.
        true_sample: `[n_true]` samples of the extrema, searched half a dead time to either side.
        progress: told the fraction done.
    """
    reach = detector.dead_samples // 2
    located = [np.empty(0, dtype=np.int64)]
    for chunk in traces.chunks(traces.n_samples, margin=reach, progress=progress):
        mine = true_sample[(true_sample >= chunk.core_start) & (true_sample < chunk.core_end)]
        size = np.pad(detector.deflection(chunk.samples).max(axis=1), reach, constant_values=-np.inf)
        near = size[mine[:, None] - chunk.start + np.arange(2 * reach + 1)]
        located.append(mine - reach + near.argmax(axis=1))
    return np.unique(np.concatenate(located))


def _largest_in(chunk: Chunk, detector: Detector) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Samples of the largest deflections in the chunk's core, and their sizes in thresholds."""
    size = detector.deflection(chunk.samples).max(axis=1)
    largest = maximum_filter1d(size, 2 * detector.dead_samples + 1, mode="constant", cval=-np.inf)
    at = np.flatnonzero((size >= 1) & (size == largest))
    sample = chunk.start + at
    core = (sample >= chunk.core_start) & (sample < chunk.core_end)
    return sample[core], size[at[core]]


def _total_deflection(traces: Traces, n_samples: int, threshold: NDArray[np.float64], sign: str) -> float:
    """Sum of the sizes of all spikes that this sign finds, each counted once: many and large ones win."""
    once = Detector(threshold, sign, round(_SPIKE_MS * 1e-3 * traces.sampling_rate_hz))
    chunks = traces.chunks(n_samples, margin=once.dead_samples)
    return float(sum(_largest_in(chunk, once)[1].sum() for chunk in chunks))


def _first_of_equals(sample: NDArray[np.int64], dead_samples: int) -> NDArray[np.int64]:
    """Of equal deflections within the dead time (a clipped top) the first is the spike."""
    apart = np.diff(sample, prepend=-dead_samples - 1) > dead_samples
    return sample[apart]

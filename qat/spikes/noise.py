"""Windows that hold noise only."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qat.spikes.align import cut_windows, inside
from qat.spikes.detect import Detector
from qat.spikes.spec import SpikeSpec
from qat.spikes.traces import Traces

_MOST_WINDOWS = 4000


def cut_noise(
    traces: Traces, sample: NDArray[np.int64], n_train_samples: int, detector: Detector, spec: SpikeSpec
) -> NDArray[np.float32]:
    """Windows `[n, n_channels, n_samples]` of the training stretch that share no sample with a spike's window.

    They follow each other without a gap where no spike is; of more than 4000 every second, third, ... is taken.

    Args:
        traces: the filtered recording.
        sample: `[n_spikes]` alignment samples of all detections, ascending.
        n_train_samples: end of the training stretch.
        detector: as fitted on that stretch.
        spec: the window.
    """
    at = np.arange(spec.align_sample, n_train_samples, spec.window_samples)
    at = at[inside(at, n_train_samples, replace(spec, upsampling=1))]
    bounds = np.concatenate([[-np.inf], sample, [np.inf]])
    following = np.searchsorted(sample, at)
    nearest = np.minimum(at - bounds[following], bounds[following + 1] - at)
    quiet = at[nearest >= spec.window_samples]
    chosen = quiet[:: max(1, -(-quiet.size // _MOST_WINDOWS))]
    return cut_windows(traces, chosen, detector, replace(spec, upsampling=1))[0]

"""Windows that came cut, shifted so that their extrema stand on one sample."""

import numpy as np
from numpy.typing import NDArray

from qat.errors import BadInput

_LARGEST_SHIFT = 1 / 8  # of the window, either way
_WITHIN_PERCENT = 90  # of the training windows; in others it is mostly an overlapping spike that is largest


def realigned(
    waveforms: NDArray[np.float32], training: NDArray[np.bool_], name: str
) -> tuple[NDArray[np.float32], int]:
    """Shift every window so that its largest sample, on its largest channel, stands where most have it.

    The common sample is the median of the training windows' extrema, the farthest shift what nine out of ten of them
    need, or an eighth of the window. A window whose extremum lies farther off, mostly that of an overlapping spike,
    is shifted by what is largest within reach.

    Args:
        waveforms: `[n_spikes, n_channels, n_samples]`.
        training: `[n_spikes]` the spikes that decide where, and how far.
        name: of the source, for a message.

    Returns:
        Windows trimmed to what all have, the farthest shift at both ends, and the sample of them on which the
        extremum stands.

    Raises:
        BadInput: the windows are too short to shift.
    """
    n_samples = waveforms.shape[2]
    if n_samples * _LARGEST_SHIFT < 1:
        raise BadInput(f"{name}: windows of {n_samples} samples; at least 8 are needed to align them anew")
    size = np.abs(waveforms).max(axis=1)
    extremum = size[training].argmax(axis=1)
    center = int(np.median(extremum))
    needed = np.percentile(np.abs(extremum - center), _WITHIN_PERCENT)
    reach = int(min(np.ceil(needed), n_samples * _LARGEST_SHIFT))
    first = max(0, center - reach)
    shift = first - center + size[:, first : center + reach + 1].argmax(axis=1)
    kept = shift[:, None] + np.arange(reach, n_samples - reach)
    return np.take_along_axis(waveforms, kept[:, None, :], axis=2), center - reach

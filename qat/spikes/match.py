"""Detections against true spikes: one to one, after removing one constant lag."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LONGEST_LAG_MS = 5.0  # files time a spike at its start, its peak, or inside the cell


@dataclass(frozen=True, eq=False)
class SpikeMatch:
    """Which detection is which true spike."""

    lag_samples: int
    """Our alignment sample minus the stated time, estimated on the training stretch."""
    true_of_detection: NDArray[np.int64]
    """`[n_detections]` index of the true spike; -1 = extra detection."""
    detection_of_true: NDArray[np.int64]
    """`[n_true]` index of the detection; -1 = missed."""


def match_spikes(
    true_sample: NDArray[np.int64],
    detected_sample: NDArray[np.int64],
    n_train_samples: int,
    rate_hz: float,
    match_ms: float,
) -> SpikeMatch:
    """Match every true spike to at most one detection within `match_ms`, nearest pairs first.

    Args:
        true_sample: `[n_true]` stated times, ascending.
        detected_sample: `[n_detections]` alignment samples, ascending.
        n_train_samples: the lag is estimated on spikes before this sample.
        rate_hz: samples per second.
        match_ms: largest distance of a pair once the lag is removed.
    """
    reach = round(match_ms * 1e-3 * rate_hz)
    lag = _constant_lag(
        true_sample[true_sample < n_train_samples],
        detected_sample[detected_sample < n_train_samples],
        longest=round(_LONGEST_LAG_MS * 1e-3 * rate_hz),
        reach=reach,
    )
    true, detection = _pairs(true_sample + lag, detected_sample, reach)
    distance = np.abs(detected_sample[detection] - true_sample[true] - lag)
    true_of_detection = np.full(detected_sample.size, -1, dtype=np.int64)
    detection_of_true = np.full(true_sample.size, -1, dtype=np.int64)
    for pair in np.argsort(distance, kind="stable"):
        t, d = true[pair], detection[pair]
        if true_of_detection[d] < 0 and detection_of_true[t] < 0:
            true_of_detection[d], detection_of_true[t] = t, d
    return SpikeMatch(lag, true_of_detection, detection_of_true)


def _constant_lag(
    true_sample: NDArray[np.int64], detected_sample: NDArray[np.int64], longest: int, reach: int
) -> int:
    """Median of the time differences within `reach` of where they are densest; 0 when there are none."""
    true, detection = _pairs(true_sample, detected_sample, longest)
    if true.size == 0:
        return 0
    difference = detected_sample[detection] - true_sample[true]
    histogram = np.bincount(difference + longest, minlength=2 * longest + 1)
    density = np.convolve(histogram, np.ones(2 * reach + 1, dtype=np.int64), mode="same")
    densest = int(density.argmax()) - longest
    return int(np.median(difference[np.abs(difference - densest) <= reach]))


def _pairs(
    true_sample: NDArray[np.int64], detected_sample: NDArray[np.int64], reach: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of all pairs no further apart than `reach`."""
    first = np.searchsorted(detected_sample, true_sample - reach, side="left")
    after = np.searchsorted(detected_sample, true_sample + reach, side="right")
    count = after - first
    true = np.repeat(np.arange(true_sample.size), count)
    within = np.arange(true.size) - np.repeat(np.cumsum(count) - count, count)
    return true, np.repeat(first, count) + within

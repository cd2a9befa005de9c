"""Windows that no single spike explains: a second spike on top of the first."""

import numpy as np
from numpy.typing import NDArray

from qat.presort.mixture import Mixture, log_densities, log_sum
from qat.presort.space import Array, FeatureSpace

_LEAST_OVERLAP_SAMPLES = 4
_BLOCK_VALUES = 1_000_000  # that stay in the cache
_EVERY_SHIFT = 2  # of the grid of shifts: a second spike leaves more uncertain than half a sample


def overlap_log_joint(
    features: Array,
    mixture: Mixture,
    is_unit: NDArray[np.bool_],
    space: FeatureSpace,
    shape: tuple[int, int],
    overlap_probability: float,
) -> Array:
    """`[n, n_templates]` log probability of a window and of the unit on which it is aligned, if another overlaps.

    Every unit at its shifts, with every unit on top at every delay, in whole samples and blurred by the rest;
    summed over all but the first unit. The constant that `log_densities` leaves out is left out here too.

    Args:
        features: `[n, n_features]`.
        mixture: the templates.
        is_unit: `[n_templates]`; the others come alone, and never on top.
        space: in which they are.
        shape: (n_channels, n_samples) of a window.
        overlap_probability: shared by all second spikes and delays.
    """
    units = np.flatnonzero(is_unit)
    delayed = _delayed(mixture.templates[units] @ space.lift, shape) @ space.projection
    second = delayed.reshape(-1, units.size, delayed.shape[1])  # [n_delays, n_units, n_features]
    tangent = np.asarray(np.gradient(second, axis=0)).reshape(delayed.shape)
    log_second = np.log(overlap_probability / len(delayed))
    joint = np.full((len(features), mixture.n_templates), -np.inf)
    for unit in units:
        first = space.shifted(mixture.templates[[unit]])[0, ::_EVERY_SHIFT]
        log_first = np.log(mixture.weights[unit] * mixture.shift_weights[unit])[::_EVERY_SHIFT]
        by_shift = [_log_sum(features, one + delayed, tangent) for one in first]
        joint[:, unit] = log_sum(np.stack(by_shift, axis=1) + log_first + log_second)
    return joint


def _log_sum(features: Array, expected: Array, tangent: Array) -> Array:
    """`[n]` log of the sum of the densities of all hypotheses; single precision, which is twice as fast."""
    block = max(1, _BLOCK_VALUES // len(expected))
    single = [array.astype(np.float32) for array in (features, expected, tangent)]
    blocks = [single[0][first : first + block] for first in range(0, len(features), block)]
    sums = [log_sum(log_densities(rows, *single[1:])).astype(np.float64) for rows in blocks]
    return np.concatenate([np.empty(0), *sums])


def _delayed(windows: Array, shape: tuple[int, int]) -> Array:
    """Every window at every delay that leaves some of it inside: `[n_delays * n_windows, n_values]`."""
    n_channels, n_samples = shape
    waveforms = windows.reshape(-1, n_channels, n_samples)
    padded = np.pad(waveforms, ((0, 0), (0, 0), (n_samples, n_samples)))
    furthest = max(1, n_samples - _LEAST_OVERLAP_SAMPLES)
    moved = [padded[:, :, n_samples - delay : 2 * n_samples - delay] for delay in range(-furthest, furthest + 1)]
    return np.concatenate(moved).reshape(-1, n_channels * n_samples)

"""Training, validation and test parts."""

import numpy as np
from numpy.typing import NDArray

from qat.spikes.spec import SpikeSpec
from qat.spikes.spikeset import TEST, TRAIN, VALIDATION


def block_ends(n_samples: int, spec: SpikeSpec) -> tuple[int, int]:
    """Samples at which the training and the validation stretch of a recording end."""
    train_end = round(n_samples * spec.train_fraction)
    return train_end, train_end + round(n_samples * spec.validation_fraction)


def parts_by_time(sample_index: NDArray[np.int64], ends: tuple[int, int]) -> NDArray[np.int8]:
    """`[n]` TRAIN before the first end, VALIDATION before the second, then TEST."""
    parts = np.array([TRAIN, VALIDATION, TEST], dtype=np.int8)
    return parts[np.searchsorted(ends, sample_index, side="right")]


def parts_of_windows(n_spikes: int, sample_index: NDArray[np.int64] | None, spec: SpikeSpec) -> NDArray[np.int8]:
    """`[n]` parts of stored windows: contiguous in time where times are known, else at random."""
    if sample_index is not None:
        order = np.argsort(sample_index, kind="stable")
    else:
        order = np.random.default_rng(spec.split_seed).permutation(n_spikes)
    part = np.empty(n_spikes, dtype=np.int8)
    part[order] = parts_by_time(np.arange(n_spikes), block_ends(n_spikes, spec))
    return part

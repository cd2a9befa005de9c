"""A SpikeInterface sorting of the answers to each detected spike."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import NumpySorting

from qat.errors import BadInput


def sorting_of(
    sample_index: NDArray[np.int64],
    answers: NDArray[np.integer],
    unit_names: Sequence[str],
    sampling_rate_hz: float,
) -> NumpySorting:
    """The spike trains of all units, those without a spike included.

    Args:
        sample_index: `[n]` alignment sample of each detection, in any order.
        answers: `[n]` index into `unit_names`; every other number is no unit ('unsorted', or no true unit), and
            leaves the spike out.
        unit_names: the units' ids in the sorting.
        sampling_rate_hz: of the recording.

    Raises:
        BadInput: the lengths differ.
    """
    if sample_index.shape != answers.shape or answers.ndim != 1:
        raise BadInput(
            f"sorting: {sample_index.shape} samples and {answers.shape} answers; expected one each per spike"
        )
    names = np.array(unit_names, dtype=np.str_)
    sorted_ = (answers >= 0) & (answers < len(names))
    return NumpySorting.from_samples_and_labels(
        [sample_index[sorted_]], [names[answers[sorted_]]], sampling_rate_hz, unit_ids=names
    )

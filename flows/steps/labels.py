"""The labels that a run trains on: what they are called, and which test spikes have one."""

import numpy as np
from numpy.typing import NDArray

from qat.presort import Presorting
from qat.spikes.spikeset import TEST, SpikeSet


def sorter_name(sorting: Presorting) -> str:
    """Who gave the labels, as tables call it."""
    return "given sorting" if sorting.is_given else "pre-sorter"


def labelled_test_spikes(spikes: SpikeSet, sorting: Presorting) -> NDArray[np.bool_]:
    """`[n]` test spikes that have a label: all of them, but where a sorting made elsewhere lacks some."""
    labelled: NDArray[np.bool_] = (spikes.part == TEST) & (sorting.labels >= 0)
    return labelled

"""Answers as a sorting of the recording's last quarter: what detection missed, and what it made up, counts."""

import numpy as np
from numpy.typing import NDArray

from qat.recordings.source import RecordedSource, StoredWindows
from qat.sortings.make import sorting_of
from qat.sortings.score import FoundUnit, score_sorting
from qat.sortings.truth import first_test_sample
from qat.spikes.spikeset import TEST, SpikeSet


def sorted_units(
    source: RecordedSource | StoredWindows, spikes: SpikeSet, answers: NDArray[np.integer], n_answers: int
) -> tuple[FoundUnit, ...]:
    """SpikeInterface's ground-truth comparison of the answers `[n_test]`; no row where nothing was detected.

    That is so where windows came cut, or were cut at true times, and where true units are unknown.
    """
    if not isinstance(source, RecordedSource) or source.sorting is None or not _were_detected(spikes):
        return ()
    assert spikes.sample_index is not None and spikes.detection is not None
    first_sample = first_test_sample(source, spikes)
    assert first_sample is not None
    names = [str(answer) for answer in range(n_answers)]
    return score_sorting(
        source.sorting,
        sorting_of(spikes.sample_index[spikes.part == TEST], answers, names, source.sampling_rate_hz),
        lag_samples=spikes.detection["lag_samples"],
        first_sample=first_sample,
        match_ms=spikes.detection["match_ms"],
    )


def _were_detected(spikes: SpikeSet) -> bool:
    return "threshold" in spikes.preprocessing

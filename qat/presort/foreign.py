"""A sorting made elsewhere as pseudo-labels: trained offline by any sorter, inferred on the chip."""

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import BaseSorting

from qat.errors import BadInput
from qat.presort.result import GIVEN, Presorting
from qat.spikes.match import match_spikes
from qat.spikes.spikeset import TRAIN, SpikeSet


def labels_from_sorting(spikes: SpikeSet, sorting: BaseSorting, match_ms: float = 0.5) -> Presorting:
    """Label every detection with the unit that the sorting gives the spike at its time.

    One constant lag between the sorting's times and our alignment samples is estimated on the training part and
    removed; then each spike of the sorting is matched to at most one detection within `match_ms`. A detection
    without a partner gets label -1 and confidence 0, all others confidence 1. Units are numbered in the order of
    the sorting's ids; a unit without a partner in the training part is left out, since nothing could be learnt of
    it.

    Args:
        spikes: the detections, with their sample indices and rate.
        sorting: one segment, its times in samples of the same recording.
        match_ms: largest distance of a pair.

    Raises:
        BadInput: the windows came without times, the rates differ, or no unit has a spike in the training part.
    """
    sample, rate_hz = _times(spikes, sorting)
    vector = sorting.to_spike_vector()
    order = np.argsort(sample, kind="stable")
    detected, training = sample[order], spikes.part[order] == TRAIN
    match = match_spikes(
        vector["sample_index"].astype(np.int64),
        detected,
        int(detected[training].max(initial=-1)) + 1,
        rate_hz,
        match_ms,
    )
    unit = np.full(spikes.n_spikes, -1, dtype=np.int64)
    unit[order] = np.append(vector["unit_index"].astype(np.int64), -1)[match.true_of_detection]
    used = np.unique(unit[(spikes.part == TRAIN) & (unit >= 0)])
    if used.size == 0:
        raise BadInput(
            f"sorting: none of its {vector.size} spikes lies within {match_ms:g} ms of a detection in the training "
            "part; is it a sorting of this recording?"
        )
    known = np.isin(unit, used)
    labels = np.where(known, np.searchsorted(used, unit), -1).astype(np.int32)
    confidence = known.astype(np.float32)
    return Presorting(
        labels=labels,
        confidence=confidence,
        n_units=int(used.size),
        score=float(confidence[spikes.part == TRAIN].mean(dtype=np.float64)),
        method={
            "name": GIVEN,
            "match_ms": match_ms,
            "lag_samples": match.lag_samples,
            "units": [str(sorting.unit_ids[index]) for index in used],
            "n_spikes_of_the_sorting": int(vector.size),
            "n_unmatched_detections": int((~known).sum()),
        },
    )


def _times(spikes: SpikeSet, sorting: BaseSorting) -> tuple[NDArray[np.int64], float]:
    """The detections' samples and their rate, which has to be the sorting's."""
    if spikes.sample_index is None or spikes.sampling_rate_hz is None:
        raise BadInput("sorting: the spikes came without times or rate; a sorting can only be matched in time")
    if sorting.get_num_segments() != 1:
        raise BadInput(f"sorting: {sorting.get_num_segments()} segments; expected one, as the recording has")
    rate_hz = float(sorting.sampling_frequency)
    if abs(rate_hz - spikes.sampling_rate_hz) > 1e-6 * spikes.sampling_rate_hz:
        raise BadInput(
            f"sorting: its times are at {rate_hz:g} Hz, the recording's samples at {spikes.sampling_rate_hz:g} Hz; "
            "expected the same rate"
        )
    return spikes.sample_index, spikes.sampling_rate_hz

"""What a model's answers on the test part are worth."""

import numpy as np
from numpy.typing import NDArray

from flows.study.end_to_end import sorted_units
from flows.study.result import Result, Truth, UnitResult
from qat.presort import Presorting
from qat.recordings.source import RecordedSource, StoredWindows
from qat.scoring import match_clusters, score_against_truth
from qat.spikes.spikeset import TEST, TRAIN, VALIDATION, SpikeSet


def score(
    source: RecordedSource | StoredWindows, spikes: SpikeSet, labels: Presorting, answers: NDArray[np.integer]
) -> Result:
    """Score the answers `[n_test]` to the test part of a source's spikes."""
    test = spikes.part == TEST
    labelled = labels.confidence[test] > 0
    agrees = answers[labelled] == labels.labels[test][labelled]
    return Result(
        n_train=int((spikes.part == TRAIN).sum()),
        n_validation=int((spikes.part == VALIDATION).sum()),
        n_test=int(test.sum()),
        n_units_found=labels.n_units,
        agreement=float(agrees.mean()) if agrees.size else None,
        truth=_against_truth(source, spikes, labels, answers),
    )


def _against_truth(
    source: RecordedSource | StoredWindows, spikes: SpikeSet, labels: Presorting, answers: NDArray[np.integer]
) -> Truth | None:
    """Clusters are matched to true units by the labels of the training part alone."""
    if spikes.true_unit is None:
        return None
    training, test = spikes.part == TRAIN, spikes.part == TEST
    known_labels = np.where(labels.confidence > 0, labels.labels, -1).astype(np.int32)
    matching = match_clusters(spikes.true_unit[training], known_labels[training])
    true_unit, overlap = spikes.true_unit[test], None if spikes.overlap is None else spikes.overlap[test]
    found = score_against_truth(true_unit, answers.astype(np.int32), matching, len(spikes.unit_names), overlap)
    answered = np.array([matching.get(int(answer), -1) for answer in answers], dtype=np.int64)
    recalls = [unit.recall for unit in found.units]
    return Truth(
        n_matched=found.n,
        accuracy=found.accuracy,
        n_alone=found.n_without_overlap,
        accuracy_alone=found.accuracy_without_overlap,
        n_missed=_detection(spikes, "n_missed"),
        n_extra=_detection(spikes, "n_extra"),
        units=tuple(
            UnitResult(name, int((true_unit == unit).sum()), _precision(true_unit[answered == unit], unit), recall)
            for unit, (name, recall) in enumerate(zip(spikes.unit_names, recalls, strict=True))
        ),
        sorted_units=sorted_units(source, spikes, answers, labels.n_units),
    )


def _precision(true_unit: NDArray[np.int32], unit: int) -> float | None:
    """Share that is the unit's of the spikes that got it."""
    return float((true_unit == unit).mean()) if true_unit.size else None


def _detection(spikes: SpikeSet, count: str) -> int | None:
    return None if spikes.detection is None else int(spikes.detection["parts"]["test"][count])

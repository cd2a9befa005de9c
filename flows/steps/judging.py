"""Answers held against what is known of a run's own spikes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.pipeline import StepContext
from flows.steps import files
from flows.steps.labels import labelled_test_spikes
from flows.steps.recordings import load_spikes
from flows.steps.upsets import Judged, write_upsets
from qat.presort import Presorting
from qat.scoring import match_clusters
from qat.spikes.spikeset import TEST, TRAIN, SpikeSet


def inject_upsets(context: StepContext) -> Mapping[str, Any]:
    """Flip bits in the memories of the network that the run has trained."""
    return write_upsets(context, judged(context, context.parameters["spikes"]))


def judged(context: StepContext, most: int) -> Judged:
    """At most so many test spikes, with their true units if these are known, else with their pseudo-labels."""
    spikes = load_spikes(context)
    sorting = Presorting.load(context.of("presort") / files.PSEUDO_LABELS)
    labels, test = sorting.labels, np.flatnonzero(spikes.part == TEST)[:most]
    if spikes.true_unit is None or not (spikes.true_unit[test] >= 0).any():
        return _judged_by_labels(spikes, sorting, most)
    inputs = spikes.inputs()[test]
    true_unit, units = spikes.true_unit[test], units_of_answers(spikes, labels)
    known = true_unit >= 0

    def accuracy(answers: NDArray[np.int64]) -> float:
        return float((units[answers] == true_unit)[known].mean())

    return Judged(inputs, "test spikes", spikes.labels_are, accuracy)


def _judged_by_labels(spikes: SpikeSet, sorting: Presorting, most: int) -> Judged:
    labelled = np.flatnonzero(labelled_test_spikes(spikes, sorting))[:most]
    if not labelled.size:
        return Judged(spikes.inputs(TEST)[:most], "test spikes")
    inputs, expected = spikes.inputs()[labelled], sorting.labels[labelled]
    return Judged(inputs, "test spikes", "pseudo-labels", lambda answers: float((answers == expected).mean()))


def units_of_answers(spikes: SpikeSet, labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """The true unit that each answer stands for, matched on the training part; -1 for none, as for 'unsorted'."""
    training = spikes.part == TRAIN
    assert spikes.true_unit is not None, "the true units are known"
    matching = match_clusters(spikes.true_unit[training], labels[training])
    return np.array([matching.get(answer, -1) for answer in range(int(labels.max()) + 2)], dtype=np.int64)

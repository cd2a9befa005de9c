"""A simulation held against its network."""

import numpy as np


def assert_exact(network, spikes, result):
    for ours, theirs in zip(result.words, network.words(spikes), strict=True):
        assert np.array_equal(ours, theirs)
    scores = network.scores(spikes)
    assert np.array_equal(result.scores, scores)
    assert np.array_equal(result.classes, network.classes(spikes))
    assert np.array_equal(result.best_scores, scores.max(axis=1))

import numpy as np
import pytest

from qat.errors import BadInput
from qat.scoring import match_clusters, score_against_truth


def test_clusters_are_matched_one_to_one_so_that_most_spikes_agree():
    true_unit = np.array([0, 0, 0, 0, 1, 1, 1, 2])
    labels = np.array([5, 5, 5, 1, 1, 1, 1, 1])
    assert match_clusters(true_unit, labels) == {5: 0, 1: 1}


def test_a_unit_split_in_two_keeps_only_its_larger_half():
    true_unit = np.array([0] * 10 + [1] * 5)
    labels = np.array([0] * 6 + [1] * 4 + [2] * 5)
    matching = match_clusters(true_unit, labels)
    assert matching == {0: 0, 2: 1}
    score = score_against_truth(true_unit, labels, matching, n_units=2)
    assert score.accuracy == 11 / 15
    assert (score.units[0].precision, score.units[0].recall) == (1.0, 0.6)


def test_the_best_matching_is_not_the_greedy_one():
    # Greedy would give cluster 0 to unit 0 (5 spikes) and leave cluster 1 without a spike.
    true_unit = np.array([0] * 5 + [1] * 4 + [0] * 4)
    labels = np.array([0] * 9 + [1] * 4)
    assert match_clusters(true_unit, labels) == {0: 1, 1: 0}


def test_spikes_without_a_true_unit_count_neither_way():
    true_unit, labels = np.array([0, -1, -1, 1]), np.array([0, 1, 0, 1])
    assert match_clusters(true_unit, labels) == {0: 0, 1: 1}
    score = score_against_truth(true_unit, labels, {0: 0, 1: 1}, n_units=2)
    assert (score.n, score.accuracy) == (2, 1.0)
    assert [unit.precision for unit in score.units] == [1.0, 1.0]


def test_spikes_in_unmatched_clusters_are_wrong():
    score = score_against_truth(np.array([0, 0]), np.array([0, 7]), {0: 0}, n_units=1)
    assert score.accuracy == 0.5


def test_overlapping_spikes_can_be_left_out():
    overlap = np.array([False, True, False, False])
    score = score_against_truth(np.zeros(4, int), np.array([0, 1, 0, 0]), {0: 0}, 1, overlap)
    assert (score.accuracy, score.accuracy_without_overlap) == (0.75, 1.0)
    assert (score.n, score.n_without_overlap) == (4, 3)


def test_what_is_unknown_is_none():
    nothing = score_against_truth(np.array([-1]), np.array([0]), {}, n_units=1)
    assert (nothing.n, nothing.accuracy, nothing.accuracy_without_overlap) == (0, None, None)
    assert (nothing.units[0].n, nothing.units[0].precision, nothing.units[0].recall) == (0, None, None)
    assert match_clusters(np.array([-1]), np.array([0])) == {}


def test_lengths_must_agree():
    with pytest.raises(BadInput, match="one of each per spike"):
        match_clusters(np.zeros(3, int), np.zeros(2, int))

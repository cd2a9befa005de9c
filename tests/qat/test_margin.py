"""The margin of 'unsorted': what it withholds, how it is chosen, and what it does."""

import numpy as np
import pytest

from qat.errors import BadInput
from qat.unsorted import calibrate_margin, decide, leads, margin_curve

SCORES = np.array([[5, 3, 1], [1, 4, 4], [-2, -7, -3], [0, 0, 9]])


def test_a_lead_is_the_best_score_minus_the_second_best():
    assert leads(SCORES).tolist() == [2, 0, 1, 9]


def test_answers_are_withheld_where_the_lead_is_less_than_the_margin():
    assert decide(SCORES, 0).tolist() == [0, 1, 0, 2]
    assert decide(SCORES, 2).tolist() == [0, 3, 3, 2]
    assert decide(np.array([[-3], [4]]), 10**6).tolist() == [0, 0]  # a single unit has no second best


def with_leads(values):
    """Scores of two units, the first one best by these leads."""
    return np.stack([np.asarray(values), np.zeros(len(values), dtype=np.int64)], axis=1)


@pytest.mark.parametrize(("n", "margin"), [(98, 0), (99, 1), (198, 1), (199, 2), (999, 10)])
def test_the_margin_is_the_lead_of_which_one_right_answer_in_a_hundred_falls_short(n, margin):
    scores = with_leads(np.random.default_rng(n).permutation(np.arange(1, n + 1)))
    chosen = calibrate_margin(scores, np.zeros(n, dtype=np.int32))
    assert (chosen.margin, chosen.n_answers, chosen.keeps) == (margin, n, 0.99)
    assert np.count_nonzero(decide(scores, chosen.margin) == 0) >= 0.99 * n


def test_wrong_answers_have_no_say():
    labels = np.zeros(130, dtype=np.int32)
    labels[:20], labels[20:31] = 1, -1
    chosen = calibrate_margin(with_leads(np.arange(1, 131)), labels)
    assert (chosen.margin, chosen.n_answers) == (32, 99)


def test_a_single_unit_has_no_margin():
    assert calibrate_margin(np.ones((500, 1)), np.zeros(500)).margin == 0


@pytest.mark.parametrize("keeps", [0.0, 1.0, float("nan")])
def test_a_share_that_cannot_be_kept_is_refused(keeps):
    with pytest.raises(BadInput, match="more than 0, less than 1"):
        calibrate_margin(SCORES, np.zeros(4), keeps=keeps)


def test_spikes_without_label_are_refused():
    with pytest.raises(BadInput, match="4 scores and 3 labels"):
        calibrate_margin(SCORES, np.zeros(3))


def test_the_curve_counts_answers_and_right_ones_at_every_lead():
    right = np.array([True, False, False, True])
    curve = margin_curve(leads(SCORES), right, 4)
    assert curve.margin.tolist() == [0, 1, 2, 9]
    assert curve.n_answered.tolist() == [4, 3, 2, 1]
    assert curve.n_right.tolist() == [2, 2, 2, 1]
    assert curve.precision.tolist() == [2 / 4, 2 / 3, 1.0, 1.0]
    assert curve.recall.tolist() == [0.5, 0.5, 0.5, 0.25]
    beyond = margin_curve(leads(SCORES), right, 4, np.array([0, 10]))
    assert beyond.n_answered.tolist() == [4, 0] and np.isnan(beyond.precision[1])

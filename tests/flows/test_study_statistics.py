from statistics import NormalDist

import numpy as np
import pytest

from flows.errors import BadInput
from flows.study.statistics import compare, holm, signed_rank, spread_of


def test_mean_and_sample_deviation():
    assert spread_of([0.9, 0.95, 1.0]).mean == pytest.approx(0.95)
    assert spread_of([0.9, 0.95, 1.0]).deviation == pytest.approx(0.05)
    assert spread_of([0.9]).deviation is None
    with pytest.raises(BadInput, match="no values"):
        spread_of([])


def test_holm_against_his_procedure_by_hand():
    # 0.01 x 4, 0.02 x 3, 0.03 x 2, 0.04 x 1, and no adjusted value below the one before it
    assert holm([0.03, 0.01, 0.04, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]


def test_signed_rank_of_what_never_differs_is_one():
    assert signed_rank(np.zeros(20)) == 1.0


def test_signed_rank_against_the_normal_approximation_by_hand():
    # Ranks 1 ... 20 are all positive: 0 against 105, variance 20 * 21 * 41 / 24 = 717.5, continuity 0.5.
    assert signed_rank(np.arange(1.0, 21.0)) == pytest.approx(2 * NormalDist().cdf(-104.5 / 717.5**0.5))


def test_signed_rank_of_few_pairs_is_exact():
    assert signed_rank(np.arange(1.0, 11.0)) == pytest.approx(2 / 2**10)  # all signs alike, either way
    # Of 8 ways to sign the ranks 1, 2, 3, rank sums 0, 1, 5, 6 are as far from 3 as 1 is, or farther.
    assert signed_rank(np.array([-1.0, 2.0, 3.0])) == pytest.approx(4 / 8)


def tables(difference, noise, n_sets=12, n_seeds=5):
    rng = np.random.default_rng(0)
    base = rng.uniform(0.9, 0.99, (n_sets, n_seeds))
    return {"a": base + difference + noise * rng.standard_normal(base.shape), "b": base, "c": base}


def test_a_constant_difference_is_real_and_none_is_not():
    below, none = compare(tables(-0.01, 0.002), "a", ["b"]) + compare(tables(0.0, 0.0), "a", ["c"])
    assert below.is_real and below.mean == pytest.approx(-0.01, abs=1e-3)
    assert below.low < below.mean < below.high < 0
    assert not none.is_real and none.p == 1.0 and none.low == none.high == 0.0


def test_a_difference_on_one_data_set_alone_is_not_real():
    accuracies = tables(0.0, 0.001)
    accuracies["a"][3] += 0.1
    (difference,) = compare(accuracies, "a", ["b"])
    assert difference.low <= 0 and not difference.is_real


def test_a_difference_of_one_seed_alone_is_not_real():
    accuracies = tables(0.0, 0.0)
    accuracies["a"][:, 2] += 0.01  # 12 of 60 pairs, all on one side: the signed-rank test alone would call it real
    (difference,) = compare(accuracies, "a", ["b"])
    assert difference.p < 0.05 and difference.low == 0.0 and not difference.is_real


def test_the_same_numbers_give_the_same_interval():
    assert compare(tables(-0.01, 0.01), "a", ["b", "c"]) == compare(tables(-0.01, 0.01), "a", ["b", "c"])

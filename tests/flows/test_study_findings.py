import pytest

from flows.study.hardware import HardwareCost
from flows.study.parts.ablation import ablation_findings
from flows.study.parts.generator import hardness_finding
from flows.study.parts.hardware import BITS, dial_finding
from flows.study.parts.main import claim_findings, difference_findings
from flows.study.parts.presorting import Gap, gap_findings, shares_finding
from flows.study.statistics import Difference, Spread
from qat.datasets import Hardness


def difference(mean, low, high, p, second="b"):
    return Difference("one-bit", second, 60, mean, low, high, p)


@pytest.mark.parametrize(
    ("mean", "worst", "words", "tones"),
    [
        (-0.002, -0.010, (": holds.", ": holds."), ("good", "good")),
        (-0.006, -0.010, ("does not hold", ": holds."), ("bad", "good")),
        (-0.002, -0.016, (": holds.", "does not hold"), ("good", "bad")),
        (0.003, 0.001, (": holds.", ": holds."), ("good", "good")),
    ],
)
def test_the_claim_is_told_as_it_came_out(mean, worst, words, tones):
    findings = claim_findings(difference(mean, mean - 0.001, mean + 0.001, 0.01), {"easy": 0.01, "hard": worst}, 5)
    assert tuple(finding.tone for finding in findings) == tones
    assert all(word in finding.text for word, finding in zip(words, findings, strict=True))
    assert ("easy" if worst > 0.01 else "hard") in findings[1].text


@pytest.mark.parametrize(
    ("mean", "low", "high", "is_told"),
    [
        (-0.004, -0.009, 0.001, True),
        (-0.006, -0.009, -0.001, True),
        (-0.002, -0.004, 0.001, False),
        (-0.009, -0.012, -0.006, False),
    ],
)
def test_an_interval_across_the_limit_is_told(mean, low, high, is_told):
    finding, _ = claim_findings(difference(mean, low, high, 0.01), {"easy": mean}, 5)
    assert ("the interval reaches across that limit" in finding.text) == is_told


def test_differences_are_told_by_what_is_real():
    better, worse, chance = difference_findings(
        (
            difference(0.02, 0.01, 0.03, 0.001, "lda"),
            difference(-0.01, -0.02, -0.005, 0.00001, "twin"),
            difference(-0.01, -0.02, 0.005, 0.01, "pre-sorter"),
        )
    )
    assert "really better, in points, than LDA (+2.00, p = 0.001)" in better.text
    assert "really worse, in points, than full-precision twin (−1.00, p < 0.0001)" in worse.text
    assert "pre-sorter (−1.00, p = 0.01)" in chance.text


def test_few_seeds_are_told():
    mean, _ = claim_findings(difference(0.0, 0.0, 0.0, 1.0), {"easy": 0.0}, 2)
    assert "2 seeds only" in mean.text


@pytest.mark.parametrize(
    ("presorter", "words", "tone"),
    [
        (0.97, "at least half of the gap closed holds: the pre-sorter closes 60 %", "good"),
        (0.95, "does not hold: the pre-sorter closes 20 %", "bad"),
        (0.93, "does not hold: the pre-sorter closes -20 %", "bad"),
    ],
)
def test_the_share_of_the_gap_is_told_as_it_came_out(presorter, words, tone):
    finding, _ = gap_findings(Gap(0.94, presorter, 0.99), Gap(0.94, presorter, 0.99))
    assert words in finding.text and finding.tone == tone


def test_a_baseline_as_good_as_true_labels_leaves_no_gap():
    finding, _ = gap_findings(Gap(0.99, 0.99, 0.99), Gap(0.99, 0.99, 0.99))
    assert "no gap to close" in finding.text and finding.tone == "plain"


def test_an_ingredient_that_pays_one_that_harms_and_one_that_does_nothing():
    pays, harms, nothing = (
        difference(0.01, 0.005, 0.015, 0.001, "no-overlaps"),
        difference(-0.01, -0.015, -0.005, 0.001, "no-overlaps"),
        difference(0.01, -0.005, 0.015, 0.001, "no-overlaps"),
    )
    assert ["it pays" in each.text for each in ablation_findings((pays,))] == [True]
    assert ["is better by +1.00" in each.text for each in ablation_findings((harms,))] == [True]
    assert ["Not told from" in each.text for each in ablation_findings((nothing,))] == [True]


def test_the_cheapest_setting_that_is_about_as_good_is_named():
    costs = [HardwareCost(luts, 100, 24, 256) for luts in (900, 1000, 1400)]
    finding = dial_finding(BITS, (2, 4, 8), [Spread(5, mean, 0.01) for mean in (0.9, 0.979, 0.98)], costs)
    assert "Best with 8 input bits" in finding.text and "4 input bits come within 0.5 points" in finding.text
    alone = dial_finding(BITS, (2, 4, 8), [Spread(5, mean, 0.01) for mean in (0.9, 0.91, 0.98)], costs)
    assert "nothing cheaper comes within" in alone.text
    too_wide = dial_finding(BITS, (2, 4, 8), [Spread(5, 0.9, 0.01)] * 3, [None] * 3)
    assert "No setting" in too_wide.text and too_wide.tone == "bad"


def hardness(accuracy):
    return Hardness("drawn", 3600, 3, 0.2, 0.1, 10.0, accuracy, accuracy)


@pytest.mark.parametrize(
    ("accuracies", "words", "tone"),
    [((0.97, 0.98), "noise: holds.", "good"), ((0.98, 1.0), "noise: does not hold.", "bad")],
)
def test_whether_the_generator_is_as_hard_as_the_benchmark(accuracies, words, tone):
    finding = hardness_finding(hardness(0.98), [hardness(accuracy) for accuracy in accuracies])
    assert words in finding.text and finding.tone == tone


def test_the_gap_is_told_of_every_data_set():
    finding = shares_finding({"easy": Gap(0.99, 0.98, 0.98), "hard": Gap(0.90, 0.97, 0.95)})
    assert "closes: easy no gap; hard 140 % of +5.00 points." in finding.text

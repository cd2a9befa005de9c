"""Answers of a chip held against the integer network: unit, flag and score."""

from dataclasses import replace

import numpy as np
import pytest

from flows.steps.answers import wrong_answers
from hw.link.protocol import SortAnswer
from hw.network.types import IntegerFormat
from hw.network.vectors import random_inputs
from tests.hw.networks import random_network


@pytest.fixture
def network():
    rng = np.random.default_rng(0)
    return replace(random_network(rng, n_inputs=4, hidden=(4,), input_format=IntegerFormat(4, True)), margin=2)


def test_right_answers_with_and_without_scores_pass_and_each_wrong_part_is_told(network):
    spikes = random_inputs(network.input_format, network.n_inputs, 40, seed=1)
    units, scores = network.classes(spikes).tolist(), network.scores(spikes).max(axis=1).tolist()
    unsorted = len(network.unit_names)
    assert {unsorted} < set(units)
    right = [SortAnswer(unit, unit == unsorted, 9, score) for unit, score in zip(units, scores, strict=True)]
    assert not list(wrong_answers(network, spikes, right))
    assert not list(wrong_answers(network, spikes, [replace(answer, score=None) for answer in right]))
    for spoiled, said in (
        (replace(right[3], unit=right[3].unit + 1), f"spike 3: unit {units[3] + 1}, score {scores[3]}; "),
        (
            replace(right[3], unsorted=not right[3].unsorted),
            f"unit {units[3]}, unsorted {units[3] != unsorted}, score",
        ),
        (replace(right[3], score=scores[3] - 1), f"score {scores[3] - 1}; expected "),
    ):
        (line,) = wrong_answers(network, spikes, [*right[:3], spoiled, *right[4:]])
        assert said in line
        assert line.endswith(f"(unit {units[3]}), score {scores[3]}")

"""A simulation held against the ONNX reference, part by part: differences are counted, and the first is found."""

from dataclasses import replace

import numpy as np
import pytest

from hw.accelerator.accelerator import Accelerator
from hw.network.lower import lower
from hw.network.reference import Reference
from hw.network.vectors import random_inputs
from hw.simulate import amaranth, compare
from hw.simulate.compare import Compared
from hw.simulate.result import Answers, LayerWords
from tests.hw.graphs import random_graph, write
from tests.hw.networks import random_schedule

N = 10


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = write(random_graph(np.random.default_rng(3), 8, (16, 8), 3), tmp_path_factory.mktemp("graph") / "net.onnx")
    network = lower(path)
    spikes = random_inputs(network.input_format, network.n_inputs, N, seed=3)
    accelerator = Accelerator(network, random_schedule(np.random.default_rng(3), network))
    return network, Reference.open(path), spikes, amaranth.simulate(accelerator, spikes)


@pytest.fixture(autouse=True)
def parts_of_four(monkeypatch):
    monkeypatch.setattr(compare, "BATCH", 4)


def with_bit_flipped(layers, index, spike):
    packed = layers[index].packed.copy()
    packed[spike, 0, 0] ^= 1
    return (*layers[:index], LayerWords(layers[index].format, packed), *layers[index + 1 :])


def test_nothing_differs(run):
    told = []
    assert compare.compare(*run, told.append) == Compared(N, 0, 0, None)
    assert told == [0.4, 0.8, 1.0]


@pytest.mark.parametrize(("index", "spike"), [(0, 0), (1, 3), (2, 9)])
def test_a_bit_of_a_layer_is_seen(run, index, spike):
    *given, result = run
    result = replace(result, layers=with_bit_flipped(result.layers, index, spike))
    assert compare.compare(*given, result) == Compared(N, 0, 1, spike)


def test_wrong_results_are_counted_and_the_first_is_named(run):
    *given, result = run
    classes, scores = result.classes.copy(), result.best_scores.copy()
    classes[[8, 9]] += 1
    scores[5] -= 1
    result = replace(result, classes=classes, best_scores=scores, layers=with_bit_flipped(result.layers, 0, 6))
    assert compare.compare(*given, result) == Compared(N, 3, 1, 5)


def test_where_no_layer_is_seen_none_counts_as_equal(run):
    *given, result = run
    answers = Answers(result.classes, result.best_scores, result.starts, result.ends)
    assert compare.compare(*given, answers) == Compared(N, 0, None, None)

"""Classical classifiers on spikes whose noise is known."""

import numpy as np
import pytest

from qat.classical import CLASSICAL
from qat.errors import BadInput
from qat.models import Cost
from qat.training import LabelledSpikes

KINDS = pytest.mark.parametrize("kind", CLASSICAL.values(), ids=lambda kind: kind.name)
SHAPES = np.round(60 * np.exp(-(((np.arange(32) - 12) / np.array([[2], [4], [7]])) ** 2)))[:, None, :]


def labelled(n, noise, seed=0, jitter=0, shapes=SHAPES, labels=None):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % len(shapes) if labels is None else labels
    clean = np.stack(
        [np.roll(shapes[label], rng.integers(-jitter, jitter + 1), axis=1) for label in labels % len(shapes)]
    )
    # Slow noise, as a recording's is: the sum of eight neighbours.
    white = rng.normal(size=(n, shapes.shape[1], shapes.shape[2] + 7))
    slow = np.lib.stride_tricks.sliding_window_view(white, 8, axis=2).sum(axis=3) / np.sqrt(8)
    waveforms = np.clip(np.round(clean + noise * slow), -128, 127).astype(np.int8)
    return LabelledSpikes(waveforms, labels, np.ones(n))


def accuracy(kind, training, test):
    answer = CLASSICAL[kind].fit(training, 3).classify(test.waveforms.reshape(len(test.labels), -1))
    return (answer == test.labels).mean()


@KINDS
def test_clear_spikes_get_their_unit(kind):
    assert accuracy(kind.name, labelled(90, noise=3), labelled(90, noise=3, seed=1)) == 1


def test_those_that_know_the_noise_are_better():
    training, test = labelled(900, noise=25), labelled(900, noise=25, seed=1)
    centroid = accuracy("nearest-centroid", training, test)
    assert accuracy("lda", training, test) > centroid + 0.05
    assert accuracy("template-matching", training, test) > centroid + 0.05


def test_template_matching_allows_for_misaligned_spikes():
    training, test = labelled(300, noise=6), labelled(300, noise=6, seed=1, jitter=2)
    assert accuracy("template-matching", training, test) > accuracy("lda", training, test) + 0.05


@KINDS
def test_spikes_of_low_confidence_have_no_say(kind):
    sure = labelled(90, noise=3)
    wrong = labelled(90, noise=3, seed=2)
    spoilt = LabelledSpikes(
        np.concatenate([sure.waveforms, wrong.waveforms]),
        np.concatenate([sure.labels, (wrong.labels + 1) % 3]),
        np.concatenate([np.full(90, 0.5), np.full(90, 0.49)]),
    )
    inputs = labelled(90, noise=20, seed=1).waveforms.reshape(90, -1)
    assert np.array_equal(kind.fit(spoilt, 3).classify(inputs), kind.fit(sure, 3).classify(inputs))


@KINDS
@pytest.mark.parametrize("units", [[1], [0, 4], [0, 2, 5]])
def test_units_without_spikes_are_never_answered(kind, units):
    labels = np.repeat(units, 30)
    training = labelled(len(labels), noise=3, labels=labels)
    answer = kind.fit(training, 6).classify(training.waveforms.reshape(len(labels), -1))
    assert answer.dtype == np.int64
    assert set(answer) == set(units)


@pytest.mark.parametrize(("name", "n_scores"), [("nearest-centroid", 3), ("lda", 3), ("template-matching", 3 * 5)])
def test_cost_is_a_product_of_all_samples_for_each_score(name, n_scores):
    cost = CLASSICAL[name].fit(labelled(90, noise=3), 3).cost
    parameters = n_scores * (32 + 1)
    assert cost == Cost(parameters, 32 * parameters, n_scores * 32, n_scores * 32)
    assert CLASSICAL[name].cost(n_samples=32, n_units=3) == CLASSICAL[name].cost(16, 3, n_channels=2) == cost


@pytest.mark.parametrize("kind", [CLASSICAL["nearest-centroid"], CLASSICAL["template-matching"]])
def test_one_spike_of_each_unit_is_enough(kind):
    training = labelled(3, noise=0)
    assert np.array_equal(kind.fit(training, 3).classify(training.waveforms.reshape(3, -1)), [0, 1, 2])


def test_lda_needs_more_spikes_than_units():
    with pytest.raises(BadInput, match="3 spikes of 3 units"):
        CLASSICAL["lda"].fit(labelled(3, noise=0), 3)


@KINDS
def test_nothing_to_fit_is_refused(kind):
    with pytest.raises(BadInput, match="none of 9 training spikes"):
        kind.fit(labelled(9, noise=3), 3, min_confidence=1.5)


@KINDS
def test_label_outside_of_the_units_is_refused(kind):
    with pytest.raises(BadInput, match=r"pseudo-labels 0 \.\.\. 2: 2 units"):
        kind.fit(labelled(9, noise=3), 2)

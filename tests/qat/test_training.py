"""Training on pseudo-labels, on small sets of synthetic spikes."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from qat.errors import BadInput
from qat.models import MODELS, binarized, classify, full_precision_twin
from qat.plots import draw_confusion_matrix, draw_learning_curves
from qat.training import LabelledSpikes, TrainingRecipe, recipe_of, train
from qat.weights import load_weights, save_weights

SMALL = partial(binarized, hidden=(32, 32))
SHORT = TrainingRecipe(epochs=8, batch_size=16)
N_UNITS = 3


def spikes(n, seed, n_channels=1, n_samples=24, n_units=N_UNITS):
    """Int8 spikes of units that differ in width, in noise; every label occurs."""
    random = np.random.default_rng(seed)
    time = np.arange(n_samples)
    widths = 1.5 + 1.5 * np.arange(n_units)
    templates = -90 * np.exp(-(((time - n_samples // 3) / widths[:, None]) ** 2))
    labels = np.arange(n) % n_units
    waveforms = templates[labels][:, None, :] + random.normal(0, 5, (n, n_channels, n_samples))
    return LabelledSpikes(np.clip(np.round(waveforms), -128, 127).astype(np.int8), labels, np.ones(n))


def flat(labelled):
    return labelled.waveforms.reshape(len(labelled.labels), -1)


def state(trained):
    return {name: value.numpy() for name, value in trained.model.state_dict().items()}


@pytest.mark.parametrize(
    ("build", "recipe"),
    [(binarized, TrainingRecipe(epochs=20)), (full_precision_twin, replace(recipe_of(MODELS["twin"]), epochs=10))],
)
def test_both_networks_learn_to_sort_unseen_spikes(build, recipe):
    trained = train(build, spikes(600, 0), spikes(90, 1), n_units=N_UNITS, recipe=recipe, seed=0)
    unseen = spikes(300, 2)
    assert (classify(trained.model, flat(unseen)) == unseen.labels).mean() >= 0.99
    assert trained.metrics.validation_accuracy >= 0.99


def test_channels_enter_flattened_channel_major():
    tetrode = spikes(240, 0, n_channels=4)
    tetrode.waveforms[:, 1:] = 0  # only the first channel tells the units apart
    trained = train(SMALL, tetrode, tetrode, n_units=N_UNITS, recipe=replace(SHORT, epochs=20), seed=0)
    assert trained.model[0].in_features == 4 * 24
    assert (classify(trained.model, flat(tetrode)) == tetrode.labels).mean() >= 0.97


def test_one_seed_gives_one_network_and_leaves_the_process_alone():
    torch.manual_seed(123)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    runs = [
        train(SMALL, spikes(120, 0), spikes(30, 1), n_units=N_UNITS, recipe=SHORT, seed=seed) for seed in (4, 4, 5)
    ]
    first, again, other = map(state, runs)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert runs[0].history == runs[1].history
    assert not np.array_equal(first["0.weight"], other["0.weight"])
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


def test_the_last_record_is_of_the_network_that_is_kept():
    validation = spikes(60, 1)
    trained = train(SMALL, spikes(120, 0), validation, n_units=N_UNITS, recipe=SHORT, seed=0)
    agreement = (classify(trained.model, flat(validation)) == validation.labels).mean()
    assert len(trained.history) == SHORT.epochs
    assert trained.metrics is trained.history[-1]
    assert trained.metrics.validation_accuracy == agreement


def test_what_validation_says_changes_nothing():
    given = spikes(60, 1)
    misleading = replace(given, labels=(given.labels + 1) % N_UNITS)
    first, second = (
        state(train(SMALL, spikes(120, 0), validation, n_units=N_UNITS, recipe=SHORT, seed=0))
        for validation in (given, misleading)
    )
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_without_validation_spikes_nothing_is_said_of_them():
    training = spikes(120, 0)
    empty = LabelledSpikes(training.waveforms[:0], training.labels[:0], training.confidence[:0])
    trained = train(SMALL, training, empty, n_units=N_UNITS, recipe=SHORT, seed=0)
    assert trained.metrics.validation_loss is None
    assert trained.metrics.validation_accuracy is None


def test_pseudo_labels_without_confidence_are_not_learned():
    training = spikes(240, 0)
    labels, confidence = training.labels.copy(), training.confidence.copy()
    labels[120:], confidence[120:] = (labels[120:] + 1) % N_UNITS, 0.4
    recipe = replace(SHORT, min_confidence=0.5)
    with_wrong = replace(training, labels=labels, confidence=confidence)
    without = LabelledSpikes(training.waveforms[:120], training.labels[:120], training.confidence[:120])
    first, second = (
        state(train(SMALL, given, spikes(30, 1), n_units=N_UNITS, recipe=recipe, seed=0))
        for given in (with_wrong, without)
    )
    assert all(np.array_equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("n", [2, 3, 17, 33])  # 17 and 33 would leave one spike beside batches of 16
def test_tiny_sets_train(n):
    only_two_units = replace(spikes(4, 1), labels=np.array([0, 1, 0, 1]))
    trained = train(SMALL, spikes(n, 0), only_two_units, n_units=N_UNITS, recipe=SHORT, seed=0)
    assert set(classify(trained.model, flat(spikes(30, 2)))) <= set(range(N_UNITS))


def test_one_unit_trains_and_is_always_the_answer():
    one = spikes(20, 0, n_units=1)
    trained = train(SMALL, one, one, n_units=1, recipe=SHORT, seed=0)
    assert trained.metrics.train_accuracy == 1.0
    assert np.array_equal(classify(trained.model, flat(one)), np.zeros(20))


@pytest.mark.parametrize("value", [0, 127, -128])
@pytest.mark.parametrize("build", [SMALL, partial(full_precision_twin, hidden=(32, 32))])
def test_constant_inputs_give_finite_weights(build, value):
    training = spikes(60, 0)
    training.waveforms[:] = value
    trained = train(build, training, training, n_units=N_UNITS, recipe=SHORT, seed=0)
    assert all(np.isfinite(values).all() for values in state(trained).values())
    assert np.isfinite(trained.metrics.train_loss)


def test_one_sample_per_window_trains():
    training = spikes(60, 0, n_samples=1)
    trained = train(SMALL, training, training, n_units=N_UNITS, recipe=SHORT, seed=0)
    assert trained.model[0].in_features == 1


def test_progress_rises_to_one():
    fractions = []
    train(SMALL, spikes(60, 0), spikes(30, 1), n_units=3, recipe=SHORT, seed=0, progress=fractions.append)
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < fractions[-1] == 1.0


def test_labels_outside_the_units_are_refused():
    with pytest.raises(BadInput, match=r"pseudo-labels 0 \.\.\. 2: 2 units"):
        train(SMALL, spikes(60, 0), spikes(30, 1), n_units=2, recipe=SHORT, seed=0)


def test_too_few_confident_spikes_are_refused():
    doubtful = replace(spikes(60, 0), confidence=np.full(60, 0.3))
    with pytest.raises(BadInput, match="0 of 60 training spikes"):
        train(SMALL, doubtful, spikes(30, 1), n_units=N_UNITS, recipe=SHORT, seed=0)


def test_a_training_that_diverges_is_refused_in_one_line():
    recipe = replace(SHORT, learning_rate=1e30)
    with pytest.raises(BadInput, match=r"^training diverged in epoch \d+: learning rate 1e\+30 [^\n]*$"):
        train(full_precision_twin, spikes(60, 0), spikes(30, 1), n_units=N_UNITS, recipe=recipe, seed=0)


def test_arrays_that_do_not_fit_are_refused():
    good = spikes(6, 0)
    with pytest.raises(BadInput, match=r"must be \[n, n_channels, n_samples\]"):
        LabelledSpikes(flat(good), good.labels, good.confidence)
    with pytest.raises(BadInput, match="waveforms are float64, must be integers"):
        replace(good, waveforms=good.waveforms * np.nan)
    with pytest.raises(BadInput, match=r"labels \(5,\)"):
        LabelledSpikes(good.waveforms, good.labels[:5], good.confidence)


@pytest.mark.parametrize(
    "field",
    [
        {"epochs": 0},
        {"batch_size": 1},
        {"learning_rate": 0.0},
        {"temperature": -1.0},
        {"overlap_share": -0.1},
        {"distilled_share": 1.1},
        {"noise_factor": float("nan")},
    ],
)
def test_recipe_names_what_is_wrong(field):
    with pytest.raises(BadInput, match=next(iter(field))):
        TrainingRecipe(**field)


def test_weights_come_back_from_their_file(tmp_path):
    trained = train(SMALL, spikes(60, 0), spikes(30, 1), n_units=N_UNITS, recipe=SHORT, seed=0)
    save_weights(trained.model, tmp_path / "one.pt")
    save_weights(trained.model, tmp_path / "two.pt")
    fresh = SMALL(24, N_UNITS)
    load_weights(fresh, tmp_path / "one.pt")
    assert np.array_equal(classify(fresh, flat(spikes(90, 2))), classify(trained.model, flat(spikes(90, 2))))
    assert all(np.array_equal(value, state(trained)[name]) for name, value in fresh.state_dict().items())
    assert (tmp_path / "one.pt").read_bytes() == (tmp_path / "two.pt").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.pt", "two.pt"]


@pytest.mark.parametrize("content", [b"", b"not weights", b"PK\x03\x04 not weights either"])
def test_a_file_that_holds_no_weights_is_refused(tmp_path, content):
    path = tmp_path / "weights.pt"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"weights\.pt: cannot be read as weights"):
        load_weights(SMALL(24, N_UNITS), path)


def test_missing_weights_and_weights_of_another_shape_are_refused(tmp_path):
    path = tmp_path / "weights.pt"
    with pytest.raises(BadInput, match=r"weights\.pt"):
        load_weights(SMALL(24, N_UNITS), path)
    save_weights(SMALL(25, N_UNITS), path)
    with pytest.raises(BadInput, match=r"weights\.pt: [^\n]*$"):
        load_weights(SMALL(24, N_UNITS), path)


@pytest.mark.parametrize("n_units", [1, N_UNITS])
def test_pictures_are_the_same_bytes_for_the_same_training(tmp_path, n_units):
    given = spikes(60, 0, n_units=n_units)
    trained = train(SMALL, given, given, n_units=n_units, recipe=SHORT, seed=0)
    names = [str(unit) for unit in range(n_units)]
    predicted = classify(trained.model, flat(given))
    for name in ("a", "b"):
        draw_learning_curves({"1 bit": trained.history}, tmp_path / f"curves_{name}.png")
        draw_confusion_matrix(given.labels, predicted, names, names, tmp_path / f"confusion_{name}.png")
    for picture in ("curves", "confusion"):
        first, second = (tmp_path / f"{picture}_{name}.png" for name in "ab")
        assert first.read_bytes().startswith(b"\x89PNG")
        assert first.read_bytes() == second.read_bytes()


def test_a_confusion_outside_the_names_is_refused(tmp_path):
    with pytest.raises(BadInput, match="actual -1"):
        draw_confusion_matrix(np.array([-1, 0]), np.array([0, 0]), ["a"], ["0"], tmp_path / "confusion.png")


def test_many_units_with_any_names_are_drawn(tmp_path):
    names = [f"$unit_{{{unit}" for unit in range(300)]
    units = np.arange(300)
    draw_confusion_matrix(units, units, names, names, tmp_path / "many.png")
    assert (tmp_path / "many.png").stat().st_size > 0

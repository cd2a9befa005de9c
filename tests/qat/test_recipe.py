"""The ingredients of the training recipe, one by one, and the variants of the ablation."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from qat.models import MODELS, binarized, classify, full_precision_twin
from qat.training import TEACHER, VARIANTS, LabelledSpikes, TrainingRecipe, recipe_of, train
from qat.training.augmentation import augmented, noise_of, shifted, with_noise, with_overlaps
from qat.training.averaging import WeightAverage, fit_statistics
from qat.training.encoding import ThermometerCode
from qat.training.labelled import confident
from qat.training.loss import loss_against_teacher
from qat.training.whitening import whiten_gradients

SMALL = partial(binarized, hidden=(16, 16))
TINY = TrainingRecipe(epochs=3, batch_size=16)


def random_spikes(n=40, n_channels=2, n_samples=12, n_units=3, bits=8, seed=0):
    random = np.random.default_rng(seed)
    limit = 2 ** (bits - 1)
    waveforms = random.integers(-limit, limit, (n, n_channels, n_samples)).astype(np.int8)
    return LabelledSpikes(waveforms, np.arange(n) % n_units, np.ones(n))


def distinct_spikes(n, seed):
    """Three units that differ in the place of their trough, in noise."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(n) % 3)
    troughs = -90 * np.exp(-(((np.arange(24) - 5 - 6 * labels[:, None]) / 2.5) ** 2))
    waveforms = np.clip(np.round(troughs + random.normal(0, 8, (n, 24))), -128, 127)
    return LabelledSpikes(waveforms[:, None, :].astype(np.int8), labels, np.ones(n))


@settings(max_examples=30, deadline=None)
@given(
    bits=st.integers(2, 8),
    n_channels=st.integers(1, 4),
    n_samples=st.integers(1, 20),
    most_shift=st.integers(0, 3),
    noise=st.floats(0, 2),
    overlaps=st.floats(0, 1),
    seed=st.integers(0, 1000),
)
def test_augmented_spikes_are_integers_within_the_extremes(
    bits, n_channels, n_samples, most_shift, noise, overlaps, seed
):
    given_spikes = confident(random_spikes(12, n_channels, n_samples, bits=bits, seed=seed), 0.5, 3)
    recipe = replace(TINY, most_shift_samples=most_shift, noise_factor=noise, overlap_share=overlaps)
    before = given_spikes.waveforms.clone()
    changed = augmented(given_spikes, recipe)
    assert torch.equal(given_spikes.waveforms, before)
    assert changed.shape == before.shape
    assert torch.equal(changed, changed.round())
    assert before.min() <= changed.min() <= changed.max() <= before.max()


def test_nothing_is_changed_where_every_ingredient_is_left_out():
    given_spikes = confident(random_spikes(), 0.5, 3)
    plain = replace(TINY, most_shift_samples=0, noise_factor=0.0, overlap_share=0.0)
    assert torch.equal(augmented(given_spikes, plain), given_spikes.waveforms)


def test_noise_is_what_a_spike_is_beside_the_mean_of_its_label():
    given_spikes = confident(random_spikes(), 0.5, 3)
    noise = noise_of(given_spikes)
    for unit in range(3):
        of_unit = given_spikes.labels == unit
        assert torch.allclose(noise[of_unit].mean(dim=0), torch.zeros(2, 12), atol=1e-4)
        gaps = given_spikes.waveforms[of_unit] - noise[of_unit]
        assert torch.allclose(gaps, gaps[:1].expand_as(gaps), atol=1e-4)


def test_added_noise_comes_from_the_spikes_given():
    noise = torch.tensor([[[1.0, -2.0]], [[3.0, 5.0]]])
    waveforms = torch.tensor([[[100.0, -100.0]]]).expand(2, 1, 2).clone()
    waveforms[0] = 0
    torch.manual_seed(0)
    seen = {tuple(with_noise(waveforms, noise, 2.0)[0, 0].tolist()) for _ in range(50)}
    assert seen == {(2.0, -4.0), (-2.0, 4.0), (6.0, 10.0), (-6.0, -10.0)}


def test_shifted_spikes_move_as_one_and_repeat_their_end():
    waveforms = torch.arange(6.0).expand(200, 2, 6)
    torch.manual_seed(0)
    seen = {tuple(map(tuple, one.tolist())) for one in shifted(waveforms, 1)}
    rows = [(0.0, 0.0, 1.0, 2.0, 3.0, 4.0), (0.0, 1.0, 2.0, 3.0, 4.0, 5.0), (1.0, 2.0, 3.0, 4.0, 5.0, 5.0)]
    assert seen == {(row, row) for row in rows}


def test_overlaps_leave_the_other_spikes_alone():
    waveforms = confident(random_spikes(400), 0.5, 3).waveforms
    torch.manual_seed(0)
    changed = (with_overlaps(waveforms, 0.25) != waveforms).flatten(1).any(dim=1)
    assert 0.1 < changed.double().mean() < 0.3  # some are shifted out of the window


def test_whitened_gradients_are_those_of_white_inputs():
    torch.manual_seed(0)
    white = torch.linalg.qr(torch.randn(500, 2) - 0.5)[0] * 500**0.5
    white = torch.linalg.qr(white - white.mean(dim=0))[0] * 499**0.5  # covariance 1
    mixing = torch.tensor([[3.0, 1.0], [1.0, 2.0]])  # symmetric, so that C^-1/2 is its inverse
    target = torch.randn(500, 1)
    plain, whitened = nn.Linear(2, 1, bias=False), nn.Linear(2, 1, bias=False)
    whiten_gradients(nn.Sequential(whitened), white @ mixing)
    nn.init.zeros_(plain.weight)
    nn.init.zeros_(whitened.weight)
    for layer, inputs in ((plain, white), (whitened, white @ mixing)):
        (layer(inputs) - target).square().mean().backward()
    assert torch.cosine_similarity(plain.weight.grad, whitened.weight.grad).item() == pytest.approx(1, abs=1e-5)


def test_a_network_that_begins_otherwise_keeps_its_gradients():
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 1, bias=False))
    whiten_gradients(model, torch.randn(50, 4))
    model(torch.eye(4)).sum().backward()
    assert torch.equal(model[1].weight.grad, torch.ones(1, 4))


@pytest.mark.parametrize("variant", [variant for variant in VARIANTS if variant.encoding], ids=lambda each: each.name)
def test_behind_an_encoding_gradients_are_whitened_too(variant):
    torch.manual_seed(0)
    samples = (20 * torch.randn(200, 6).cumsum(dim=1)).round()
    seen = []
    for whitens in (True, False):
        torch.manual_seed(1)
        model = variant.builder(SMALL, bits=8)(6, 3)
        if whitens:
            whiten_gradients(model, samples)
        model(samples).square().sum().backward()
        seen.append(model[1].weight.grad)
    assert torch.cosine_similarity(*(gradient.flatten() for gradient in seen), dim=0) < 0.999


def test_averaged_weights_are_the_mean_over_steps():
    model = nn.Linear(2, 1, bias=False)
    average = WeightAverage(model)
    for value in (1.0, 2.0, 6.0):
        nn.init.constant_(model.weight, value)
        average.add_step()
    average.put_into_model()
    assert torch.allclose(model.weight, torch.full((1, 2), 3.0))


def test_statistics_are_those_of_all_the_spikes_and_torch_goes_on_as_before():
    torch.manual_seed(0)
    model = nn.Sequential(nn.BatchNorm1d(5), nn.Linear(5, 4), nn.BatchNorm1d(4))
    inputs = torch.randn(5000, 5) * 7 + 3
    model(torch.randn(8, 5) * 1000)  # statistics of something else
    fit_statistics(model, inputs[:4096])
    assert torch.allclose(model[0].running_mean, inputs[:4096].mean(dim=0), rtol=1e-4)
    assert torch.allclose(model[0].running_var, inputs[:4096].var(dim=0), rtol=1e-4)
    behind = model[1](model[0](inputs[:4096]))
    assert torch.allclose(model[2].running_var, behind.var(dim=0), rtol=1e-3)
    assert model[0].momentum == 0.1


def test_the_loss_is_least_where_the_teacher_is_matched():
    wanted = torch.tensor([[2.0, 0.0, -1.0], [0.5, 0.5, 3.0]])
    recipe = replace(TINY, temperature=4.0)
    assert loss_against_teacher(4 * wanted, wanted, recipe).item() == pytest.approx(0, abs=1e-6)
    assert loss_against_teacher(4 * wanted.flip(1), wanted, recipe) > 0.1


def test_a_good_teacher_teaches_what_the_labels_do_not():
    truth, unseen = distinct_spikes(240, 0), distinct_spikes(300, 1)
    recipe = replace(recipe_of(MODELS["twin"]), epochs=10, batch_size=32)
    narrow = partial(full_precision_twin, hidden=(32, 32))
    teacher = train(narrow, truth, truth, n_units=3, recipe=recipe, seed=0).model
    useless = replace(truth, labels=np.random.default_rng(0).permutation(truth.labels))
    taught, untaught = (
        train(
            partial(binarized, hidden=(32, 32)),
            useless,
            useless,
            n_units=3,
            recipe=TrainingRecipe(epochs=10, batch_size=32, distilled_share=1.0),
            seed=0,
            teacher=given_teacher,
        ).model
        for given_teacher in (teacher, None)
    )
    inputs = unseen.waveforms.reshape(300, -1)
    assert (classify(taught, inputs) == unseen.labels).mean() > 0.97
    assert (classify(untaught, inputs) == unseen.labels).mean() < 0.7


def test_a_teacher_is_left_as_it_was():
    teacher = full_precision_twin(24, 3, hidden=(8,)).train()
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    training = random_spikes()
    train(SMALL, training, training, n_units=3, recipe=TINY, seed=0, teacher=teacher)
    assert teacher.training
    assert all(torch.equal(value, before[name]) for name, value in teacher.state_dict().items())


def test_every_kind_has_one_recipe_but_for_the_scale_of_its_scores():
    recipes = {replace(recipe_of(kind), temperature=1.0) for kind in MODELS.values()}
    assert recipes == {replace(TrainingRecipe(), temperature=1.0)}


def test_a_thermometer_counts_the_thresholds_that_are_reached():
    code = ThermometerCode(n_inputs=1, levels=3, bits=3, learned=False)  # thresholds -2, 0, 2
    samples = torch.tensor([[-4.0], [-2.0], [-1.0], [0.0], [1.0], [2.0], [3.0]])
    assert ((code(samples) + 1) / 2).sum(dim=1).tolist() == [0, 1, 1, 2, 2, 3, 3]
    assert set(code(samples).flatten().tolist()) == {-1.0, 1.0}


def test_learned_thresholds_move():
    start = ThermometerCode(n_inputs=12, levels=5, bits=8, learned=True).thresholds.detach()
    training = random_spikes(n_channels=1)
    variant = next(variant for variant in VARIANTS if variant.name == "learned-code")
    build = replace(variant, encoding=replace(variant.encoding, levels=5)).builder(SMALL, bits=8)
    trained = train(build, training, training, n_units=3, recipe=TINY, seed=0)
    assert not torch.equal(trained.model[0].thresholds, start)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_every_variant_gives_one_network_for_one_seed_on_few_spikes_of_few_bits(variant):
    training = random_spikes(30, bits=2)
    recipe = replace(variant.recipe, epochs=1)
    teacher = full_precision_twin(24, 3, hidden=(8,)) if variant.teacher else None
    build = variant.builder(SMALL, bits=2)
    runs = [train(build, training, training, n_units=3, recipe=recipe, seed=1, teacher=teacher) for _ in range(2)]
    first, again = (run.model.state_dict() for run in runs)
    assert all(torch.equal(value, again[name]) for name, value in first.items())
    assert set(classify(runs[0].model, training.waveforms.reshape(30, -1))) <= {0, 1, 2}


def test_variants_have_names_of_their_own_and_begin_with_the_recipe_in_use():
    names = [variant.name for variant in VARIANTS]
    assert len(set(names)) == len(names)
    assert VARIANTS[0].recipe == recipe_of(MODELS["one-bit"])
    assert VARIANTS[0].teacher == TEACHER


def test_a_small_training_part_is_passed_more_often():
    recipe = TrainingRecipe(batch_size=100, least_steps=600)
    assert [recipe.epochs_for(n) for n in (2000, 1000, 500, 450, 30)] == [60, 60, 120, 150, 600]
    assert replace(recipe, epochs=3).epochs_for(30) == 3

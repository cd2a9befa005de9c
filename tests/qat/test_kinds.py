"""The kinds of network that are compared."""

import pickle

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from qat.errors import BadInput
from qat.models import MODELS, binarized, convolutional, recurrent, scores

KINDS = pytest.mark.parametrize("kind", MODELS.values(), ids=lambda kind: kind.name)


def spikes(n_channels, n_samples, n=8):
    return np.random.default_rng(0).integers(-128, 128, (n, n_channels * n_samples)).astype(np.int8)


def test_kinds_go_by_their_names():
    assert list(MODELS) == ["one-bit", "twin", "cnn", "lstm", "one-hidden", "partial"]
    assert all(name == kind.name for name, kind in MODELS.items())
    assert [kind.name for kind in MODELS.values() if kind.is_binarized] == ["one-bit", "one-hidden"]


@KINDS
@pytest.mark.parametrize(("n_channels", "n_samples", "n_units"), [(1, 48, 3), (4, 27, 5), (2, 1, 1)])
def test_any_window_gives_a_score_for_each_unit(kind, n_channels, n_samples, n_units):
    model = kind.builder(n_channels)(n_channels * n_samples, n_units)
    answer = scores(model, spikes(n_channels, n_samples))
    assert answer.shape == (8, n_units)
    assert np.isfinite(answer).all()
    assert np.array_equal(answer, np.round(answer)) == kind.is_binarized


@KINDS
def test_one_seed_gives_one_network(kind):
    def drawn(seed):
        torch.manual_seed(seed)
        return scores(kind.builder(2)(2 * 32, 3), spikes(2, 32))

    assert np.array_equal(drawn(1), drawn(1))
    assert not np.array_equal(drawn(1), drawn(2))


@KINDS
def test_every_parameter_is_trained(kind):
    torch.manual_seed(0)
    model = kind.builder(2)(2 * 32, 3)
    inputs = torch.from_numpy(spikes(2, 32, n=64)).float()
    cross_entropy(model(inputs), torch.arange(64) % 3).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


@KINDS
def test_kind_and_builder_go_to_other_processes(kind):
    again = pickle.loads(pickle.dumps(kind))
    assert again == kind
    torch.manual_seed(0)
    first = scores(kind.builder(1)(48, 3), spikes(1, 48))
    torch.manual_seed(0)
    assert np.array_equal(scores(pickle.loads(pickle.dumps(again.builder(1)))(48, 3), spikes(1, 48)), first)


def test_widths_can_be_chosen():
    model = MODELS["one-bit"].builder(1, hidden=(16, 8))(48, 3)
    assert [layer.out_features for layer in model if isinstance(layer, torch.nn.Linear)] == [16, 8, 3]
    assert MODELS["one-hidden"].builder(1)(48, 3)[-1].in_features == 256


def test_partially_binarized_network_has_binary_weights_between_real_ones():
    model = MODELS["partial"].builder(1, hidden=(8, 8, 8))(48, 3)
    binary = type(binarized(2, 2)[0])
    layers = [layer for layer in model if isinstance(layer, torch.nn.Linear)]
    assert [isinstance(layer, binary) for layer in layers] == [False, True, True, False]


@pytest.mark.parametrize("build", [convolutional, recurrent])
def test_channels_are_told_apart(build):
    """A spike on one channel differs from the same spike on another, and from itself in reverse."""
    torch.manual_seed(0)
    model = build(2 * 12, 3, n_channels=2)
    spike = np.arange(12)
    silent = np.zeros(12, dtype=int)
    first, second, reversed_ = (
        scores(model, np.concatenate(channels)[None])
        for channels in ((spike, silent), (silent, spike), (spike[::-1], silent))
    )
    assert not np.allclose(first, second)
    assert not np.allclose(first, reversed_)


@pytest.mark.parametrize("build", [convolutional, recurrent])
@pytest.mark.parametrize(("n_inputs", "n_channels"), [(47, 2), (0, 1), (8, 0), (2, 4)])
def test_inputs_that_are_no_whole_windows_are_refused(build, n_inputs, n_channels):
    with pytest.raises(BadInput, match="must be a positive multiple of the channels"):
        build(n_inputs, 3, n_channels=n_channels)


@pytest.mark.parametrize(("build", "hidden"), [(convolutional, (8,)), (recurrent, ()), (recurrent, (8, 8))])
def test_another_number_of_widths_is_refused(build, hidden):
    with pytest.raises(BadInput, match=r"widths .* must be"):
        build(48, 3, hidden=hidden)


@KINDS
def test_width_below_one_is_refused(kind):
    with pytest.raises(BadInput, match="every width must be at least 1"):
        kind.builder(1, hidden=(0,) * len(kind.hidden))(48, 3)

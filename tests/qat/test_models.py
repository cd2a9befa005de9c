"""What the two networks compute, before any training."""

import numpy as np
import pytest
import torch

from qat.errors import BadInput
from qat.models import binarized, classify, full_precision_twin, scores

INT8 = np.random.default_rng(1).integers(-128, 128, (50, 48)).astype(np.int8)


def sign(values):
    return np.where(values >= 0, 1.0, -1.0)


def batch_norm(layer, values):
    state = {name: value.double().numpy() for name, value in layer.state_dict().items()}
    gain = state["weight"] / np.sqrt(state["running_var"] + layer.eps)
    return (values - state["running_mean"]) * gain + state["bias"]


def test_binarized_network_is_signs_of_weights_batch_norm_and_signs():
    torch.manual_seed(0)
    model = binarized(48, 5, hidden=(32, 16))
    for layer in model:
        if isinstance(layer, torch.nn.BatchNorm1d):  # off zero, where torch's float32 could decide otherwise
            torch.nn.init.uniform_(layer.bias, 0.1, 0.3)
            torch.nn.init.uniform_(layer.running_mean, -3, 3)
    first, norm1, _, second, norm2, _, head = (layer for layer in model)
    latent = [layer.weight.detach().numpy().copy() for layer in (first, second, head)]

    hidden = sign(batch_norm(norm1, INT8.astype(float) @ sign(latent[0]).T))
    hidden = sign(batch_norm(norm2, hidden @ sign(latent[1]).T))
    expected = hidden @ sign(latent[2]).T

    assert np.array_equal(scores(model, INT8), expected)
    assert np.array_equal(classify(model, INT8), expected.argmax(axis=1))


def test_latent_weights_are_clipped_to_one():
    model = binarized(4, 2, hidden=(3,))
    with torch.no_grad():
        model[0].weight.fill_(7.0)
        model[-1].weight.fill_(-7.0)

    scores(model, INT8[:, :4])

    assert torch.equal(model[0].weight, torch.ones(3, 4))
    assert torch.equal(model[-1].weight, -torch.ones(2, 3))


def test_zero_accumulator_gives_plus_one():
    model = binarized(2, 1, hidden=(1,))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[1.0, -1.0]]))
        model[-1].weight.fill_(1.0)

    assert scores(model, np.array([[5, 5]])) == [[1.0]]
    assert scores(model, np.array([[4, 5]])) == [[-1.0]]


def test_equal_scores_go_to_the_lowest_unit():
    model = binarized(4, 3, hidden=(2,))
    with torch.no_grad():
        model[-1].weight.copy_(torch.tensor([[1.0, -1.0], [-1.0, -1.0], [-1.0, -1.0]]))
        model[0].weight.fill_(-1.0)

    assert np.array_equal(scores(model, np.array([[1, 1, 1, 1]])), [[0.0, 2.0, 2.0]])
    assert classify(model, np.array([[1, 1, 1, 1]])) == [1]


def test_twin_has_the_same_widths_and_real_scores():
    torch.manual_seed(0)
    twin, model = full_precision_twin(48, 5), binarized(48, 5)

    def widths(network):
        return [layer.weight.shape for layer in network if isinstance(layer, torch.nn.Linear)]

    assert widths(twin) == widths(model) == [(256, 48), (256, 256), (5, 256)]
    assert not np.array_equal(scores(twin, INT8), np.round(scores(twin, INT8)))


def test_computing_scores_leaves_the_training_mode_as_it_was():
    model = binarized(48, 5).train()
    scores(model, INT8)
    assert model.training
    scores(model.eval(), INT8)
    assert not model.training


@pytest.mark.parametrize("build", [binarized, full_precision_twin])
@pytest.mark.parametrize(("n_inputs", "n_units", "hidden"), [(0, 3, (8,)), (8, 0, (8,)), (8, 3, (0, 8))])
def test_width_below_one_is_refused(build, n_inputs, n_units, hidden):
    with pytest.raises(BadInput, match="every width must be at least 1"):
        build(n_inputs, n_units, hidden)

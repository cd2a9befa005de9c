"""What networks cost, against counts by hand."""

import pytest
import torch
from brevitas import nn as qnn
from torch import nn

from qat.errors import BadInput
from qat.models import MODELS, binarized, full_precision_twin
from qat.models.convolutional import convolutional
from qat.models.cost import Cost, count_cost
from qat.models.partly_binary import partially_binarized
from qat.models.recurrent import recurrent


def test_binarized_network_adds_in_the_first_layer_and_counts_xnor_bits_after():
    cost = count_cost(binarized(6, 2, hidden=(4, 3)), 1, 6)

    # Thresholds: sums of six numbers in -128 ... 128 reach 768, 11 bits; counts of four bits reach 4, 3 bits.
    assert cost == Cost(
        parameters=6 * 4 + 4 + 4 * 3 + 3 + 3 * 2,
        weight_bits=6 * 4 + 4 * 11 + 4 * 3 + 3 * 3 + 3 * 2,
        multiplications=0,
        additions=4 * 5,
        xnor_bits=4 * 3 + 3 * 2,
    )


def test_fewer_input_bits_make_narrower_thresholds_and_nothing_else():
    wide, narrow = (count_cost(binarized(6, 2, hidden=(4, 3)), 1, 6, input_bits=bits) for bits in (8, 3))

    assert wide.weight_bits - narrow.weight_bits == 4 * 5
    assert (wide.additions, wide.xnor_bits) == (narrow.additions, narrow.xnor_bits)


def test_full_precision_network_folds_batch_norm_into_a_bias():
    cost = count_cost(full_precision_twin(6, 2, hidden=(4, 3)), 2, 3)

    products = 6 * 4 + 4 * 3 + 3 * 2
    parameters = products + 4 + 3 + 2
    assert cost == Cost(parameters, 32 * parameters, products, products)


def test_partially_binarized_network_multiplies_in_the_first_layer_only():
    cost = count_cost(partially_binarized(6, 2, hidden=(4, 3)), 1, 6)

    assert cost == Cost(
        parameters=6 * 4 + 4 + 4 * 3 + 3 + 3 * 2 + 2,
        weight_bits=32 * (6 * 4 + 4) + 4 * 3 + 3 * 3 + 32 * (3 * 2 + 2),
        multiplications=6 * 4,
        additions=4 * 5 + 2 * 3,  # the head adds or subtracts its weights, and its bias
        xnor_bits=4 * 3,
    )


def test_convolution_counts_every_position():
    cost = count_cost(convolutional(2 * 7, 3, n_channels=2, hidden=(4, 5)), 2, 7)

    # Seven positions of four kernels of 2 x 5; pairs leave four positions of four channels.
    products = 7 * 4 * (2 * 5) + (4 * 4) * 5 + 5 * 3
    parameters = (4 * 2 * 5 + 4) + (4 * 4 * 5 + 5) + (5 * 3 + 3)
    assert cost == Cost(parameters, 32 * parameters, products, products)


def test_lstm_counts_every_step():
    cost = count_cost(recurrent(2 * 10, 3, n_channels=2, hidden=(5,)), 2, 10)

    # Ten samples make three steps of 2 x 4 values; BatchNorm goes into the weights on both sides of the LSTM.
    gates, head = 4 * 5 * (2 * 4 + 5), 3 * 5 * 3
    parameters = gates + 4 * 5 + head + 3
    assert cost == Cost(
        parameters,
        32 * parameters,
        multiplications=3 * (gates + 3 * 5) + head,
        additions=3 * (gates + 5) + head,
    )


def test_batch_norm_costs_nothing_where_there_is_a_bias_already():
    def network(*norm):
        return nn.Sequential(nn.Linear(6, 4), *norm, nn.ReLU(), nn.Linear(4, 2))

    assert count_cost(network(nn.BatchNorm1d(4)), 1, 6) == count_cost(network(), 1, 6)


def test_batch_norm_with_no_layer_to_go_into_is_counted_itself():
    scaled_scores = nn.Sequential(*binarized(6, 2, hidden=(4,)), nn.BatchNorm1d(2))
    extra = Cost(parameters=4, weight_bits=4 * 32, multiplications=2, additions=2)
    assert count_cost(scaled_scores, 1, 6) == count_cost(binarized(6, 2, hidden=(4,)), 1, 6) + extra


@pytest.mark.parametrize("kind", MODELS.values(), ids=lambda kind: kind.name)
def test_counting_leaves_the_network_as_it_was(kind):
    model = kind.builder(2)(2 * 40, 3)
    before = {name: value.clone() for name, value in model.state_dict().items()}

    first = count_cost(model, 2, 40)

    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert count_cost(model.eval(), 2, 40) == first
    assert not model.training


def test_bytes_are_whole():
    assert Cost(weight_bits=16).weight_bytes == 2
    assert Cost(weight_bits=17).weight_bytes == 3


@pytest.mark.parametrize(
    "layer",
    [
        nn.GRU(6, 2),
        nn.Sequential(nn.Linear(6, 2)),
        nn.Sigmoid(),
        qnn.QuantLinear(6, 2, bias=False, weight_bit_width=4),
        qnn.QuantIdentity(bit_width=4),
    ],
    ids=["GRU", "nested", "Sigmoid", "4-bit weights", "4-bit activations"],
)
def test_unknown_layer_is_refused(layer):
    with pytest.raises(BadInput, match=r"can be counted|cannot count"):
        count_cost(nn.Sequential(layer), 1, 6)


def test_input_bits_out_of_range_are_refused():
    with pytest.raises(BadInput, match="input_bits = 1: must be 2 to 16"):
        count_cost(binarized(6, 2), 1, 6, input_bits=1)

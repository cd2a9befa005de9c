"""Graphs that Brevitas exports, its own FC models among them, enter by the same door: the QONNX file alone."""

import time

import numpy as np
import pytest
import torch
from brevitas.core.restrict_val import RestrictValueType
from brevitas.export import export_qonnx
from brevitas.nn import QuantIdentity, QuantLinear, QuantReLU
from brevitas.quant import Uint8ActPerTensorFixedPoint
from brevitas_examples.bnn_pynq.models.common import CommonActQuant, CommonWeightQuant
from brevitas_examples.bnn_pynq.models.FC import FC
from brevitas_examples.bnn_pynq.models.tensor_norm import TensorNorm

from hw.accelerator.accelerator import Accelerator
from hw.devices import device_named
from hw.errors import UnsupportedGraph
from hw.network.check import compare
from hw.network.lower import lower
from hw.network.reference import Reference
from hw.network.types import BIPOLAR, IntegerFormat
from hw.network.vectors import random_inputs
from hw.schedule.fold import fold
from hw.simulate.amaranth import simulate

TORCHSCRIPT = pytest.param({"dynamo": False}, id="torchscript")
BOTH = pytest.mark.parametrize("exporter", [pytest.param({}, id="default"), TORCHSCRIPT])
# The default exporter takes seconds a model: once is enough for every day.
EXPORTERS = pytest.mark.parametrize("exporter", [pytest.param({}, id="default", marks=pytest.mark.slow), TORCHSCRIPT])
INT2 = IntegerFormat(2, signed=True)


class PowerOfTwoQuant(CommonActQuant):
    restrict_scaling_type = RestrictValueType.POWER_OF_TWO


def fully_connected(out_features, activation_bits, input_bits, seed=0):
    """A model of Brevitas' bnn_pynq with random weights and normalisations as if trained, gammas of both signs."""
    torch.manual_seed(seed)
    model = FC(10, 1, activation_bits, input_bits, 1, out_features)
    return as_if_trained(model)


def as_if_trained(model):
    for layer in model.modules():
        if isinstance(layer, torch.nn.BatchNorm1d):
            torch.nn.init.normal_(layer.weight)
            torch.nn.init.normal_(layer.bias)
            torch.nn.init.normal_(layer.running_mean, 0, 5)
            torch.nn.init.uniform_(layer.running_var, 1, 100)
        if isinstance(layer, TensorNorm):
            layer.running_mean.fill_(0.37)
            layer.running_var.fill_(44.0)
    return model.eval()


def exported(model, path, exporter, shape=(1, 1, 28, 28)):
    export_qonnx(model, args=torch.zeros(shape), export_path=str(path), **exporter)
    return path


def assert_equal(path, n=300):
    network, reference = lower(path), Reference.open(path)
    x = random_inputs(network.input_format, network.n_inputs, n, seed=1)
    comparison = compare(network, reference, x)
    assert comparison.equal and comparison.n == n
    assert len(np.unique(network.classes(x))) > 3
    return network


@EXPORTERS
def test_tfc_1w1a(tmp_path, exporter):
    network = assert_equal(exported(fully_connected([64] * 3, 1, 1), tmp_path / "tfc.onnx", exporter))
    assert (network.input_format, network.front, network.n_inputs) == (BIPOLAR, None, 784)
    assert [layer.weights.shape for layer in network.layers] == [(64, 784), (64, 64), (64, 64), (10, 64)]
    assert {layer.output for layer in network.hidden} == {BIPOLAR}


@pytest.mark.parametrize("activation_bits", [1, 2])
def test_tfc_as_gateware(tmp_path, activation_bits):
    model = fully_connected([64] * 3, activation_bits, activation_bits)
    path = exported(model, tmp_path / "tfc.onnx", {"dynamo": False})
    network, device = lower(path), device_named("xc7a100t")
    images = random_inputs(network.input_format, network.n_inputs, 3, seed=2)
    expected = Reference.open(path).run(images)
    result = simulate(Accelerator(network, fold(network, device, 1024)), images)
    assert np.array_equal(result.classes, expected.classes)
    for ours, theirs in zip(result.words, expected.words, strict=True):
        assert np.array_equal(ours, theirs)


@BOTH
def test_tfc_1w2a(tmp_path, exporter):
    network = assert_equal(exported(fully_connected([64] * 3, 2, 2), tmp_path / "tfc.onnx", exporter))
    assert {(layer.output, layer.lowest, layer.steps) for layer in network.hidden} == {(INT2, -1, 2)}
    # The quantizer's narrow range has no -2: it clips it.
    assert network.input_format == INT2 and network.front.values.tolist() == [-1, -1, 0, 1]


@EXPORTERS
def test_eight_bit_images_need_a_scale_that_is_exact(tmp_path, exporter):
    model = fully_connected([64] * 3, 1, 8)
    with pytest.raises(UnsupportedGraph, match=r"\(Quant\): gives values such as 0.00787.* power of two"):
        lower(exported(model, tmp_path / "tfc.onnx", exporter))
    model.features[0] = QuantIdentity(act_quant=PowerOfTwoQuant, bit_width=8)
    network = assert_equal(exported(model.eval(), tmp_path / "exact.onnx", exporter))
    assert network.input_format == IntegerFormat(8, signed=True)


@EXPORTERS
def test_relu_of_three_bits_and_a_bias(tmp_path, exporter):
    torch.manual_seed(2)
    first = QuantLinear(24, 32, bias=True, weight_quant=CommonWeightQuant, weight_bit_width=1)
    first.bias.data = torch.round(first.bias.data * 64) / 16  # float32 adds these exactly
    model = torch.nn.Sequential(
        QuantIdentity(act_quant=CommonActQuant, bit_width=1),
        first,
        torch.nn.BatchNorm1d(32),
        QuantReLU(act_quant=Uint8ActPerTensorFixedPoint, bit_width=3),
        QuantLinear(32, 7, bias=False, weight_quant=CommonWeightQuant, weight_bit_width=1),
    )
    with torch.no_grad():
        for _ in range(20):  # the scale of QuantReLU is learnt from data
            model(torch.randn(64, 24))
    network = assert_equal(exported(as_if_trained(model), tmp_path / "relu.onnx", exporter, (1, 24)))
    (hidden,) = network.hidden
    assert (hidden.output, hidden.steps) == (IntegerFormat(3, signed=False), 7)


@pytest.mark.slow
@pytest.mark.parametrize("activation_bits", [1, 2])
@pytest.mark.parametrize("rows", [256, 1024], ids=["sfc", "lfc"])
def test_sfc_and_lfc_lower_in_seconds(tmp_path, rows, activation_bits):
    model = fully_connected([rows] * 3, activation_bits, activation_bits)
    path = exported(model, tmp_path / "fc.onnx", {"dynamo": False})
    start = time.monotonic()
    lower(path)
    assert time.monotonic() - start < 10
    assert_equal(path, n=1000)

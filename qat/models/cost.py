"""What a network costs per spike, counted from its own layers.

The network is counted as it would be deployed:

- A dot product of n products takes n multiplications and n - 1 additions, and one more addition for a bias. A factor
  of -1 or +1 takes no multiplication: the other one is added or subtracted.
- Where both factors are -1 or +1 a product is one XNOR bit, and counting the bits belongs to it: no addition
  (Courbariaux et al. 2016, arXiv 1602.02830).
- Batch normalization before a sign is one threshold for each channel (Umuroglu et al. 2017, FINN,
  doi 10.1145/3020078.3021744). Elsewhere it goes into the real weights of the layer before it, which leaves
  a bias, or of the layer after it, which has one; where there is none, it takes a multiplication and an addition.
- Comparisons (thresholds, ReLU, maxima, the final argmax) and an LSTM's sigmoids and tanh are not counted.
- A binary weight takes 1 bit, a real number 32. A threshold takes the bits of the integer that it is compared with:
  a count of XNOR bits, or a sum of integer inputs.
"""

from dataclasses import dataclass
from functools import singledispatch

import torch
from brevitas import nn as qnn
from torch import Tensor, nn

from qat.errors import BadInput
from qat.models.recurrent import Frames, Lstm

REAL_BITS = 32
_RESHAPES = (nn.Unflatten, nn.Flatten, Frames)


@dataclass(frozen=True)
class Cost:
    """What is stored, and what one spike takes; the module's text says how it is counted."""

    parameters: int = 0  # weights, biases and thresholds
    weight_bits: int = 0  # that the parameters take
    multiplications: int = 0
    additions: int = 0  # and subtractions
    xnor_bits: int = 0  # products of two bits

    @property
    def weight_bytes(self) -> int:
        """Whole bytes that hold the parameters."""
        return -(-self.weight_bits // 8)

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.parameters + other.parameters,
            self.weight_bits + other.weight_bits,
            self.multiplications + other.multiplications,
            self.additions + other.additions,
            self.xnor_bits + other.xnor_bits,
        )


@dataclass(frozen=True)
class Step:
    """One layer at work on one spike, among its neighbours."""

    before: nn.Module | None
    after: nn.Module | None  # the next that does more than reshape
    outputs: Tensor  # [1, ...]; only their number and shape mean anything
    bits: int  # of an input: 1 stands for -1 and +1, REAL_BITS for a real number, the rest for integers


def count_cost(model: nn.Sequential, n_channels: int, n_samples: int, input_bits: int = 8) -> Cost:
    """Cost of one spike of integers of `input_bits` bits, 2 to 16, [n_channels, n_samples] flattened.

    Raises BadInput where the network has a layer that cannot be counted, or other inputs.
    """
    if not 2 <= input_bits <= 16:
        raise BadInput(f"input_bits = {input_bits}: must be 2 to 16")
    layers = list(model)
    values, bits, total = torch.zeros(1, n_channels * n_samples), input_bits, Cost()
    was_training = model.training
    model.eval()
    for place, layer in enumerate(layers):
        with torch.no_grad():
            outputs = layer(values)
        before = layers[place - 1] if place else None
        after = next((later for later in layers[place + 1 :] if not isinstance(later, _RESHAPES)), None)
        cost, bits = count_layer(layer, Step(before, after, outputs, bits))
        total, values = total + cost, outputs
    model.train(was_training)
    return total


@singledispatch
def count_layer(layer: nn.Module, step: Step) -> tuple[Cost, int]:
    """Cost of a layer, and the bits of its outputs (see `Step.bits`); `count_layer.register` adds a kind of layer."""
    raise BadInput(f"cost: cannot count a layer of the kind {type(layer).__name__}")


@count_layer.register(nn.Unflatten)
@count_layer.register(nn.Flatten)
@count_layer.register(nn.ConstantPad1d)
@count_layer.register(nn.MaxPool1d)
@count_layer.register(nn.ReLU)
@count_layer.register(Frames)
def _free(layer: nn.Module, step: Step) -> tuple[Cost, int]:
    return Cost(), step.bits


@count_layer.register
def _linear(layer: nn.Linear, step: Step) -> tuple[Cost, int]:
    return _real_products(layer.weight, layer.bias, step), REAL_BITS


@count_layer.register
def _convolution(layer: nn.Conv1d, step: Step) -> tuple[Cost, int]:
    """Products with padding are counted as all others."""
    return _real_products(layer.weight, layer.bias, step), REAL_BITS


@count_layer.register
def _binary_linear(layer: qnn.QuantLinear, step: Step) -> tuple[Cost, int]:
    if layer.weight_quant.bit_width() != 1 or layer.bias is not None:
        raise BadInput("cost: of quantized layers only those with weights of 1 bit and no bias can be counted")
    n_weights = layer.weight.numel()  # each of one bit, in one product
    if step.bits == 1:
        return Cost(n_weights, n_weights, xnor_bits=n_weights), layer.in_features.bit_length()
    additions = n_weights - layer.out_features
    return Cost(n_weights, n_weights, additions=additions), _sum_bits(layer.in_features, step.bits)


@count_layer.register
def _sign(layer: qnn.QuantIdentity, step: Step) -> tuple[Cost, int]:
    if layer.act_quant.bit_width() != 1:
        raise BadInput("cost: of quantized activations only those of 1 bit can be counted")
    return Cost(), 1


@count_layer.register
def _batch_norm(layer: nn.BatchNorm1d, step: Step) -> tuple[Cost, int]:
    channels, values = layer.num_features, step.outputs.numel()
    if isinstance(step.after, qnn.QuantIdentity):
        return Cost(channels, channels * step.bits), step.bits
    # Not into a convolution after it, whose padding is zeros of normalized values.
    if (
        isinstance(step.after, nn.Linear | Lstm)
        and not isinstance(step.after, qnn.QuantLinear)
        and step.after.bias is not None
    ):
        return Cost(), REAL_BITS
    if isinstance(step.before, nn.Linear | nn.Conv1d) and not isinstance(step.before, qnn.QuantLinear):
        if step.before.bias is not None:
            return Cost(), REAL_BITS
        return Cost(channels, channels * REAL_BITS, additions=values), REAL_BITS
    return Cost(2 * channels, 2 * channels * REAL_BITS, values, values), REAL_BITS


@count_layer.register
def _lstm(layer: Lstm, step: Step) -> tuple[Cost, int]:
    """Four gates with one bias each (torch keeps two, which add up), then c = f c + i g and h = o tanh(c)."""
    n_steps, width = step.outputs.shape[1], layer.hidden_size
    products = 4 * width * (layer.input_size + width)
    parameters = products + 4 * width
    return (
        Cost(
            parameters,
            parameters * REAL_BITS,
            multiplications=n_steps * (products + 3 * width),
            additions=n_steps * (products + width),
        ),
        REAL_BITS,
    )


def _real_products(weight: Tensor, bias: Tensor | None, step: Step) -> Cost:
    """Dot products of real weights [n_outputs, ...], each used once for every position of the outputs."""
    n_dots, length = step.outputs.numel(), weight[0].numel()
    parameters = weight.numel() + (0 if bias is None else bias.numel())
    return Cost(
        parameters,
        parameters * REAL_BITS,
        multiplications=0 if step.bits == 1 else n_dots * length,
        additions=n_dots * (length - 1 + (bias is not None)),
    )


def _sum_bits(n: int, bits: int) -> int:
    """Of the two's complement that holds every sum of n integers of `bits` bits, each taken plus or minus."""
    return (n << (bits - 1)).bit_length() + 1

"""The 1-bit spike classifier."""

import warnings
from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from qat.models.widths import HIDDEN, checked_widths

with warnings.catch_warnings():
    # Brevitas asks for an optional CUDA package that nothing here uses.
    warnings.filterwarnings("ignore", message="fast_hadamard_transform package not found")
    from brevitas import nn as qnn
    from brevitas.quant import SignedBinaryActPerTensorConst, SignedBinaryWeightPerTensorConst


class BipolarWeight(SignedBinaryWeightPerTensorConst):
    """Weights in {-1, +1}; Brevitas's default scale of 0.1 would make every product a non-integer."""

    scaling_const = 1.0


class BipolarActivation(SignedBinaryActPerTensorConst):
    """Activations in {-1, +1}, +1 at zero; the gradient passes where the input lies in [-1, 1]."""


def binarized(n_inputs: int, n_units: int, hidden: Sequence[int] = HIDDEN) -> nn.Sequential:
    """1-bit network n_inputs -> hidden -> n_units (Hubara et al. 2016, Binarized Neural Networks).

    Every hidden layer is a matrix of weights in {-1, +1} without bias, BatchNorm1d, and sign, sign(0) = +1.
    The head is such a matrix alone, so that every score is an integer and the answer an integer argmax.
    The float ("latent") weights that training moves are clipped to [-1, 1] at every forward pass.
    Scores reach +-hidden[-1]: a loss divides them by a temperature first (`TrainingRecipe.temperature`).

    Input: float32 [n, n_inputs] holding integers. Output: scores float32 [n, n_units], integers.
    The weights come from torch's global generator: seed it, or let `train` do so.
    Raises BadInput where a width is below 1.
    """
    widths = checked_widths(n_inputs, n_units, hidden)
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(widths[:-1]):
        layers += [
            qnn.QuantLinear(fan_in, fan_out, bias=False, weight_quant=BipolarWeight),
            nn.BatchNorm1d(fan_out),
            qnn.QuantIdentity(act_quant=BipolarActivation),
        ]
    layers.append(qnn.QuantLinear(widths[-2], widths[-1], bias=False, weight_quant=BipolarWeight))
    return nn.Sequential(*layers)

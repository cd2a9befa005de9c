"""The 1-bit spike classifier, its equally sized full-precision twin, and what torch computes with them."""

import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from qat.errors import BadInput

with warnings.catch_warnings():
    # Brevitas asks for an optional CUDA package that nothing here uses.
    warnings.filterwarnings("ignore", message="fast_hadamard_transform package not found")
    from brevitas import nn as qnn
    from brevitas.quant import SignedBinaryActPerTensorConst, SignedBinaryWeightPerTensorConst

ModelBuilder = Callable[[int, int], nn.Sequential]
"""(n_inputs, n_units) -> untrained network; `binarized` and `full_precision_twin` are two."""

_HIDDEN = (256, 256)  # Meyer, Zamani and Demosthenous 2025, doi 10.1109/ACCESS.2025.3552008


class BipolarWeight(SignedBinaryWeightPerTensorConst):
    """Weights in {-1, +1}; Brevitas's default scale of 0.1 would make every product a non-integer."""

    scaling_const = 1.0


class BipolarActivation(SignedBinaryActPerTensorConst):
    """Activations in {-1, +1}, +1 at zero; the gradient passes where the input lies in [-1, 1]."""


def binarized(n_inputs: int, n_units: int, hidden: Sequence[int] = _HIDDEN) -> nn.Sequential:
    """1-bit network n_inputs -> hidden -> n_units (Hubara et al. 2016, Binarized Neural Networks).

    Every hidden layer is a matrix of weights in {-1, +1} without bias, BatchNorm1d, and sign, sign(0) = +1.
    The head is such a matrix alone, so that every score is an integer and the answer an integer argmax.
    The float ("latent") weights that training moves are clipped to [-1, 1] at every forward pass.
    Scores reach +-hidden[-1]: a loss divides them by a temperature first (`TrainingRecipe.temperature`).

    Input: float32 [n, n_inputs] holding integers. Output: scores float32 [n, n_units], integers.
    The weights come from torch's global generator: seed it, or let `train` do so.
    Raises BadInput where a width is below 1.
    """
    widths = _widths(n_inputs, n_units, hidden)
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(widths[:-1]):
        layers += [
            qnn.QuantLinear(fan_in, fan_out, bias=False, weight_quant=BipolarWeight),
            nn.BatchNorm1d(fan_out),
            qnn.QuantIdentity(act_quant=BipolarActivation),
        ]
    layers.append(qnn.QuantLinear(widths[-2], widths[-1], bias=False, weight_quant=BipolarWeight))
    return nn.Sequential(*layers)


def full_precision_twin(n_inputs: int, n_units: int, hidden: Sequence[int] = _HIDDEN) -> nn.Sequential:
    """Float32 network of the same widths: Linear, BatchNorm1d, ReLU; the head is Linear with a bias.

    Same inputs as `binarized`; the scores are real numbers, already on the scale of a softmax.
    Raises BadInput where a width is below 1.
    """
    widths = _widths(n_inputs, n_units, hidden)
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(widths[:-1]):
        layers += [nn.Linear(fan_in, fan_out, bias=False), nn.BatchNorm1d(fan_out), nn.ReLU()]
    layers.append(nn.Linear(widths[-2], widths[-1]))
    return nn.Sequential(*layers)


def scores(model: nn.Module, inputs: NDArray[np.integer]) -> NDArray[np.float32]:
    """Scores float32 [n, n_units] of integer inputs [n, n_inputs], in evaluation mode."""
    was_training = model.training
    model.eval()
    with torch.no_grad():
        result = model(torch.from_numpy(np.asarray(inputs, dtype=np.float32)))
    model.train(was_training)
    return np.asarray(result, dtype=np.float32)


def classify(model: nn.Module, inputs: NDArray[np.integer]) -> NDArray[np.int64]:
    """Unit int64 [n] of integer inputs [n, n_inputs]: the highest score, the lowest index on ties."""
    return scores(model, inputs).argmax(axis=1)


def _widths(n_inputs: int, n_units: int, hidden: Sequence[int]) -> list[int]:
    widths = [n_inputs, *hidden, n_units]
    if min(widths) < 1:
        raise BadInput(f"network widths {widths}: every width must be at least 1")
    return widths

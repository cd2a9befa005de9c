"""Gradients of a first layer as if its inputs were white."""

import torch
from torch import Tensor, nn

from qat.training.encoding import ThermometerCode

_LEAST_VARIANCE = 1e-3  # of the largest; directions that vary less count as if they varied so much


def whiten_gradients(model: nn.Sequential, inputs: Tensor) -> None:
    """Multiply the gradient of a matrix that stands first in the model by C^-1/2, C the covariance of `inputs`.

    Samples beside each other are alike, so that most of a gradient is along what all spikes share; weights of +-1
    then hardly learn what tells them apart. The factor is half of the input's in K-FAC (Martens and Grosse 2015,
    arXiv 1503.05671), whose C^-1 goes too far here. Its size is left to Adam. A model that begins otherwise, and
    inputs that do not vary, are left alone. Behind an encoding C is that of the code, as it is at first.
    inputs: float32 [n, n_inputs], n >= 2.
    """
    first = model[0]
    if isinstance(first, ThermometerCode):
        with torch.no_grad():
            inputs, first = first(inputs), model[1]
    if not isinstance(first, nn.Linear):
        return
    variances, directions = torch.linalg.eigh(torch.cov(inputs.T).reshape(inputs.shape[1], -1))
    if variances[-1] > 0:
        scale = (variances / variances[-1]).clamp(min=_LEAST_VARIANCE) ** -0.5
        factor = directions @ torch.diag(scale) @ directions.T
        first.weight.register_hook(lambda gradient: gradient @ factor)

"""The full-precision network of the same size as the 1-bit one."""

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from qat.models.widths import HIDDEN, checked_widths


def full_precision_twin(n_inputs: int, n_units: int, hidden: Sequence[int] = HIDDEN) -> nn.Sequential:
    """Float32 network of the same widths: Linear, BatchNorm1d, ReLU; the head is Linear with a bias.

    Same inputs as `binarized`; the scores are real numbers, already on the scale of a softmax.
    Raises BadInput where a width is below 1.
    """
    widths = checked_widths(n_inputs, n_units, hidden)
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(widths[:-1]):
        layers += [nn.Linear(fan_in, fan_out, bias=False), nn.BatchNorm1d(fan_out), nn.ReLU()]
    layers.append(nn.Linear(widths[-2], widths[-1]))
    return nn.Sequential(*layers)

"""A partially binarized network: not every layer is binary."""

from collections.abc import Sequence
from itertools import pairwise

from brevitas import nn as qnn
from torch import nn

from qat.models.one_bit import BipolarActivation, BipolarWeight
from qat.models.widths import HIDDEN, checked_widths


def partially_binarized(n_inputs: int, n_units: int, hidden: Sequence[int] = HIDDEN) -> nn.Sequential:
    """Network whose first and last layers keep real weights, with sign activations and 1-bit layers between.

    Valencia and Alimohammad 2023 (Biomed. Eng. Lett. 13:73-83, doi 10.1007/s13534-022-00255-7) sort with
    partially binarized networks. Only their abstract could be read, which does not say which layers stay real, so
    that is our choice: the first and the last, as is customary (Rastegari et al. 2016, XNOR-Net, arXiv 1603.05279).
    So are the widths and the input: theirs are feature vectors, ours the window itself.

    Input: float32 [n, n_inputs]. Output: scores float32 [n, n_units], real numbers on the scale of a softmax.
    Raises BadInput where a width is below 1.
    """
    widths = checked_widths(n_inputs, n_units, hidden)
    layers: list[nn.Module] = []
    for place, (fan_in, fan_out) in enumerate(pairwise(widths[:-1])):
        layers += [
            _hidden_layer(fan_in, fan_out, is_first=place == 0),
            nn.BatchNorm1d(fan_out),
            qnn.QuantIdentity(act_quant=BipolarActivation),
        ]
    return nn.Sequential(*layers, nn.Linear(widths[-2], widths[-1]))


def _hidden_layer(fan_in: int, fan_out: int, is_first: bool) -> nn.Linear:
    if is_first:
        return nn.Linear(fan_in, fan_out, bias=False)
    return qnn.QuantLinear(fan_in, fan_out, bias=False, weight_quant=BipolarWeight)

"""A convolutional network over time."""

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from qat.errors import BadInput
from qat.models.widths import checked_widths, n_samples_of

_KERNEL = 5  # samples


def convolutional(
    n_inputs: int, n_units: int, n_channels: int = 1, hidden: Sequence[int] = (16, 32, 64)
) -> nn.Sequential:
    """1-D CNN over the samples of a window, its channels as input channels.

    Of the kind that Li et al. 2020 sort with (Brain Sci. 10:835, doi 10.3390/brainsci10110835); its sizes are our
    own. Each width but the last is a convolution over 5 samples, BatchNorm1d, ReLU and the maximum of every two
    samples; the last is a fully connected layer with BatchNorm1d and ReLU. The head is Linear with a bias.

    Input: float32 [n, n_inputs], channel-major. Output: scores float32 [n, n_units], real, as of a softmax.
    Raises BadInput where a width is below 1, `hidden` has fewer than two, or the inputs are not whole windows.
    """
    if len(hidden) < 2:
        raise BadInput(f"CNN widths {list(hidden)}: must be at least two, convolutions and one fully connected layer")
    n_samples = n_samples_of(n_inputs, n_channels)
    widths = checked_widths(n_channels, n_units, hidden)
    layers: list[nn.Module] = [nn.Unflatten(1, (n_channels, n_samples))]
    for fan_in, fan_out in pairwise(widths[:-2]):
        layers += [
            nn.Conv1d(fan_in, fan_out, _KERNEL, padding=_KERNEL // 2, bias=False),
            nn.BatchNorm1d(fan_out),
            nn.ReLU(),
            nn.MaxPool1d(2, ceil_mode=True),
        ]
        n_samples = -(-n_samples // 2)
    layers += [
        nn.Flatten(),
        nn.Linear(widths[-3] * n_samples, widths[-2], bias=False),
        nn.BatchNorm1d(widths[-2]),
        nn.ReLU(),
        nn.Linear(widths[-2], n_units),
    ]
    return nn.Sequential(*layers)

"""Other ways into a 1-bit network than the samples as they are. None is part of what is exported."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from qat.errors import BadInput


class Encoding(Protocol):
    """A choice of what stands in front of the network."""

    def outputs_of(self, n_inputs: int) -> int:
        """Values that come of so many samples."""

    def module(self, n_inputs: int, bits: int) -> nn.Module:
        """float32 [n, n_inputs], samples of `bits` bits -> [n, outputs_of(n_inputs)]."""


@dataclass(frozen=True)
class Thermometer:
    """Every sample as so many values in {-1, +1}. Raises BadInput for fewer levels than one."""

    levels: int
    learned: bool  # thresholds move in training

    def __post_init__(self) -> None:
        if self.levels < 1:
            raise BadInput(f"thermometer code: levels = {self.levels} must be at least 1")

    def outputs_of(self, n_inputs: int) -> int:
        """One for each level."""
        return n_inputs * self.levels

    def module(self, n_inputs: int, bits: int) -> nn.Module:
        """The code, with its thresholds evenly over the samples' range."""
        return ThermometerCode(n_inputs, self.levels, bits, self.learned)


class ThermometerCode(nn.Module):
    """Every sample as `levels` values in {-1, +1}: +1 where the sample has reached the level's threshold.

    The thresholds start evenly over the range of samples of `bits` bits; `learned` ones move, each sample its
    own, by the gradient that passes where a sample lies within one spacing of a threshold. [n, n_inputs] ->
    [n, n_inputs * levels], sample by sample.
    """

    def __init__(self, n_inputs: int, levels: int, bits: int, learned: bool):
        super().__init__()
        full_scale = 2.0 ** (bits - 1)
        self.spacing = 2 * full_scale / (levels + 1)
        # In spacings, which gives a learning rate for weights in [-1, 1] the right size for thresholds too.
        thresholds = torch.arange(1, levels + 1) - (levels + 1) / 2
        self.thresholds = nn.Parameter(thresholds.repeat(n_inputs, 1), requires_grad=learned)

    def forward(self, inputs: Tensor) -> Tensor:
        """The code of samples float32 [n, n_inputs]."""
        above = inputs.unsqueeze(2) / self.spacing - self.thresholds
        window = above.clamp(-1, 1)
        return (torch.where(above >= 0, 1.0, -1.0) + window - window.detach()).flatten(1)

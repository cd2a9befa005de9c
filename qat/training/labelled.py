"""Spikes with labels, as training takes them."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from qat.errors import BadInput


@dataclass(frozen=True, eq=False)
class LabelledSpikes:
    """Spikes of one part with their pseudo-labels.

    waveforms: integers [n, n_channels, n_samples]; labels: [n], 0 ... n_units - 1; confidence: [n], posterior
    of the label. A network sees the waveforms flattened, channel-major.
    Raises BadInput where the waveforms are no integers or the shapes do not fit each other.
    """

    waveforms: NDArray[np.integer]
    labels: NDArray[np.integer]
    confidence: NDArray[np.floating]

    def __post_init__(self) -> None:
        n = len(self.waveforms)
        if not np.issubdtype(self.waveforms.dtype, np.integer):
            raise BadInput(f"labelled spikes: waveforms are {self.waveforms.dtype}, must be integers")
        if self.waveforms.ndim != 3 or not self.labels.shape == self.confidence.shape == (n,):
            raise BadInput(
                f"labelled spikes: waveforms {self.waveforms.shape}, labels {self.labels.shape}, confidence "
                f"{self.confidence.shape} must be [n, n_channels, n_samples], [n], [n]"
            )


@dataclass(frozen=True, eq=False)
class Tensors:
    """LabelledSpikes as torch takes them: waveforms float32, labels int64, weights float32."""

    waveforms: Tensor
    labels: Tensor
    weights: Tensor


def confident(spikes: LabelledSpikes, min_confidence: float, n_units: int) -> Tensors:
    """The spikes to train on; raises BadInput where one has a label outside of the units."""
    keep = spikes.confidence >= min_confidence
    labels = spikes.labels[keep]
    if labels.size and not 0 <= labels.min() <= labels.max() < n_units:
        raise BadInput(f"pseudo-labels {labels.min()} ... {labels.max()}: {n_units} units have 0 ... {n_units - 1}")
    return Tensors(
        torch.from_numpy(spikes.waveforms[keep].astype(np.float32)),
        torch.from_numpy(labels.astype(np.int64)),
        torch.from_numpy(spikes.confidence[keep].astype(np.float32)),
    )

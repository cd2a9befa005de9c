"""Spikes as classical classifiers are fitted to."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qat.errors import BadInput
from qat.training.labelled import LabelledSpikes


@dataclass(frozen=True, eq=False)
class FittedSpikes:
    """Confidently labelled spikes and the units that occur among them."""

    waveforms: NDArray[np.float64]  # [n, n_channels, n_samples]
    labels: NDArray[np.int64]  # [n]
    units: NDArray[np.int64]  # sorted, each once

    @classmethod
    def of(cls, spikes: LabelledSpikes, min_confidence: float) -> "FittedSpikes":
        """Leave out what networks are not trained on either; raises BadInput where nothing is left."""
        keep = spikes.confidence >= min_confidence
        if not keep.any():
            raise BadInput(
                f"none of {len(keep)} training spikes has a pseudo-label of confidence >= {min_confidence}"
            )
        labels = spikes.labels[keep].astype(np.int64)
        return cls(spikes.waveforms[keep].astype(np.float64), labels, np.unique(labels))

    def means(self) -> NDArray[np.float64]:
        """Mean spike of each unit [n_units, n_channels, n_samples]."""
        return np.stack([self.waveforms[self.labels == unit].mean(axis=0) for unit in self.units])

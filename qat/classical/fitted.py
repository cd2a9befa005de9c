"""Spikes as classical classifiers are fitted to."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qat.errors import BadInput
from qat.training.labelled import LabelledSpikes, confident


@dataclass(frozen=True, eq=False)
class FittedSpikes:
    """Confidently labelled spikes and the units that occur among them."""

    waveforms: NDArray[np.float64]  # [n, n_channels, n_samples]
    labels: NDArray[np.int64]  # [n]
    units: NDArray[np.int64]  # sorted, each once

    @classmethod
    def of(cls, spikes: LabelledSpikes, n_units: int, min_confidence: float) -> "FittedSpikes":
        """Leave out what networks are not trained on either.

        Raises BadInput where nothing is left, or a label is outside of 0 ... n_units - 1.
        """
        chosen = confident(spikes, min_confidence, n_units)
        labels = chosen.labels.numpy()
        if not labels.size:
            raise BadInput(
                f"none of {len(spikes.labels)} training spikes has a pseudo-label of confidence >= {min_confidence}"
            )
        return cls(chosen.waveforms.numpy().astype(np.float64), labels, np.unique(labels))

    def means(self) -> NDArray[np.float64]:
        """Mean spike of each unit [n_units, n_channels, n_samples]."""
        return np.stack([self.waveforms[self.labels == unit].mean(axis=0) for unit in self.units])

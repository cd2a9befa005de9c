"""Classifiers that answer by the highest of linear scores: nearest centroid and linear discriminant analysis."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from qat.classical.fitted import FittedSpikes
from qat.errors import BadInput
from qat.models.cost import REAL_BITS, Cost


@dataclass(frozen=True, eq=False)
class LinearClassifier:
    """Unit with the highest score, weights @ inputs + offset; the first of equals."""

    units: NDArray[np.int64]  # [n_scores], the unit that each score speaks for
    weights: NDArray[np.float64]  # [n_scores, n_inputs]
    offsets: NDArray[np.float64]  # [n_scores]

    def classify(self, inputs: NDArray[np.integer]) -> NDArray[np.int64]:
        """Unit int64 [n] of integer inputs [n, n_inputs]."""
        return self.units[(inputs @ self.weights.T + self.offsets).argmax(axis=1)]

    @property
    def cost(self) -> Cost:
        """Per spike: every weight one multiplication and one addition, all numbers real."""
        parameters = self.weights.size + self.offsets.size
        return Cost(parameters, parameters * REAL_BITS, self.weights.size, self.weights.size)


def nearest_centroid(spikes: FittedSpikes) -> LinearClassifier:
    """Least Euclidean distance to the mean spike of a unit: |x - m|^2 is least where m x - |m|^2 / 2 is highest."""
    means = spikes.means().reshape(len(spikes.units), -1)
    return LinearClassifier(spikes.units, means, -(means**2).sum(axis=1) / 2)


def discriminant_analysis(spikes: FittedSpikes) -> LinearClassifier:
    """Linear discriminant analysis by scikit-learn, the covariance shrunk as Ledoit and Wolf 2004 do.

    Of two units it has one score, which is compared with 0; here the other one's score is the 0.
    Raises BadInput where there are no more spikes than units.
    """
    if len(spikes.labels) <= len(spikes.units):
        raise BadInput(
            f"LDA: {len(spikes.labels)} spikes of {len(spikes.units)} units; more spikes than units are needed"
        )
    inputs = spikes.waveforms.reshape(len(spikes.waveforms), -1)
    if len(spikes.units) == 1:
        return LinearClassifier(spikes.units, np.zeros((1, inputs.shape[1])), np.zeros(1))
    fitted = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(inputs, spikes.labels)
    weights, offsets = fitted.coef_, fitted.intercept_
    if len(spikes.units) == 2:
        weights, offsets = np.vstack([np.zeros_like(weights), weights]), np.append(0.0, offsets)
    return LinearClassifier(spikes.units, weights, offsets)

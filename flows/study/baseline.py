"""What the pre-sorter is held against: PCA and a Gaussian mixture that is told the number of units."""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture

from qat.presort import Presorting
from qat.spikes.spikeset import TRAIN, SpikeSet

_COMPONENTS, _STARTS = 10, 10


def baseline(spikes: SpikeSet, n_units: int, seed: int) -> Presorting:
    """Labels of every spike: fitted on the training part, full covariances, the best of ten starts."""
    windows, training = spikes.inputs().astype(np.float64), spikes.part == TRAIN
    axes = PCA(min(_COMPONENTS, windows.shape[1]), svd_solver="full").fit(windows[training])
    features = axes.transform(windows)
    mixture = GaussianMixture(n_units, n_init=_STARTS, random_state=seed).fit(features[training])
    posterior = mixture.predict_proba(features)
    confidence = posterior.max(axis=1).astype(np.float32)
    return Presorting(
        labels=posterior.argmax(axis=1).astype(np.int32),
        confidence=confidence,
        n_units=n_units,
        score=float(confidence[training].mean(dtype=np.float64)),
        method={"name": "PCA, Gaussian mixture, number of units given", "n_features": axes.n_components_},
    )

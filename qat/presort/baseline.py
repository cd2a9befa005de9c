"""The pre-sorter that ours is measured against: principal components and a Gaussian mixture."""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from qat.errors import BadInput
from qat.presort.result import Presorting
from qat.spikes.spikeset import TRAIN, SpikeSet

_N_FEATURES, _N_STARTS = 10, 10


def presort_baseline(spikes: SpikeSet, n_units: int, seed: int) -> Presorting:
    """Ten principal components and `n_units` Gaussians of full covariance, the best of ten starts.

    Fitted on the training part, predicted for all; the confidence is the mixture's posterior probability.

    Raises:
        BadInput: there are fewer training spikes than units, or no unit is asked for.
    """
    windows, training = spikes.waveforms.reshape(spikes.n_spikes, -1).astype(np.float64), spikes.part == TRAIN
    if not 1 <= n_units <= training.sum():
        raise BadInput(f"baseline: {n_units} units for {training.sum()} training spikes; expected 1 or more, no more")
    with threadpool_limits(1):
        components = PCA(min(_N_FEATURES, *windows[training].shape), svd_solver="full").fit(windows[training])
        features = components.transform(windows)
        mixture = GaussianMixture(n_units, n_init=_N_STARTS, random_state=seed).fit(features[training])
        probability = mixture.predict_proba(features)
    confidence = probability.max(axis=1).astype(np.float32)
    return Presorting(
        labels=probability.argmax(axis=1).astype(np.int32),
        confidence=confidence,
        n_units=n_units,
        score=float(confidence[training].mean(dtype=np.float64)),
        method={"name": "principal components and Gaussian mixture", "n_units": n_units, "seed": seed},
    )

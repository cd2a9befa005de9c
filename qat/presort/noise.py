"""What the noise looks like."""

import numpy as np
from sklearn.cluster import KMeans
from sklearn.covariance import LedoitWolf
from sklearn.decomposition import PCA

from qat.presort.space import Array
from qat.spikes.spikeset import TRAIN, SpikeSet

_FEWEST_WINDOWS = 3  # for each value of a window
_SPIKES_A_CLUSTER = 5
_MOST_CLUSTERS = 30
_STARTS = 5


def noise_covariance(spikes: SpikeSet, seed: int) -> Array:
    """`[n_values, n_values]` in squared LSBs: from windows without a spike, else from what clusters leave over."""
    noise = spikes.noise
    if noise is not None and len(noise) >= _FEWEST_WINDOWS * noise[0].size:
        flat = noise.reshape(len(noise), -1).astype(np.float64)
        return flat.T @ flat / len(flat)
    return _left_over(
        spikes.waveforms[spikes.part == TRAIN].reshape(-1, spikes.n_channels * spikes.n_samples).astype(np.float64),
        seed,
    )


def _left_over(windows: Array, seed: int) -> Array:
    """Covariance within many small clusters of principal components."""
    scores = PCA(min(5, *windows.shape), svd_solver="full").fit_transform(windows)
    return np.asarray(LedoitWolf(assume_centered=True).fit(within_clusters(scores, windows, seed)).covariance_)


def within_clusters(scores: Array, windows: Array, seed: int) -> Array:
    """What the means of many small clusters of `scores` leave of `windows`, `[n_spikes, ...]` both."""
    n_clusters = int(np.clip(len(windows) // _SPIKES_A_CLUSTER, 1, _MOST_CLUSTERS))
    clusters = KMeans(n_clusters, n_init=_STARTS, random_state=seed).fit(scores).labels_
    means = np.array([windows[clusters == cluster].mean(axis=0) for cluster in range(n_clusters)])
    return np.asarray(windows - means[clusters])

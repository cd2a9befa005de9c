"""Labelling spikes by their templates, alone or with a second spike on top."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf

from qat.presort.units import Clusters

_LEAST_OVERLAP_SAMPLES = 4
_QUANTIZATION_VARIANCE = 1 / 12  # of rounding to whole LSBs
_BLOCK_VALUES = 20_000_000


@dataclass(frozen=True, eq=False)
class Hypotheses:
    """Everything that a window may hold, in the coordinates in which the noise is white."""

    whitening: NDArray[np.float64]
    """`[n_values, n_values]`, to be applied from the right."""
    expected: NDArray[np.float64]
    """`[n_hypotheses, n_values]` whitened mean of each."""
    log_prior: NDArray[np.float64]
    """`[n_hypotheses]`"""
    cluster: NDArray[np.int64]
    """`[n_hypotheses]` cluster of the spike on which the window is aligned."""


def build_hypotheses(
    training: NDArray[np.float64],
    shape: tuple[int, int],
    clusters: Clusters,
    is_unit: NDArray[np.bool_],
    overlap_probability: float,
) -> Hypotheses:
    """Templates and noise from the core spikes; then one spike, or one with a second at any delay.

    Args:
        training: `[n_spikes, n_values]` windows of the training part.
        shape: (n_channels, n_samples) of a window.
        clusters: found in `training`.
        is_unit: `[n_clusters]`; the others (background) come without a second spike.
        overlap_probability: shared evenly by all second spikes and delays.
    """
    core = training[clusters.core]
    templates = np.array([core[clusters.component == k].mean(axis=0) for k in range(clusters.n_components)])
    weights = np.bincount(clusters.component) / clusters.component.size
    units = np.flatnonzero(is_unit[clusters.cluster_of_component])
    residual = (core - templates[clusters.component])[np.isin(clusters.component, units)]

    second = _delayed(templates[units], shape)
    pairs = (templates[units][:, None, :] + second[None, :, :]).reshape(-1, training.shape[1])
    pair_prior = np.repeat(weights[units] * overlap_probability / len(second), len(second))
    whitening = _whitening(residual)
    return Hypotheses(
        whitening=whitening,
        expected=np.concatenate([templates, pairs]) @ whitening,
        log_prior=np.log(np.concatenate([weights, pair_prior])),
        cluster=clusters.cluster_of_component[
            np.concatenate([np.arange(clusters.n_components), np.repeat(units, len(second))])
        ],
    )


def posteriors(windows: NDArray[np.float64], hypotheses: Hypotheses) -> NDArray[np.float64]:
    """Posterior probability `[n_spikes, n_clusters]` of the cluster on which each window is aligned.

    Bayes' rule with Gaussian noise; probabilities of all hypotheses of a cluster are summed.
    """
    constant = hypotheses.log_prior - 0.5 * (hypotheses.expected**2).sum(axis=1)
    membership = np.eye(hypotheses.cluster.max() + 1)[hypotheses.cluster]
    block = max(1, _BLOCK_VALUES // len(constant))
    rows = []
    for first in range(0, len(windows), block):
        white = windows[first : first + block] @ hypotheses.whitening
        log_joint = white @ hypotheses.expected.T + constant
        joint = np.exp(log_joint - log_joint.max(axis=1, keepdims=True)) @ membership
        rows.append(joint / joint.sum(axis=1, keepdims=True))
    return np.concatenate(rows)


def _delayed(templates: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
    """Every template at every delay but 0 that leaves it in the window: `[n_delays * n_templates, n_values]`."""
    n_channels, n_samples = shape
    waveforms = templates.reshape(-1, n_channels, n_samples)
    padded = np.pad(waveforms, ((0, 0), (0, 0), (n_samples, n_samples)))
    furthest = max(1, n_samples - _LEAST_OVERLAP_SAMPLES)
    delays = [delay for delay in range(-furthest, furthest + 1) if delay != 0]
    moved = [padded[:, :, n_samples - delay : 2 * n_samples - delay] for delay in delays]
    return np.concatenate(moved).reshape(-1, n_channels * n_samples)


def _whitening(residual: NDArray[np.float64]) -> NDArray[np.float64]:
    covariance = LedoitWolf(assume_centered=True).fit(residual).covariance_
    covariance = covariance + _QUANTIZATION_VARIANCE * np.eye(len(covariance))
    return np.linalg.inv(np.linalg.cholesky(covariance)).T

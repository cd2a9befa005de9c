"""Pseudo-labels for a spike set."""

from collections.abc import Callable
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from qat.presort.result import Presorting, PresortSpec
from qat.presort.superposition import build_hypotheses, posteriors
from qat.presort.units import Clusters, find_clusters
from qat.spikes.spikeset import TRAIN, SpikeSet


def presort(spikes: SpikeSet, spec: PresortSpec, progress: Callable[[float], None] | None = None) -> Presorting:
    """Sort without supervision: fitted on the training part, predicted for all.

    Units are found as Gaussian clusters of principal components (`find_clusters`). Every spike is then
    labelled by comparing its whole window with the units' templates, alone or overlapped by a second spike
    (`build_hypotheses`). Clusters of noise that merely crossed the threshold are no units: their spikes get
    the likeliest unit, with the low confidence that it deserves.

    Raises:
        BadInput: the training part holds too few spikes.
    """
    windows = spikes.inputs().astype(np.float64)
    training = spikes.part == TRAIN
    with threadpool_limits(1):  # several threads add in another order, and are slower on such small matrices
        clusters = find_clusters(windows[training], spec)
        _report(progress, 0.7)
        is_unit = _is_unit(spikes, np.flatnonzero(training)[clusters.core], clusters, spec)
        hypotheses = build_hypotheses(
            windows[training],
            (spikes.n_channels, spikes.n_samples),
            clusters,
            is_unit,
            spec.overlap_probability,
        )
        probability = posteriors(windows, hypotheses)[:, is_unit]
    _report(progress, 1.0)
    confidence = probability.max(axis=1).astype(np.float32)
    return Presorting(
        labels=probability.argmax(axis=1).astype(np.int32),
        confidence=confidence,
        n_units=int(is_unit.sum()),
        score=float(confidence[training].mean(dtype=np.float64)),
        method=asdict(spec)
        | {
            "name": "principal components, Gaussian mixture, overlap-aware templates",
            "n_components_found": clusters.n_components,
            "n_clusters_of_noise": int((~is_unit).sum()),
        },
    )


def _is_unit(spikes: SpikeSet, core: NDArray[np.int64], clusters: Clusters, spec: PresortSpec) -> NDArray[np.bool_]:
    """`[n_clusters]` False for noise that crossed the threshold; all True where no threshold is known
    or the number of units is given.
    """
    everything = np.ones(clusters.n_clusters, dtype=bool)
    if spec.n_units is not None or "threshold" not in spikes.preprocessing:
        return everything
    threshold = np.asarray(spikes.preprocessing["threshold"])[spikes.channel[core]]
    at = spikes.preprocessing["align_sample"]
    deflection = np.abs(spikes.waveforms[core, spikes.channel[core], at].astype(np.float64))
    deflection *= spikes.lsb / threshold
    cluster = clusters.cluster_of_component[clusters.component]
    medians = np.array([np.median(deflection[cluster == c]) for c in range(clusters.n_clusters)])
    large = medians >= spec.background_deflection
    return large if large.any() else everything


def _report(progress: Callable[[float], None] | None, fraction: float) -> None:
    if progress is not None:
        progress(fraction)

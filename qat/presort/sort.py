"""Pseudo-labels for a spike set."""

from collections.abc import Callable
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from qat.errors import BadInput
from qat.presort.mixture import Mixture, fit, log_sum
from qat.presort.noise import noise_covariance
from qat.presort.outliers import Outliers
from qat.presort.result import Presorting, PresortSpec
from qat.presort.space import Array, FeatureSpace, build_space
from qat.presort.superposition import overlap_log_joint
from qat.presort.units import SpikeTimes, find_units, joint_of, losses_without
from qat.spikes.spikeset import TRAIN, SpikeSet

_FEWEST_SPIKES = 20
_DOUBTFUL = 1e-3  # posterior probability of the wide background above which overlaps are looked at


def presort(spikes: SpikeSet, spec: PresortSpec, progress: Callable[[float], None] | None = None) -> Presorting:
    """Sort without supervision: fitted on the training part, predicted for all.

    Noise is made white (`noise_covariance`, `build_space`), so that a unit is a ball of radius 1 but for the
    sub-sample shift of its spikes. Balls are fitted beside a background of threshold crossings and outliers,
    many at first, and merged as long as shapes or times say that two are one neuron (`find_units`). What no
    single spike explains is held against two spikes on top of each other (`overlap_log_joint`).

    Raises:
        BadInput: the training part holds too few spikes.
    """
    windows, training = spikes.inputs().astype(np.float64), spikes.part == TRAIN
    if training.sum() < _FEWEST_SPIKES:
        raise BadInput(
            f"pre-sorting: {training.sum()} training spikes; at least {_FEWEST_SPIKES} are needed, "
            "use a longer recording or a lower threshold"
        )
    with threadpool_limits(1):  # several threads add in another order, and are slower on such small matrices
        covariance = noise_covariance(spikes, spec.seed)
        space = build_space(windows[training], covariance, (spikes.n_channels, spikes.n_samples))
        features = windows @ space.projection
        outliers = Outliers.of(features[training])
        least_norm = spec.least_prominence * spikes.preprocessing.get("threshold_sigmas", 0.0)
        _report(progress, 0.2)
        mixture = find_units(features[training], _times(spikes), space, outliers, least_norm, spec)
        _report(progress, 0.6)
        if spec.n_units is None:
            is_unit = mixture.stands_out(least_norm)
            joint = _with_overlaps(features[training], mixture, is_unit, space, outliers, spikes, spec)
            mixture = fit(features[training], mixture.keep(_needed(joint, space)), space, outliers, 10)
        is_unit = mixture.stands_out(least_norm)
        _report(progress, 0.8)
        joint = _with_overlaps(features, mixture, is_unit, space, outliers, spikes, spec)
        probability = np.exp(joint - log_sum(joint)[:, None])[:, :-1][:, is_unit]
    _report(progress, 1.0)
    confidence = probability.max(axis=1).astype(np.float32)
    return Presorting(
        labels=probability.argmax(axis=1).astype(np.int32),
        confidence=confidence,
        n_units=int(is_unit.sum()),
        score=float(confidence[training].mean(dtype=np.float64)),
        method=asdict(spec)
        | {
            "name": "templates in white noise, merged by shapes and times, overlaps resolved",
            "n_features_found": space.projection.shape[1],
        },
    )


def _times(spikes: SpikeSet) -> SpikeTimes | None:
    if spikes.sample_index is None or spikes.sampling_rate_hz is None:
        return None
    sample = spikes.sample_index[spikes.part == TRAIN]
    if (np.diff(sample) < 0).any() or sample[-1] == sample[0]:
        return None
    seconds = sample / spikes.sampling_rate_hz
    return SpikeTimes(seconds, spikes.preprocessing.get("dead_time_ms", 0.0) * 1e-3)


def _with_overlaps(
    features: Array,
    mixture: Mixture,
    is_unit: NDArray[np.bool_],
    space: FeatureSpace,
    outliers: Outliers,
    spikes: SpikeSet,
    spec: PresortSpec,
) -> Array:
    """`[n, n_templates + 1]` log probability with each template on which a window is aligned, outliers last."""
    joint = joint_of(features, mixture, space, outliers)
    doubtful = np.flatnonzero(joint[:, -1] - log_sum(joint) > np.log(_DOUBTFUL))
    shape = (spikes.n_channels, spikes.n_samples)
    overlapping = overlap_log_joint(features[doubtful], mixture, is_unit, space, shape, spec.overlap_probability)
    joint[doubtful, :-1] = np.logaddexp(joint[doubtful, :-1], overlapping)
    return joint


def _needed(joint: Array, space: FeatureSpace) -> NDArray[np.bool_]:
    """`[n_templates]` False for those without which the data are explained as well, by the Bayesian criterion."""
    price = 0.5 * sum(space.shift_maps.shape[:2]) * np.log(len(joint))
    kept = np.ones(joint.shape[1] - 1, dtype=bool)
    while kept.sum() > 1:
        losses = np.full(kept.size, np.inf)
        losses[kept] = losses_without(joint[:, np.append(kept, True)])
        weakest = losses.argmin()
        if losses[weakest] >= price:
            break
        kept[weakest] = False
    return kept


def _report(progress: Callable[[float], None] | None, fraction: float) -> None:
    if progress is not None:
        progress(fraction)

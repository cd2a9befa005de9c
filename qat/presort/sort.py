"""Pseudo-labels for a spike set."""

from collections.abc import Callable
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from qat.errors import BadInput
from qat.presort.background import Crossings, units_among
from qat.presort.evidence import short_intervals
from qat.presort.mixture import Mixture, fit, log_sum, residual_covariance
from qat.presort.needed import needed
from qat.presort.noise import noise_covariance, within_clusters
from qat.presort.outliers import Outliers
from qat.presort.result import Presorting, PresortSpec
from qat.presort.space import Array, FeatureSpace, build_space
from qat.presort.split import RARE, split_units
from qat.presort.superposition import overlap_log_joint
from qat.presort.units import SpikeTimes, find_units, joint_of, leave_units
from qat.spikes.spikeset import TRAIN, SpikeSet

_FEWEST_SPIKES = 20
_LAST_ROUNDS = 10
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
    windows, training = spikes.waveforms.reshape(spikes.n_spikes, -1).astype(np.float64), spikes.part == TRAIN
    if training.sum() < _FEWEST_SPIKES:
        raise BadInput(
            f"pre-sorting: {training.sum()} training spikes; at least {_FEWEST_SPIKES} are needed, "
            "use a longer recording or a lower threshold"
        )
    with threadpool_limits(1):  # several threads add in another order, and are slower on such small matrices
        crossings, times = Crossings.of(spikes, spec), _times(spikes)
        space = _first_space(spikes, windows[training], spec)
        mixture, outliers = _fitted(windows[training] @ space.projection, times, space, crossings, spec)
        if spikes.noise is None:  # it was only guessed; once units are known, it is what they leave over
            left = residual_covariance(windows[training] @ space.projection, mixture, space, outliers)
            space = space.whitened_anew(left)
            mixture, outliers = _fitted(windows[training] @ space.projection, times, space, crossings, spec)
        features = windows @ space.projection
        train = features[training]
        if spikes.noise is not None or spec.n_units is not None:  # guessed noise is no measure for a split
            mixture = split_units(train, mixture, space, outliers, spec.n_units)
        _report(progress, 0.6)
        is_unit = _units(train, mixture, space, outliers, crossings)
        joint = _with_overlaps(train, mixture, is_unit, space, outliers, spikes, spec)
        mixture = mixture.keep(needed(joint, mixture, is_unit, spec.n_units or 1, outliers))
        mixture = fit(train, mixture, space, outliers, _LAST_ROUNDS)
        if spec.n_units is not None:
            mixture = leave_units(train, mixture, space, outliers, crossings, spec.n_units)
        is_unit = _units(train, mixture, space, outliers, crossings)
        _report(progress, 0.8)
        joint = _with_overlaps(features, mixture, is_unit, space, outliers, spikes, spec)
        probability = np.exp(joint - log_sum(joint)[:, None])[:, :-1][:, is_unit]
    _report(progress, 1.0)
    labels, confidence = probability.argmax(axis=1).astype(np.int32), probability.max(axis=1).astype(np.float32)
    return Presorting(
        labels=labels,
        confidence=confidence,
        n_units=int(is_unit.sum()),
        score=float(confidence[training].mean(dtype=np.float64)),
        method=asdict(spec)
        | {
            "name": "templates in white noise, merged by shapes and times, overlaps resolved",
            "n_templates_of_noise": int((~is_unit).sum()),
            "share_of_outliers": float((joint[training].argmax(axis=1) == joint.shape[1] - 1).mean()),
            "short_intervals": None
            if times is None
            else [short_intervals(times.seconds[labels[training] == unit]) for unit in range(int(is_unit.sum()))],
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


def _first_space(spikes: SpikeSet, windows: Array, spec: PresortSpec) -> FeatureSpace:
    """Noise made white; and so is, where the noise is known, what many small clusters vary by beyond it."""
    space = build_space(windows, noise_covariance(spikes, spec.seed), (spikes.n_channels, spikes.n_samples))
    if spikes.noise is None:
        return space
    features = windows @ space.projection
    left = within_clusters(features, features, spec.seed)
    return space.whitened_anew(left.T @ left / len(left))


def _fitted(
    features: Array, times: SpikeTimes | None, space: FeatureSpace, crossings: Crossings | None, spec: PresortSpec
) -> tuple[Mixture, Outliers]:
    outliers = Outliers.of(features)
    return find_units(features, times, space, outliers, crossings, spec), outliers


def _units(
    features: Array, mixture: Mixture, space: FeatureSpace, outliers: Outliers, crossings: Crossings | None
) -> NDArray[np.bool_]:
    likeliest = joint_of(features, mixture, space, outliers).argmax(axis=1)
    return units_among(mixture.templates, likeliest, crossings)


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
    rare = np.append(mixture.weights < RARE, False)
    doubtful = np.flatnonzero((joint[:, -1] - log_sum(joint) > np.log(_DOUBTFUL)) | rare[joint.argmax(axis=1)])
    shape = (spikes.n_channels, spikes.n_samples)
    overlapping = overlap_log_joint(features[doubtful], mixture, is_unit, space, shape, spec.overlap_probability)
    joint[doubtful, :-1] = np.logaddexp(joint[doubtful, :-1], overlapping)
    return joint


def _report(progress: Callable[[float], None] | None, fraction: float) -> None:
    if progress is not None:
        progress(fraction)

"""How many units there are, and what they look like: many templates first, then pairs become one."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from qat.presort.background import Crossings, units_among
from qat.presort.evidence import Evidence, shape_evidence, times_evidence
from qat.presort.mixture import Mixture, fit, log_joint, log_likelihoods, log_sum
from qat.presort.needed import losses_without
from qat.presort.outliers import Outliers
from qat.presort.result import PresortSpec
from qat.presort.space import Array, FeatureSpace

_FIRST_ROUNDS, _ROUNDS_BETWEEN, _LAST_ROUNDS = 15, 8, 30
_NEIGHBOURS = 4
_STARTS = 5
_SPIKES_A_TEMPLATE = 8  # at least, in the beginning


@dataclass(frozen=True, eq=False)
class SpikeTimes:
    """When the training spikes were; ascending."""

    seconds: Array
    dead_s: float
    """Of two spikes closer than this only one is detected."""

    @property
    def duration_s(self) -> float:
        """From the first to the last."""
        return float(self.seconds[-1] - self.seconds[0])


def find_units(
    features: Array,
    times: SpikeTimes | None,
    space: FeatureSpace,
    outliers: Outliers,
    crossings: Crossings | None,
    spec: PresortSpec,
) -> Mixture:
    """Fit far more templates than there can be units, then merge the pairs that are one.

    Where the number of units is given, merging ends when it is reached.

    Args:
        features: `[n_spikes, n_features]` of the training part.
        times: of the same spikes; None where they are unknown.
        space: in which they are.
        outliers: what no template explains.
        crossings: what is no unit.
        spec: how many templates there are at first, and whether the number of units is given.
    """
    mixture = fit(features, _first_guess(features, space, spec), space, outliers, _FIRST_ROUNDS)
    while True:
        likeliest = joint_of(features, mixture, space, outliers).argmax(axis=1)
        n_units = int(units_among(mixture.templates, likeliest, crossings).sum())
        evidence = _evidence(features, mixture, likeliest, times, space)
        pairs = _pairs_to_merge(evidence, n_units - (spec.n_units or 1))
        if not pairs:
            return fit(features, mixture, space, outliers, _LAST_ROUNDS)
        mixture = _merged(mixture, pairs, space)
        mixture = fit(features, mixture, space, outliers, _ROUNDS_BETWEEN)


def leave_units(
    features: Array,
    mixture: Mixture,
    space: FeatureSpace,
    outliers: Outliers,
    crossings: Crossings | None,
    n_units: int,
) -> Mixture:
    """At most `n_units`: the template that is missed least is left out, and the others take over."""
    while True:
        joint = joint_of(features, mixture, space, outliers)
        likeliest = joint.argmax(axis=1)
        is_unit = units_among(mixture.templates, likeliest, crossings)
        if is_unit.sum() <= n_units:
            return mixture
        losses = np.where(is_unit, losses_without(joint, mixture), np.inf)
        mixture = mixture.keep(np.arange(len(losses)) != losses.argmin())
        mixture = fit(features, mixture, space, outliers, _ROUNDS_BETWEEN)


def joint_of(features: Array, mixture: Mixture, space: FeatureSpace, outliers: Outliers) -> Array:
    """`[n, n_templates + 1]` log probability of features with each template, outliers last."""
    of_templates, of_outliers = log_joint(features, mixture, space, outliers)
    by_template = log_sum(of_templates.reshape(-1, of_templates.shape[2])).reshape(of_templates.shape[:2])
    return np.concatenate([by_template, of_outliers[:, None]], axis=1)


def _first_guess(features: Array, space: FeatureSpace, spec: PresortSpec) -> Mixture:
    n_templates = max(1, min(spec.max_components, len(features) // _SPIKES_A_TEMPLATE))
    centers = KMeans(n_templates, n_init=_STARTS, random_state=spec.seed).fit(features).cluster_centers_
    n_shifts = len(space.shift_maps)
    return Mixture(
        templates=centers.astype(np.float64),
        weights=np.full(n_templates, (1 - spec.overlap_probability) / n_templates),
        shift_weights=np.full((n_templates, n_shifts), 1 / n_shifts),
        outlier_weight=spec.overlap_probability,
    )


def _evidence(
    features: Array,
    mixture: Mixture,
    likeliest: NDArray[np.int64],
    times: SpikeTimes | None,
    space: FeatureSpace,
) -> dict[tuple[int, int], Evidence]:
    """For every template and its nearest neighbours, whether they are two units."""
    fit_to = log_likelihoods(features, mixture.templates, space).max(axis=2)
    of_templates = log_likelihoods(mixture.templates, mixture.templates, space).max(axis=2)
    lead = np.diag(of_templates)[:, None] - of_templates
    distance = np.sqrt(np.maximum(lead + lead.T, 1e-6))
    found = {}
    for first in range(mixture.n_templates):
        for second in np.argsort(distance[first])[1 : 1 + _NEIGHBOURS]:
            pair = (min(first, int(second)), max(first, int(second)))
            if pair in found:
                continue
            rows = np.flatnonzero((likeliest == pair[0]) | (likeliest == pair[1]))
            # A shift loses some of a template, so that the two need not fit each other equally badly.
            middle = (lead[pair] - lead[pair[::-1]]) / 2
            position = (fit_to[rows, pair[0]] - fit_to[rows, pair[1]] - middle) / distance[pair]
            found[pair] = Evidence(
                shape=shape_evidence(position, float(distance[pair]), features.shape[1]),
                times=0.0 if times is None else _times_evidence(times, likeliest, pair),
            )
    return found


def _times_evidence(times: SpikeTimes, unit: NDArray[np.int64], pair: tuple[int, int]) -> float:
    first, second = (times.seconds[unit == index] for index in pair)
    return times_evidence(first, second, times.dead_s, times.duration_s)


def _pairs_to_merge(evidence: dict[tuple[int, int], Evidence], most: int) -> list[tuple[int, int]]:
    """Pairs that are one unit, the surest first, `most` of them at most; of both templates the surest pair.

    A template whose surest partner merges with another waits for what becomes of it: its second choice might be
    another unit.
    """
    chosen: list[tuple[int, int]] = []
    seen: set[int] = set()
    for pair in sorted(evidence, key=lambda pair: (evidence[pair].total, pair)):
        if evidence[pair].total > 0 or len(chosen) >= most:
            break
        if not seen & set(pair):
            chosen.append(pair)
        seen |= set(pair)
    return chosen


def _merged(mixture: Mixture, pairs: list[tuple[int, int]], space: FeatureSpace) -> Mixture:
    """The first of each pair becomes the mean of both, the second moved to where it fits best."""
    templates, weights, shift_weights = (
        array.copy() for array in (mixture.templates, mixture.weights, mixture.shift_weights)
    )
    for first, second in pairs:
        moved = space.shifted(templates[[second]])[0]
        aligned = moved[((moved - templates[first]) ** 2).sum(axis=1).argmin()]
        both = weights[[first, second]]
        templates[first] = np.average([templates[first], aligned], axis=0, weights=both)
        shift_weights[first] = np.average(shift_weights[[first, second]], axis=0, weights=both)
        weights[first] = both.sum()
    merged = replace(mixture, templates=templates, weights=weights, shift_weights=shift_weights)
    return merged.keep(~np.isin(np.arange(mixture.n_templates), [second for _, second in pairs]))

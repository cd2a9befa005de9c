"""A mixture of templates seen through known noise, and of outliers."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from qat.presort.outliers import Outliers
from qat.presort.space import Array, FeatureSpace

_SMALLEST_TEMPLATE = 5  # spikes
_LEAST_SPIKE = 1e-3  # a share of one spike of silence, added to every template


@dataclass(frozen=True, eq=False)
class Mixture:
    """What expectation maximization fits."""

    templates: Array
    """`[n_templates, n_features]`"""
    weights: Array
    """`[n_templates]` share of the spikes."""
    shift_weights: Array
    """`[n_templates, n_shifts]` how often spikes are moved by each shift; sums to 1."""
    outlier_weight: float
    """What `weights` leave; given, since a wide density would else take over clusters that lie close together."""

    @property
    def n_templates(self) -> int:
        """Units, and noise that crossed the threshold."""
        return len(self.templates)

    def keep(self, chosen: NDArray[np.bool_]) -> "Mixture":
        """Without the templates that are not chosen; the others' weights are left as they are."""
        return replace(
            self,
            templates=self.templates[chosen],
            weights=self.weights[chosen],
            shift_weights=self.shift_weights[chosen],
        )


def log_likelihoods(features: Array, templates: Array, space: FeatureSpace) -> Array:
    """`[n, n_units, n_shifts]` log density of features given unit and shift, but for a constant."""
    expected = space.shifted(templates)
    tangent = np.gradient(expected, axis=1)
    flat = (array.reshape(-1, expected.shape[2]) for array in (expected, tangent))
    return log_densities(features, *flat).reshape(len(features), *expected.shape[:2])


def log_densities(features: Array, expected: Array, tangent: Array) -> Array:
    """`[n, n_hypotheses]` log density of features, but for a constant.

    White noise of variance 1; within a step of the grid of shifts the position is spread evenly, which adds
    variance 1/12 along the change from one step to the next (covariance I + t t', inverted after Woodbury).

    Args:
        features: `[n, n_features]`.
        expected: `[n_hypotheses, n_features]`.
        tangent: `[n_hypotheses, n_features]` change from one step of the grid to the next.
    """
    along = tangent / np.sqrt(12)
    squared = (features**2).sum(axis=1)[:, None] - 2 * features @ expected.T + (expected**2).sum(axis=1)
    stretch = 1 + (along**2).sum(axis=1)
    projected = features @ along.T - (expected * along).sum(axis=1)
    return -0.5 * (squared - projected**2 / stretch + np.log(stretch))


def log_joint(features: Array, mixture: Mixture, space: FeatureSpace, outliers: Outliers) -> tuple[Array, Array]:
    """`[n, n_templates, n_shifts]` and `[n]`: log probability of features with template and shift, or as outliers."""
    of_templates = log_likelihoods(features, mixture.templates, space)
    of_templates += np.log(mixture.weights)[:, None] + np.log(mixture.shift_weights)
    return of_templates, outliers.log_densities(features) + np.log(mixture.outlier_weight)


def fit(features: Array, mixture: Mixture, space: FeatureSpace, outliers: Outliers, n_rounds: int) -> Mixture:
    """Rounds of expectation maximization; templates left with too few spikes are dropped."""
    for _ in range(n_rounds):
        of_templates, of_outliers = log_joint(features, mixture, space, outliers)
        total = np.logaddexp(log_sum(of_templates.reshape(len(features), -1)), of_outliers)
        responsibility = np.exp(of_templates - total[:, None, None])
        claimed = responsibility.sum(axis=(0, 2))
        responsibility = responsibility[:, claimed >= min(_SMALLEST_TEMPLATE, claimed.max())]
        by_shift = responsibility.sum(axis=0)
        count = by_shift.sum(axis=1)
        mixture = Mixture(
            templates=_templates(features, responsibility, space),
            weights=(1 - mixture.outlier_weight) * count / count.sum(),
            shift_weights=(by_shift + 1) / (count + by_shift.shape[1])[:, None],
            outlier_weight=mixture.outlier_weight,
        )
    return mixture


def _templates(features: Array, responsibility: Array, space: FeatureSpace) -> Array:
    """`[n_templates, n_features]` the templates that, shifted, lie nearest to the spikes they are responsible for.

    Least squares over all shifts. The mean of spikes moved back is no substitute: shifts lose what they move out
    of the window and out of the features, so that such a mean is less likely than the template it started from.
    """
    maps = space.shift_maps
    sums = np.tensordot(responsibility, features, axes=(0, 0))  # [n_templates, n_shifts, n_features]
    towards = np.einsum("ksg,sfg->kf", sums, maps)
    gram = np.tensordot(responsibility.sum(axis=0), maps @ maps.transpose(0, 2, 1), axes=(1, 0))
    gram += _LEAST_SPIKE * np.eye(features.shape[1])  # a shift may lose a direction altogether
    return np.asarray(np.linalg.solve(gram, towards[..., None])[..., 0])


def residual_covariance(features: Array, mixture: Mixture, space: FeatureSpace, outliers: Outliers) -> Array:
    """`[n_features, n_features]` of what templates at their shifts leave of the spikes that they explain."""
    of_templates, of_outliers = log_joint(features, mixture, space, outliers)
    flat = of_templates.reshape(len(features), -1)
    explained = flat.max(axis=1) > of_outliers
    expected = space.shifted(mixture.templates).reshape(-1, features.shape[1])
    residual = (features - expected[flat.argmax(axis=1)])[explained]
    return residual.T @ residual / max(1, len(residual))


def log_sum(log_values: Array) -> Array:
    """`[n]` log of the sum of the exponentials of each row `[n, n_values]`."""
    largest = log_values.max(axis=1)
    return largest + np.log(np.exp(log_values - largest[:, None]).sum(axis=1))

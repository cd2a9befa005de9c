"""Units that merging has lost: two balls of noise that lie in each other."""

from dataclasses import replace

import numpy as np

from qat.presort.mixture import Mixture, fit, log_joint, log_sum
from qat.presort.outliers import Outliers
from qat.presort.space import Array, FeatureSpace

_ROUNDS = 30
RARE = 0.05  # share of the spikes: what seems a rare unit may be overlaps that happen to look alike
_LEAST_DISTANCE = 2.0  # noise standard deviations: there is a valley between two balls of radius 1 from here on
_LEAST_SHARE = 0.2  # of the spikes of the template that was split


def split_units(
    features: Array, mixture: Mixture, space: FeatureSpace, outliers: Outliers, n_units: int | None
) -> Mixture:
    """Split templates in two as long as the likelihood gains more than the Bayesian price of a template.

    The split that gains most comes first. Where the number of units is given, it ends when as many templates are
    common. Else, since no unit is quite a ball and every split gains something, the halves have to be a valley
    apart and gain the price more than a split of any other template does.

    Args:
        features: `[n_spikes, n_features]` of the training part.
        mixture: what merging has left.
        space: in which they are.
        outliers: what no template explains.
        n_units: None where the data decide.
    """
    price = 0.5 * sum(space.shift_maps.shape[:2]) * np.log(len(features))
    while n_units is None or (mixture.weights >= RARE).sum() < n_units:
        before = _log_likelihood(features, mixture, space, outliers)
        common = np.flatnonzero(mixture.weights >= RARE)
        tried = [_halved(features, mixture, int(unit), space, outliers) for unit in common]
        gains = [_log_likelihood(features, one, space, outliers) - before for one in tried]
        best, *others = sorted(range(len(tried)), key=lambda index: -gains[index])
        if n_units is None and not _apart(tried[best], int(common[best]), space):
            return mixture
        usual = gains[others[0]] if others and n_units is None else 0.0
        if gains[best] - usual <= price:
            return mixture
        mixture = tried[best]
    return mixture


def _halved(features: Array, mixture: Mixture, unit: int, space: FeatureSpace, outliers: Outliers) -> Mixture:
    """Split along what varies most in the unit, and fitted; the second half comes last."""
    of_templates, of_outliers = log_joint(features, mixture, space, outliers)
    shape = of_templates.shape[1:]
    best = of_templates.reshape(len(features), -1).argmax(axis=1)
    template, shift = np.unravel_index(best, shape)
    own = (template == unit) & (of_templates.max(axis=(1, 2)) > of_outliers)
    residual = features[own] - space.shifted(mixture.templates[[unit]])[0][shift[own]]
    variance, directions = np.linalg.eigh(residual.T @ residual / max(1, own.sum()))
    step = np.sqrt(variance[-1]) * directions[:, -1]
    templates, weights = np.vstack([mixture.templates, mixture.templates[unit]]), mixture.weights.copy()
    templates[[unit, -1]] += [-step, step]
    weights[unit] /= 2
    halved = replace(
        mixture,
        templates=templates,
        weights=np.append(weights, weights[unit]),
        shift_weights=np.vstack([mixture.shift_weights, mixture.shift_weights[unit]]),
    )
    return fit(features, halved, space, outliers, _ROUNDS)


def _apart(mixture: Mixture, unit: int, space: FeatureSpace) -> bool:
    """Whether the last template is one beside `unit`: at every shift, and no small remainder."""
    shifted = space.shifted(mixture.templates[[unit]])[0]
    distance = np.linalg.norm(shifted - mixture.templates[-1], axis=1).min()
    halves = mixture.weights[[unit, -1]]
    return bool(distance > _LEAST_DISTANCE and halves.min() > _LEAST_SHARE * halves.sum())


def _log_likelihood(features: Array, mixture: Mixture, space: FeatureSpace, outliers: Outliers) -> float:
    of_templates, of_outliers = log_joint(features, mixture, space, outliers)
    return float(np.logaddexp(log_sum(of_templates.reshape(len(features), -1)), of_outliers).sum())

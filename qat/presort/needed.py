"""Which templates the data need: what is lost without one, against what it costs."""

import numpy as np
from numpy.typing import NDArray

from qat.presort.mixture import Mixture
from qat.presort.outliers import Outliers
from qat.presort.space import Array

_SMALLEST_UNIT = 10  # training spikes
_ROUNDS = 50


def needed(
    joint: Array, mixture: Mixture, is_unit: NDArray[np.bool_], n_units: int, outliers: Outliers
) -> NDArray[np.bool_]:
    """`[n_templates]` False for those without which the data are explained as well.

    Nor do a handful of spikes make a unit. At least `n_units` units stay.

    Args:
        joint: `[n_spikes, n_templates + 1]` log probability of features with each template, outliers last.
        mixture: its templates, with the weights that are in `joint`.
        is_unit: `[n_templates]`
        n_units: that stay.
        outliers: what no template explains.
    """
    kept = _counts(joint) >= _SMALLEST_UNIT
    if (kept & is_unit).sum() < n_units:
        kept = np.ones(kept.size, dtype=bool)
    while kept.any():
        left, of_left = joint[:, np.append(kept, True)], mixture.keep(kept)
        excess = np.full(kept.size, np.inf)
        excess[kept] = losses_without(left, of_left) - _prices(left, of_left, outliers)
        if (kept & is_unit).sum() <= n_units:
            excess[is_unit] = np.inf
        weakest = excess.argmin()
        if excess[weakest] >= 0:
            break
        kept[weakest] = False
    return kept


def losses_without(joint: Array, mixture: Mixture) -> Array:
    """`[n_templates]` log likelihood that is lost when a template is left out, the others' shapes as they are.

    Templates are fitted beside outliers of a given weight. Here all weights are the likeliest: if a tenth of the
    spikes were outliers anyway, hardly anything would be lost where a rare unit falls among them.
    """
    densities = joint - np.log(np.append(mixture.weights, mixture.outlier_weight))
    everything = np.arange(joint.shape[1])
    total = _most_log_likelihood(densities)
    return np.array([total - _most_log_likelihood(densities[:, everything != k]) for k in everything[:-1]])


def _prices(joint: Array, mixture: Mixture, outliers: Outliers) -> Array:
    """`[n_templates]` nats that a template has to gain.

    One whose spikes would be outliers without it: Laplace's approximation of its evidence. It may be anywhere that
    outliers are, and n spikes make it known to a ball of radius 1 / sqrt(n) (MacKay, Neural Computation 4:415-447,
    1992: the Occam factor); its weight and those of its shifts cost half a log n each. Only its own spikes tell
    about it, so n counts them and not all.

    One whose spikes another would take: the Bayesian criterion, where n counts all spikes. That is dearer, since no
    unit is quite a ball, and the tail of a large one gains more than evidence allows for.
    """
    n_features, n_shifts = mixture.templates.shape[1], mixture.shift_weights.shape[1]
    orphaned = _orphaned(joint)
    n_spikes = np.where(orphaned, np.maximum(_counts(joint), 1), len(joint))
    price = 0.5 * (n_features + n_shifts) * np.log(n_spikes)
    return np.where(orphaned, price - outliers.log_densities(mixture.templates), price)


def _orphaned(joint: Array) -> NDArray[np.bool_]:
    """`[n_templates]` whether most of a template's spikes would be outliers without it."""
    likeliest = joint.argmax(axis=1)
    heirs = [np.delete(joint[likeliest == k], k, axis=1).argmax(axis=1) for k in range(joint.shape[1] - 1)]
    return np.array([2 * (heir == joint.shape[1] - 2).sum() > heir.size for heir in heirs], dtype=bool)


def _counts(joint: Array) -> NDArray[np.int64]:
    """`[n_templates]` spikes of which it is the likeliest."""
    return np.bincount(joint.argmax(axis=1), minlength=joint.shape[1])[:-1]


def _most_log_likelihood(densities: Array) -> float:
    """Of all spikes, with the likeliest weights of the columns of `[n_spikes, n_columns]` log densities."""
    largest = densities.max(axis=1)
    relative = np.exp(densities - largest[:, None])
    weights = np.full(densities.shape[1], 1 / densities.shape[1])
    for _ in range(_ROUNDS):
        weights = weights * (relative / (relative @ weights)[:, None]).mean(axis=0)
    return float((largest + np.log(relative @ weights)).sum())

"""Are two templates two units? Evidence in nats, from the spikes' shapes and from their times."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from qat.presort.space import Array

REFRACTORY_S = 2e-3
_ROUNDS = 30
_WIDTHS = np.linspace(0, 1, 13)
_SAME = np.linspace(0.005, 0.10, 8)  # of the coincidences of independent units: mislabelled spikes
_DIFFERENT = np.linspace(0.25, 1.0, 16)  # less than all of them, since spikes that overlap get lost


@dataclass(frozen=True)
class Evidence:
    """For two units, if positive; for one, if negative. In nats."""

    shape: float
    times: float

    @property
    def total(self) -> float:
        """Both together."""
        return self.shape + self.times


def shape_evidence(position: Array, distance: float, n_features: int) -> float:
    """How much better two balls of noise explain spikes than one stretched cluster does, log likelihood ratio.

    Two units make two Gaussians of one variance. A single unit whose shape varies makes an evenly filled stretch
    blurred by noise (with no length: one Gaussian). A mixture without a valley never speaks for two units. The
    line was chosen among all directions so that the spikes lie apart along it, which of a single ball gains
    about half a nat in each dimension; twice that is asked for.

    Args:
        position: `[n]` of the spikes of both, along the line that joins the templates, in noise standard
            deviations; the templates stand at -distance / 2 and +distance / 2.
        distance: of the templates.
        n_features: dimensions of the space in which the templates are.
    """
    inside = position[np.abs(position) < distance / 2 + 3]
    if inside.size < 5:
        return -np.inf
    two, has_valley = _two_balls(inside, distance)
    gain = two - _stretch(inside) - 0.5 * np.log(inside.size) - n_features
    return gain if has_valley else min(gain, 0.0)


def times_evidence(first_s: Array, second_s: Array, dead_s: float, duration_s: float) -> float:
    """Whether one unit's spikes fall into the other's refractory period as often as chance has it.

    The number of pairs closer than 2 ms is Poisson distributed; its mean is a share of what independent units
    give: anything up to a tenth where both are one neuron, from a quarter on where they are two.

    Args:
        first_s: times of the one, ascending.
        second_s: times of the other, ascending.
        dead_s: closer pairs cannot be detected.
        duration_s: of the recording.
    """
    reach = REFRACTORY_S - dead_s
    expected = first_s.size * second_s.size * 2 * reach / duration_s if reach > 0 else 0.0
    if expected == 0:
        return 0.0
    n_pairs = _pairs_within(first_s, second_s, REFRACTORY_S) - _pairs_within(first_s, second_s, dead_s)

    def log_probability(shares: Array) -> float:
        mean = shares * expected
        return float(np.logaddexp.reduce(n_pairs * np.log(mean) - mean) - np.log(shares.size))

    return log_probability(_DIFFERENT) - log_probability(_SAME)


def short_intervals(seconds: Array) -> float | None:
    """Share of the intervals between ascending times that are below 2 ms: a single neuron has hardly any."""
    return float((np.diff(seconds) < REFRACTORY_S).mean()) if seconds.size > 1 else None


def _pairs_within(first_s: Array, second_s: Array, reach_s: float) -> int:
    after = np.searchsorted(second_s, first_s + reach_s, side="right")
    return int((after - np.searchsorted(second_s, first_s - reach_s, side="left")).sum())


def _two_balls(position: Array, distance: float) -> tuple[float, bool]:
    """Log likelihood of two Gaussians of one variance, at least the noise's; whether there is a valley between."""
    means = np.array([-distance / 2, distance / 2])
    share = np.clip((position > 0).mean(), 0.02, 0.98)
    weights, variance = np.array([1 - share, share]), 1.0
    for _ in range(_ROUNDS):
        log_joint = _log_joint(position, means, weights, variance)
        membership = np.exp(log_joint - np.logaddexp(*log_joint.T)[:, None])
        count = membership.sum(axis=0) + 1e-9
        weights, means = count / count.sum(), (membership * position[:, None]).sum(axis=0) / count
        variance = max(1.0, float((membership * (position[:, None] - means) ** 2).sum() / position.size))
    along = np.linspace(means.min(), means.max(), 41)
    density = np.logaddexp(*_log_joint(along, means, weights, variance).T)
    lower_peak = min(density[: 1 + density.argmin()].max(), density[density.argmin() :].max())
    log_likelihood = float(np.logaddexp(*_log_joint(position, means, weights, variance).T).sum())
    return log_likelihood, bool(density.min() < lower_peak - 0.05)


def _log_joint(position: Array, means: Array, weights: Array, variance: float) -> Array:
    return np.log(weights) - 0.5 * (position[:, None] - means) ** 2 / variance - 0.5 * np.log(2 * np.pi * variance)


def _stretch(position: Array) -> float:
    """Log likelihood of the best evenly filled stretch blurred by a Gaussian, its variance at least the noise's."""
    spread = max(1.0, float(position.var()))
    distance = position - position.mean()
    best = -np.inf
    for width in _WIDTHS * np.sqrt(12 * spread):
        deviation = np.sqrt(max(1.0, spread - width**2 / 12))
        if width == 0:
            log_density = -0.5 * (distance / deviation) ** 2 - 0.5 * np.log(2 * np.pi * deviation**2)
        else:
            share = ndtr((distance + width / 2) / deviation) - ndtr((distance - width / 2) / deviation)
            log_density = np.log(np.maximum(share, 1e-12) / width)
        best = max(best, float(log_density.sum()))
    return best

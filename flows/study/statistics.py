"""Means with their spread, and paired comparisons over data sets and seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import numpy as np
from numpy.typing import NDArray
from scipy.stats import PermutationMethod, wilcoxon

from flows.errors import BadInput

LEVEL = 0.05
"""Largest adjusted p-value of a difference that is called real."""
_RESAMPLINGS = 10_000
_EXACT_PAIRS = 15
"""Up to so many, all their signs are tried; the normal approximation would be too coarse."""
_BOOTSTRAP_SEED = 2007


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation over seeds; the deviation of a single one is unknown."""

    n: int
    mean: float
    deviation: float | None


@dataclass(frozen=True)
class Difference:
    """One model's accuracy minus another's, over the same data sets and seeds."""

    first: str
    second: str
    n_pairs: int
    mean: float
    """Mean over data sets of the mean over seeds."""
    low: float
    high: float
    """95 % confidence interval of the mean."""
    p: float
    """Two-sided; adjusted for all comparisons made together."""

    @property
    def is_real(self) -> bool:
        """Whether test and interval both say that the difference is not 0."""
        return self.p < LEVEL and not self.low <= 0 <= self.high


def spread_of(values: Sequence[float]) -> Spread:
    """Mean and sample standard deviation.

    Raises:
        BadInput: there are no values.
    """
    if not values:
        raise BadInput("mean and standard deviation: no values")
    return Spread(len(values), fmean(values), stdev(values) if len(values) > 1 else None)


def compare(
    accuracies: Mapping[str, NDArray[np.float64]], first: str, others: Sequence[str]
) -> tuple[Difference, ...]:
    """Compare one model with each of several others.

    The test is Wilcoxon's signed-rank test on the pairs (F. Wilcoxon, Biometrics Bulletin 1:80-83, 1945), zero
    differences ranked and split as by J. W. Pratt (J. Am. Stat. Assoc. 54:655-667, 1959); the p-values are adjusted
    together by S. Holm's step-down (Scand. J. Stat. 6:65-70, 1979). The confidence interval resamples data sets and
    seeds independently of each other (A. B. Owen, Annals of Applied Statistics 1:386-411, 2007): a seed draws the
    same units at every noise, and a data set is as hard for all seeds, so pairs are not taken for independent there.

    Args:
        accuracies: of each model, `[n_data_sets, n_seeds]`; pairs stand in the same place.
        first: the model that is compared.
        others: those that it is compared with.
    """
    differences = [accuracies[first] - accuracies[other] for other in others]
    adjusted = holm([signed_rank(each.ravel()) for each in differences])
    return tuple(
        Difference(first, other, each.size, float(each.mean()), *_interval(each), p)
        for other, each, p in zip(others, differences, adjusted, strict=True)
    )


def signed_rank(differences: NDArray[np.float64]) -> float:
    """Two-sided p-value of Wilcoxon's signed-rank test, exact for few pairs; 1 where all differences are 0."""
    if not differences.any():
        return 1.0
    few = differences.size <= _EXACT_PAIRS
    method = PermutationMethod(n_resamples=2**differences.size) if few else "approx"
    return float(wilcoxon(differences, zero_method="pratt", method=method, correction=not few).pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given."""
    order = np.argsort(p_values, kind="stable")
    scaled = np.array(p_values)[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return [float(p) for p in adjusted]


def _interval(differences: NDArray[np.float64]) -> tuple[float, float]:
    """95 % of the means of tables whose rows and columns are drawn anew, with replacement."""
    rng = np.random.default_rng(_BOOTSTRAP_SEED)
    n_sets, n_seeds = differences.shape
    set_counts = rng.multinomial(n_sets, np.full(n_sets, 1 / n_sets), _RESAMPLINGS) / n_sets
    seed_counts = rng.multinomial(n_seeds, np.full(n_seeds, 1 / n_seeds), _RESAMPLINGS) / n_seeds
    means = np.einsum("rd,ds,rs->r", set_counts, differences, seed_counts)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)

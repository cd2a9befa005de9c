"""Windows like no other: overlaps, artefacts."""

from dataclasses import dataclass

import numpy as np

from qat.presort.space import Array

_WIDENED = 4.0  # times the covariance of all windows


@dataclass(frozen=True, eq=False)
class Outliers:
    """A normal density as wide as all windows together, and wider: an outlier may be anywhere that windows are."""

    center: Array
    """`[n_features]`"""
    whitening: Array
    """`[n_features, n_features]`, to be applied from the right."""

    @classmethod
    def of(cls, features: Array) -> "Outliers":
        """Mean and four times the covariance of training windows `[n_spikes, n_features]`."""
        wide = _WIDENED * np.atleast_2d(np.cov(features, rowvar=False))
        return cls(features.mean(axis=0), np.linalg.inv(np.linalg.cholesky(wide)).T)

    def log_densities(self, features: Array) -> Array:
        """`[n]`, but for the constant that the templates' leave out too."""
        squared = ((features - self.center) @ self.whitening) ** 2
        return np.asarray(np.log(np.diag(self.whitening)).sum() - 0.5 * squared.sum(axis=1))

"""The space in which units are looked for: white noise, few dimensions, and shifts in time as linear maps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

Array = NDArray[np.floating]

_LONGEST_SHIFT, _SHIFT_STEP = 2.0, 0.5  # samples: noise moves the extremum on which a window is aligned
_MOST_FEATURES = 24
_QUANTIZATION_VARIANCE = 1 / 12  # of rounding to whole LSBs


@dataclass(frozen=True, eq=False)
class FeatureSpace:
    """Windows in coordinates in which noise has variance 1 in every direction, and silence is 0."""

    projection: Array
    """`[n_values, n_features]` whitens windows and keeps the directions in which spikes are; from the right."""
    lift: Array
    """`[n_features, n_values]` the windows that features stand for, without what the features leave out."""
    shift_maps: Array
    """`[n_shifts, n_features, n_features]`, from the right. Shifts ascend, symmetric about 0."""

    def shifted(self, features: Array) -> Array:
        """`[n, n_shifts, n_features]`: every one moved by every shift."""
        return np.einsum("nf,sfg->nsg", features, self.shift_maps, optimize=True)

    def whitened_anew(self, covariance: Array) -> "FeatureSpace":
        """The space in which what has this covariance `[n_features, n_features]` has variance 1, like noise.

        No direction is drawn out: where the variance is below 1 it is taken as 1.
        """
        variance, directions = np.linalg.eigh(covariance)
        spread = np.sqrt(np.maximum(variance, 1.0))
        shrink, stretch = (directions / spread) @ directions.T, (directions * spread) @ directions.T
        return FeatureSpace(self.projection @ shrink, stretch @ self.lift, stretch @ self.shift_maps @ shrink)


def build_space(windows: Array, covariance: Array, shape: tuple[int, int]) -> FeatureSpace:
    """Whiten, and keep the principal directions (about silence, not the mean) that noise alone could not make.

    Of n windows of white noise with v values the largest eigenvalue of the second moments is about
    (1 + sqrt(v / n))^2 (Marchenko and Pastur, Mathematics of the USSR-Sbornik 1:457-483, 1967); directions above
    it are kept.

    Args:
        windows: `[n_spikes, n_values]` of the training part.
        covariance: `[n_values, n_values]` of the noise.
        shape: (n_channels, n_samples) of a window.
    """
    n_spikes, n_values = windows.shape
    factor = np.linalg.cholesky(covariance + _QUANTIZATION_VARIANCE * np.eye(n_values))
    whitening = np.linalg.inv(factor).T
    white = windows @ whitening
    power, directions = np.linalg.eigh(white.T @ white / n_spikes)
    edge = (1 + np.sqrt(n_values / n_spikes)) ** 2
    n_features = int(np.clip((power > edge).sum(), min(2, n_values), _MOST_FEATURES))
    axes = _signed(directions[:, ::-1][:, :n_features])
    projection, lift = whitening @ axes, axes.T @ factor.T
    n_steps = round(_LONGEST_SHIFT / _SHIFT_STEP)
    shifts = [step * _SHIFT_STEP for step in range(-n_steps, n_steps + 1)]
    return FeatureSpace(
        projection, lift, np.array([lift @ _shift_matrix(shape, shift) @ projection for shift in shifts])
    )


def _shift_matrix(shape: tuple[int, int], shift: float) -> Array:
    """`[n_values, n_values]`, to be applied from the right: moves a window by `shift` samples, cubic splines.

    What moves in from outside continues the window's first or last value.
    """
    n_channels, n_samples = shape
    margin = 4 + int(np.ceil(abs(shift)))
    units = np.pad(np.eye(n_samples), ((0, 0), (margin, margin)), mode="edge")
    spline = CubicSpline(np.arange(-margin, n_samples + margin), units, axis=1)
    return np.kron(np.eye(n_channels), spline(np.arange(n_samples) - shift))


def _signed(directions: Array) -> Array:
    """Eigenvectors come with either sign: their largest entry is made positive."""
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=0)[None], axis=0)
    return directions * np.where(largest < 0, -1.0, 1.0)

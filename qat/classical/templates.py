"""Template matching against coloured noise, over small shifts."""

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf

from qat.classical.fitted import FittedSpikes
from qat.classical.linear import LinearClassifier

_MAX_SHIFT = 2  # samples either way: what the alignment on a noisy extremum may err by
_ROUNDING_VARIANCE = 1 / 12  # of a sample rounded to an integer


def template_matching(spikes: FittedSpikes) -> LinearClassifier:
    """Unit whose template, at one of several small shifts, explains the spike best in Gaussian noise.

    The score t' C^-1 x - t' C^-1 t / 2 is that of Franke, Quian Quiroga, Hierlemann and Obermayer 2015 (J. Comput.
    Neurosci. 38:439-459, doi 10.1007/s10827-015-0547-7), with equal priors. Templates t are the units' mean spikes,
    0 outside of the window, shifted by -2 ... 2 samples; C is what spikes differ by from their template, its
    covariance shrunk as Ledoit and Wolf 2004 do.
    """
    means = spikes.means()
    residual = spikes.waveforms - means[np.searchsorted(spikes.units, spikes.labels)]
    covariance, _ = ledoit_wolf(residual.reshape(len(residual), -1), assume_centered=True)
    covariance[np.diag_indices_from(covariance)] += _ROUNDING_VARIANCE
    reach = min(_MAX_SHIFT, means.shape[2] - 1)
    templates = np.stack([_shifted(means, shift) for shift in range(-reach, reach + 1)], axis=1)
    flat = templates.reshape(len(means) * (2 * reach + 1), -1)  # a unit's shifts one after the other
    filters = np.linalg.solve(covariance, flat.T).T
    return LinearClassifier(np.repeat(spikes.units, 2 * reach + 1), filters, -(filters * flat).sum(axis=1) / 2)


def _shifted(waveforms: NDArray[np.float64], shift: int) -> NDArray[np.float64]:
    """Later by `shift` samples, with zeros for what comes in: [..., n_samples]."""
    moved = np.zeros_like(waveforms)
    n_samples = waveforms.shape[-1]
    moved[..., max(0, shift) : n_samples + min(0, shift)] = waveforms[..., max(0, -shift) : n_samples - max(0, shift)]
    return moved

"""Differences between samples beside each other: what a network is given in place of the samples."""

import numpy as np
from numpy.typing import NDArray


def differences(windows: NDArray[np.float32], order: int) -> NDArray[np.float32]:
    """Subtract from every sample the one before, `order` times: `[n, n_channels, n_samples]` both.

    What stands before the first sample counts as equal to it. The background has the spectrum of spikes, most of
    it slow, and weights of +-1 are too coarse to cancel it; differences take it away, for a subtraction or two a
    sample in hardware. Spike sorters on chips use such discrete derivatives as features for the same reason
    (Zamani and Demosthenous, IEEE Trans. Neural Syst. Rehabil. Eng. 22:716-726, 2014).
    """
    padded = np.pad(windows, ((0, 0), (0, 0), (order, 0)), mode="edge") if order else windows
    return np.diff(padded, n=order, axis=2)

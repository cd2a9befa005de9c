"""What a network is given in place of the samples: differences between samples beside each other."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.spikes.quantize import choose_lsb, quantize


def differences(windows: NDArray[np.float32], order: int) -> NDArray[np.float32]:
    """Subtract from every sample the one before, `order` times: `[n, n_channels, n_samples]` both.

    What stands before the first sample counts as equal to it. The background has the spectrum of spikes, most of
    it slow, and weights of +-1 are too coarse to cancel it; differences take it away, for a subtraction or two a
    sample in hardware. Spike sorters on chips use such discrete derivatives as features for the same reason
    (Zamani and Demosthenous, IEEE Trans. Neural Syst. Rehabil. Eng. 22:716-726, 2014).
    """
    padded = np.pad(windows, ((0, 0), (0, 0), (order, 0)), mode="edge") if order else windows
    return np.diff(padded, n=order, axis=2)


def choose_network_lsb(
    training_windows: NDArray[np.float32], orders: Sequence[int], bits: int, percentile: float
) -> tuple[float, ...]:
    """Size of one least significant bit of the differences of each order, so that each fills the format.

    Raises:
        BadInput: there is nothing but zeros to scale.
    """
    return tuple(choose_lsb(differences(training_windows, order), bits, percentile) for order in orders)


def network_windows(
    windows: NDArray[np.float32], orders: Sequence[int], lsb: Sequence[float], bits: int
) -> NDArray[Any]:
    """Integers `[n, n_channels * n_orders, n_samples]` of windows `[n, n_channels, n_samples]`.

    Each channel's differences follow each other in the sequence of `orders`, in units of `lsb`, one for each order.
    """
    rows = [quantize(differences(windows, order), size, bits) for order, size in zip(orders, lsb, strict=True)]
    return np.stack(rows, axis=2).reshape(len(windows), -1, windows.shape[2])

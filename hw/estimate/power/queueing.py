"""How long a spike waits where several channels share one sorter.

Spikes come as a Poisson process (many units, independent of each other), each occupies the sorter for the same time,
and what comes meanwhile waits its turn: an M/D/1 queue, in which the wait in service times depends on the utilisation
alone.
"""

from bisect import bisect_right
from functools import cache

import numpy as np
from numpy.typing import NDArray

_SPIKES = 400_000
_SEED = 0
_UTILISATIONS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95)
MOST_UTILISATION = _UTILISATIONS[-1]
"""Beyond it the wait grows without bound, and no figure is given."""


def wait_99(utilisation: float) -> float | None:
    """Wait that one spike in a hundred exceeds, in service times; None beyond `MOST_UTILISATION`.

    Args:
        utilisation: spikes a second times the seconds that one occupies the sorter.
    """
    if utilisation > MOST_UTILISATION:
        return None
    above = min(bisect_right(_UTILISATIONS, utilisation), len(_UTILISATIONS) - 1)
    (left, right), (low, high) = _UTILISATIONS[above - 1 : above + 1], _waits()[above - 1 : above + 1]
    return low + (high - low) * (utilisation - left) / (right - left)


@cache
def _waits() -> tuple[float, ...]:
    return tuple(float(np.quantile(simulated_waits(utilisation), 0.99)) for utilisation in _UTILISATIONS)


def simulated_waits(utilisation: float, spikes: int = _SPIKES, seed: int = _SEED) -> NDArray[np.float64]:
    """Waits `[spikes]`, in service times, by running the queue.

    Args:
        utilisation: below 1.
        spikes: how many arrive.
        seed: of the arrivals.
    """
    if not utilisation:
        return np.zeros(spikes)
    gaps = np.random.default_rng(seed).exponential(1 / utilisation, spikes)
    # Each spike waits as long as the one before it, and its service, less the gap between them; never below zero.
    work = np.cumsum(1.0 - gaps)
    return work - np.minimum.accumulate(np.minimum(work, 0.0))

"""'Unsorted': answers that are withheld because the best score leads the second best by too little."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class CalibratedMargin:
    """The margin, and what it was chosen by."""

    margin: int
    """An input is unsorted where the lead is less; 0: never."""
    keeps: float
    """Share of the validation part's right answers that it was to keep at least."""
    n_right: int
    """Validation spikes that were answered with their confident pseudo-label."""
    min_confidence: float


@dataclass(frozen=True, eq=False)
class MarginCurve:
    """Answers as the margin grows."""

    margin: NDArray[np.int64]
    """`[m]` ascending, from 0 on: every margin at which another answer is withheld."""
    n_answered: NDArray[np.int64]
    n_right: NDArray[np.int64]
    n_to_find: int
    """Spikes that have a unit, whether or not they were detected."""

    @property
    def precision(self) -> NDArray[np.float64]:
        """`[m]` right answers / answers; NaN where there is no answer."""
        raise NotImplementedError

    @property
    def recall(self) -> NDArray[np.float64]:
        """`[m]` right answers / spikes that have a unit."""
        raise NotImplementedError


def leads(scores: NDArray[np.integer]) -> NDArray[np.int64]:
    """Best minus second best of integer scores `[n, n_units]`; a single unit leads by more than any margin."""
    raise NotImplementedError


def decide(scores: NDArray[np.integer], margin: int) -> NDArray[np.int64]:
    """Unit of the best score `[n]`, lowest first on ties; `n_units`, for unsorted, where `leads(scores) < margin`."""
    raise NotImplementedError


def calibrate_margin(
    scores: NDArray[np.integer],
    labels: NDArray[np.integer],
    confidence: NDArray[np.floating],
    *,
    keeps: float = 0.99,
    min_confidence: float = 0.5,
) -> CalibratedMargin:
    """The largest margin that keeps a share of the right answers; give it the VALIDATION part only.

    Args:
        scores: `[n, n_units]` integer scores of the network.
        labels: `[n]` pseudo-labels, or true units where training took these.
        confidence: `[n]` of the label; spikes below `min_confidence` have no say.
        keeps: share of the confident and rightly answered spikes whose answer is not to be withheld.
        min_confidence: as in the training recipe.
    """
    raise NotImplementedError


def margin_curve(leads: NDArray[np.int64], right: NDArray[np.bool_], n_to_find: int) -> MarginCurve:
    """Count answers and right answers at every margin.

    Args:
        leads: `[n]` of every detection, those that have no unit included.
        right: `[n]` whether the best score's unit is the spike's own; False for a detection that has none.
        n_to_find: spikes that have a unit, missed ones included.
    """
    raise NotImplementedError

"""'Unsorted': answers that are withheld because the best score leads the second best by too little."""

from dataclasses import dataclass
from math import floor

import numpy as np
from numpy.typing import NDArray

from qat.errors import BadInput

_ROUNDING = 1e-9  # (1 - 0.99) * 100 is less than 1 in floating point


@dataclass(frozen=True)
class CalibratedMargin:
    """The margin, and what it was chosen by."""

    margin: int
    """An input is unsorted where the lead is less; 0: never."""
    keeps: float
    """Share of the answers that it keeps at least."""
    n_answers: int
    """Answers that were their spikes' labels; the others have no say."""


@dataclass(frozen=True, eq=False)
class MarginCurve:
    """Answers as the margin grows."""

    margin: NDArray[np.int64]
    n_answered: NDArray[np.int64]
    """`[m]` detections that get a unit."""
    n_right: NDArray[np.int64]
    """`[m]` of them, those that get their own."""
    n_to_find: int
    """Spikes that have a unit."""

    @property
    def precision(self) -> NDArray[np.float64]:
        """`[m]` right answers / answers; NaN where there is none."""
        return _share(self.n_right, self.n_answered)

    @property
    def recall(self) -> NDArray[np.float64]:
        """`[m]` right answers / spikes to find; NaN where there are none."""
        return _share(self.n_right, np.full_like(self.n_right, self.n_to_find))


def leads(scores: NDArray[np.integer]) -> NDArray[np.int64]:
    """Best minus second best of integer scores `[n, n_units]`, `[n]`; of a single unit the largest int64."""
    if scores.shape[1] < 2:
        return np.full(len(scores), np.iinfo(np.int64).max)
    ordered = np.sort(scores.astype(np.int64), axis=1)
    lead: NDArray[np.int64] = ordered[:, -1] - ordered[:, -2]
    return lead


def decide(scores: NDArray[np.integer], margin: int) -> NDArray[np.int64]:
    """Unit of the best score `[n]`, lowest first on ties; `n_units`, for unsorted, where it leads by less."""
    return np.where(leads(scores) < margin, scores.shape[1], scores.argmax(axis=1)).astype(np.int64)


def calibrate_margin(
    scores: NDArray[np.integer], labels: NDArray[np.integer], *, keeps: float = 0.99
) -> CalibratedMargin:
    """The largest margin that withholds few of the answers that are right; give it the VALIDATION part only.

    Of n spikes that are answered with their label, the margin is the k-th smallest lead,
    k = floor((1 - keeps) (n + 1)); 0 where k is 0, for so few spikes can promise nothing. A new spike of their kind
    then keeps its answer with a probability of `keeps` at least (split conformal prediction: Papadopoulos et al.,
    ECML 2002; Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005). What changes over the
    recording after that part, such as drift, is not promised.

    The confidence of pseudo-labels has no say: it is low for overlapping spikes, whose answers are to be kept too.

    Args:
        scores: `[n, n_units]` integer scores of the network.
        labels: `[n]` pseudo-labels; negative = none, such spikes have no say either.
        keeps: share of the right answers that are not to be withheld, in (0, 1).

    Raises:
        BadInput: `keeps` is not in (0, 1), or the lengths differ.
    """
    if not 0 < keeps < 1:
        raise BadInput(
            f"margin of 'unsorted': a share of {keeps} right answers to keep; expected more than 0, less than 1"
        )
    if len(scores) != len(labels):
        raise BadInput(
            f"margin of 'unsorted': {len(scores)} scores and {len(labels)} labels; expected one of each per spike"
        )
    lead = np.sort(leads(scores)[scores.argmax(axis=1) == labels])
    k = floor((1 - keeps) * (lead.size + 1) + _ROUNDING) if scores.shape[1] > 1 else 0
    return CalibratedMargin(int(lead[k - 1]) if k else 0, keeps, int(lead.size))


def margin_curve(
    lead: NDArray[np.int64],
    right: NDArray[np.bool_],
    n_to_find: int,
    margin: NDArray[np.int64] | None = None,
) -> MarginCurve:
    """Count answers and right answers as the margin moves.

    Args:
        lead: `[n]` of every detection, those that have no unit included.
        right: `[n]` whether the best score's unit is the spike's own; False for a detection that has none.
        n_to_find: spikes that have a unit, missed ones included where they are known.
        margin: `[m]` to count at; None takes 0 and every lead, between which nothing changes.
    """
    chosen = np.unique(np.append(lead, 0)) if margin is None else margin
    return MarginCurve(
        margin=chosen,
        n_answered=lead.size - np.searchsorted(np.sort(lead), chosen),
        n_right=int(right.sum()) - np.searchsorted(np.sort(lead[right]), chosen),
        n_to_find=n_to_find,
    )


def _share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)

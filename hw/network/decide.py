"""From scores to the answer: the unit of the best score, or 'unsorted' where it leads by too little."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

UNSORTED = "unsorted"  # the name of the answer one above the last unit


def is_unsorted(scores: NDArray[Any], margin: int) -> NDArray[np.bool_]:
    """Whether the best score leads the second best by less than the margin: `best - second best < margin`.

    So a tie for the best is unsorted with every margin from 1 on, and nothing is with margin 0. A single class has no
    second best: it is never unsorted.

    Args:
        scores: integers `[n, classes]`.
        margin: in the units of the scores.

    Returns:
        bool `[n]`.
    """
    if scores.shape[1] < 2:
        return np.zeros(len(scores), np.bool_)
    ordered = np.sort(scores.astype(np.int64), axis=1)
    unsorted: NDArray[np.bool_] = ordered[:, -1] - ordered[:, -2] < margin
    return unsorted


def decide(scores: NDArray[Any], margin: int) -> NDArray[np.int64]:
    """Index of the best score `[n]`, lowest first on ties; the number of classes where that is unsorted.

    Arguments as for `is_unsorted`.
    """
    return np.where(is_unsorted(scores, margin), scores.shape[1], np.argmax(scores, axis=1)).astype(np.int64)

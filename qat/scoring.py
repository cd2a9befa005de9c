"""Clusters against true units: one to one matching, and what share of the spikes comes out right."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from qat.errors import BadInput


@dataclass(frozen=True)
class UnitScore:
    """One true unit; a share is None where it would be 0 / 0."""

    n: int
    precision: float | None
    recall: float | None


@dataclass(frozen=True)
class TruthScore:
    """Shares of spikes whose cluster is matched to their true unit; None where there is no such spike."""

    n: int
    accuracy: float | None
    n_without_overlap: int | None
    accuracy_without_overlap: float | None
    """None when overlaps are unknown, too."""
    units: tuple[UnitScore, ...]


def match_clusters(true_unit: NDArray[np.int32], labels: NDArray[np.int32]) -> dict[int, int]:
    """Match clusters one to one to true units so that most spikes agree. Give it the training part only.

    Args:
        true_unit: `[n]` index of the true unit; negative = none, such spikes don't count.
        labels: `[n]` cluster of each spike; negative = none.

    Returns:
        Cluster -> true unit. A cluster that shares no spike with its partner is left out.

    Raises:
        BadInput: the lengths differ.
    """
    true_unit, labels = _same_length(true_unit, labels)
    known = (true_unit >= 0) & (labels >= 0)
    if not known.any():
        return {}
    counts = np.zeros((labels[known].max() + 1, true_unit[known].max() + 1), dtype=np.int64)
    np.add.at(counts, (labels[known], true_unit[known]), 1)
    clusters, units = linear_sum_assignment(counts, maximize=True)
    return {int(c): int(u) for c, u in zip(clusters, units, strict=True) if counts[c, u] > 0}


def score_against_truth(
    true_unit: NDArray[np.int32],
    labels: NDArray[np.int32],
    matching: Mapping[int, int],
    n_units: int,
    overlap: NDArray[np.bool_] | None = None,
) -> TruthScore:
    """Score labels over the spikes that have a true unit; a spike in an unmatched cluster is wrong.

    Args:
        true_unit: `[n]` index of the true unit below `n_units`; negative = none, such spikes don't count.
        labels: `[n]` cluster of each spike.
        matching: cluster -> true unit, from `match_clusters` on the training part.
        n_units: number of true units.
        overlap: `[n]` another true spike lies within the window.

    Raises:
        BadInput: the lengths differ.
    """
    true_unit, labels = _same_length(true_unit, labels)
    answer = np.array([matching.get(int(label), -1) for label in labels], dtype=np.int64)
    known = true_unit >= 0
    right = known & (answer == true_unit)
    alone = None if overlap is None else known & ~overlap
    return TruthScore(
        n=int(known.sum()),
        accuracy=_share(right, known),
        n_without_overlap=None if alone is None else int(alone.sum()),
        accuracy_without_overlap=None if alone is None else _share(right, alone),
        units=tuple(
            UnitScore(
                n=int((true_unit == unit).sum()),
                precision=_share(right, known & (answer == unit)),
                recall=_share(right, true_unit == unit),
            )
            for unit in range(n_units)
        ),
    )


def _same_length(
    true_unit: NDArray[np.int32], labels: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    if true_unit.shape != labels.shape or true_unit.ndim != 1:
        raise BadInput(
            f"scoring: {true_unit.shape} true units and {labels.shape} labels; expected one of each per spike"
        )
    return true_unit, labels


def _share(right: NDArray[np.bool_], among: NDArray[np.bool_]) -> float | None:
    return float(right[among].mean()) if among.any() else None

"""Which rows are summed together, and over which side of their weights each of them is summed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class RowGroup:
    """Rows whose sums share the sums over the columns on which they agree.

    Attributes:
        rows: indices of the rows.
        inverted: for each of them, whether it is summed over its columns of -1 instead of those of +1.
        patterns: int64 `[columns]`; bit `i` is set where `rows[i]` sums the column. Columns of pattern 0 need no
            adder.
    """

    rows: tuple[int, ...]
    inverted: tuple[bool, ...]
    patterns: NDArray[np.int64]


def group_rows(weights: NDArray[np.bool_], size: int) -> list[RowGroup]:
    """Put rows together, `size` at a time, such that many columns are summed by none of a group.

    Greedy: a group begins with the first row that is left, and takes the row (or the complement of one) that leaves
    the most columns unused, until it is full.

    Args:
        weights: `[rows, columns]`, True for +1.
        size: rows of a group.

    Raises:
        ValueError: if the size is not positive.
    """
    if size < 1:
        raise ValueError(f"groups of {size} rows: at least one is needed")
    left = list(range(len(weights)))
    groups = []
    while left:
        unused = np.ones(weights.shape[1], dtype=bool)
        rows: list[int] = []
        inverted: list[bool] = []
        while left and len(rows) < size:
            at, is_inverted = (0, _mostly(weights[left[0]])) if not rows else _best(weights[left], unused)
            rows.append(left.pop(at))
            inverted.append(is_inverted)
            unused &= weights[rows[-1]] == is_inverted
        used = weights[rows] ^ np.array(inverted)[:, None]
        patterns = (used.astype(np.int64) << np.arange(len(rows))[:, None]).sum(axis=0)
        groups.append(RowGroup(tuple(rows), tuple(inverted), patterns))
    return groups


def _mostly(row: NDArray[np.bool_]) -> bool:
    return bool(2 * np.count_nonzero(row) > len(row))


def _best(weights: NDArray[np.bool_], unused: NDArray[np.bool_]) -> tuple[int, bool]:
    """The row that leaves the most of the unused columns so, and whether inverted; the first of equals."""
    inverted = weights[:, unused].sum(axis=1)
    plain = np.count_nonzero(unused) - inverted
    best = int(np.argmax(np.maximum(plain, inverted)))
    return best, bool(inverted[best] > plain[best])

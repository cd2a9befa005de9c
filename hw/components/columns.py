"""What synthesis keeps of a memory that is only read: constant columns cost nothing, in logic nor do equal ones."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Columns:
    """Columns of the words of a memory.

    Attributes:
        varying: those that are not the same in all words.
        distinct: how many different ones these are.
    """

    varying: int
    distinct: int

    @classmethod
    def of(cls, words: NDArray[np.bool_]) -> "Columns":
        """Of words `[depth, width]`."""
        if len(words) == 1:
            return cls(0, 0)
        kept = words[:, words.any(axis=0) & ~words.all(axis=0)]
        packed = np.ascontiguousarray(np.packbits(kept, axis=0).T)
        return cls(kept.shape[1], len(np.unique(packed.view(f"V{packed.shape[1]}"))))


def bits_of(values: NDArray[np.int64], bits: int) -> NDArray[np.bool_]:
    """Words `[depth, lanes * bits]` of integers `[depth, lanes]` in two's complement."""
    return ((values[:, :, None] >> np.arange(bits)) & 1).astype(np.bool_).reshape(len(values), -1)

"""Seeded inputs for a network of which no recording is at hand."""

import numpy as np
from numpy.typing import NDArray

from hw.network.formats import IntegerFormat


def random_inputs(values: IntegerFormat, n_inputs: int, n: int, seed: int | tuple[int, ...]) -> NDArray[np.int64]:
    """Integers `[n, n_inputs]`: all smallest, all largest, then uniform over the format.

    Args:
        values: the input format.
        n_inputs: length of one vector.
        n: number of vectors.
        seed: the same seed gives the same vectors.
    """
    rng = np.random.default_rng(seed)
    x = values.minimum + values.step * rng.integers(0, values.n_values, (n, n_inputs))
    corners = [values.minimum, values.maximum, *([] if values.bipolar else [0])]
    for row, corner in zip(x, corners, strict=False):
        row[:] = corner
    return x

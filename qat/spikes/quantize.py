"""From physical units to the integers that the hardware sees."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.errors import BadInput


def choose_lsb(training_windows: NDArray[np.float32], bits: int, percentile: float) -> float:
    """Size of one least significant bit, so that `percentile` of |x| is full scale.

    Raises:
        BadInput: there is nothing but zeros to scale.
    """
    full_scale = float(np.percentile(np.abs(training_windows), percentile)) if training_windows.size else 0.0
    if full_scale <= 0:
        raise BadInput("quantization: the training part holds no spike larger than zero; use a longer recording")
    return full_scale / (2 ** (bits - 1) - 1)


def quantize(windows: NDArray[np.float32], lsb: float, bits: int) -> NDArray[Any]:
    """Two's complement integers: round half to even, saturate at both ends; int8 up to 8 bits, else int16."""
    limit = 2 ** (bits - 1)
    integers = np.clip(np.rint(windows / lsb), -limit, limit - 1)
    return integers.astype(np.int8 if bits <= 8 else np.int16)

"""What a product reads, as integers: `value = scale * element + offset`."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from hw.network.formats import BIPOLAR, IntegerFormat
from hw.network.nodes import unsupported

# Far inside the range of float32, so that scaled accumulators stay normal numbers.
SCALES = (2.0**-64, 2.0**64)


@dataclass(frozen=True)
class Elements:
    """The values that a product reads: `scale * element + offset`, for the elements from lowest to highest.

    Attributes:
        format: of the elements.
        lowest: the smallest element that occurs.
        highest: the largest.
        scale: a power of two.
        offset: added to every value.
    """

    format: IntegerFormat
    lowest: int
    highest: int
    scale: float
    offset: float

    def of_values(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """The elements of the values, of the same shape; no integers where a value is none of these."""
        elements: NDArray[np.float64] = (values.astype(np.float64) - self.offset) / self.scale
        return elements

    def holds(self, elements: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of them occur."""
        steps = (elements - self.lowest) / self.format.step
        return (elements >= self.lowest) & (elements <= self.highest) & (steps % 1 == 0)


def as_read(node: NodeProto, values: NDArray[Any]) -> NDArray[Any]:
    """What a product makes of the tensor before it multiplies: XnorPopcountMatMul takes 0/1 for ±1."""
    return 2 * values - 1 if node.op_type == "XnorPopcountMatMul" else values


def elements_of(values: NDArray[np.float64], max_bits: int) -> Elements | None:
    """The plainest elements that the values are, None if they are no integers of so few bits times a power of two.

    ±s are bipolar; others are integers times the largest power of two that divides their distances, with an offset
    only where they need one.

    Args:
        values: finite, rising, two or more.
        max_bits: of the elements.
    """
    low, high = float(values[0]), float(values[-1])
    if len(values) == 2 and low == -high and high == granularity(values):
        return Elements(BIPOLAR, -1, 1, high, 0.0)
    scale = granularity(np.diff(values))
    if not SCALES[0] <= scale <= SCALES[1]:
        return None
    for offset in (0.0, low):
        ends = ((low - offset) / scale, (high - offset) / scale)
        if all(end.is_integer() for end in ends) and max(abs(end) for end in ends) < 2**max_bits:
            lowest, highest = (int(end) for end in ends)
            values_format = _smallest_format(lowest, highest)
            if values_format.bits <= max_bits:
                return Elements(values_format, lowest, highest, scale, offset)
    return None


def granularity(values: NDArray[np.floating]) -> float:
    """The largest power of two of which all values are multiples; infinite for zeros only."""
    mantissas, exponents = np.frexp(values[values != 0].astype(np.float64))
    integers = np.ldexp(mantissas, 53).astype(np.int64)
    return float(np.min(np.ldexp((integers & -integers).astype(np.float64), exponents - 53), initial=np.inf))


def _smallest_format(lowest: int, highest: int) -> IntegerFormat:
    if lowest >= 0:
        return IntegerFormat(max(1, highest.bit_length()), signed=False)
    return IntegerFormat(1 + max((-lowest - 1).bit_length(), highest.bit_length(), 1), signed=True)


def check_binary(node: NodeProto, values: NDArray[Any]) -> None:
    """Raise UnsupportedGraph unless an XnorPopcountMatMul gets 0/1."""
    if node.op_type == "XnorPopcountMatMul" and not np.all((values == 0) | (values == 1)):
        raise unsupported(node, f"expected 0/1, got values such as {values[(values != 0) & (values != 1)].flat[0]:g}")

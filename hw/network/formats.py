"""Formats of integers, and the table that takes one to another."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.errors import BadInput

MAX_INPUT_BITS = 16


@dataclass(frozen=True)
class IntegerFormat:
    """The values an integer may take: `bits` wide two's complement, unsigned, or bipolar {-1, +1}.

    Raises:
        BadInput: for a width below 1, a signed format of one bit, a bipolar format that is not
            one signed bit. Use the constant `BIPOLAR`.
    """

    bits: int
    signed: bool
    bipolar: bool = False

    def __post_init__(self) -> None:
        if self.bits < 1:
            raise BadInput(f"integer format of {self.bits} bits: 1 is the least")
        if self.bipolar and (self.bits != 1 or not self.signed):
            raise BadInput("a bipolar format is one signed bit: bits=1, signed=True")
        if self.bits == 1 and self.signed and not self.bipolar:
            raise BadInput("a signed format needs 2 bits or more; {-1, +1} is BIPOLAR")

    @classmethod
    def from_name(cls, name: str) -> "IntegerFormat":
        """Read `INT2`..`INT16`, `UINT1`..`UINT16`, `BINARY` (= `UINT1`) or `BIPOLAR`; else BadInput."""
        if name == "BIPOLAR":
            return BIPOLAR
        if name == "BINARY":
            return cls(bits=1, signed=False)
        match = re.fullmatch(r"(U?)INT([1-9][0-9]?)", name)
        if match is None:
            raise BadInput(f"input format {name!r} cannot be used: INT2 to INT16, UINT1 to UINT16 or BIPOLAR can")
        if int(match[2]) > MAX_INPUT_BITS:
            raise BadInput(f"input format {name}: 1 to {MAX_INPUT_BITS} bits can be used")
        return cls(bits=int(match[2]), signed=not match[1])

    @property
    def name(self) -> str:
        """QONNX's name of the data type: `INT8`, `UINT4`, `BIPOLAR`."""
        if self.bipolar:
            return "BIPOLAR"
        return f"{'INT' if self.signed else 'UINT'}{self.bits}"

    @property
    def minimum(self) -> int:
        """The smallest value."""
        if self.bipolar:
            return -1
        return -(2 ** (self.bits - 1)) if self.signed else 0

    @property
    def maximum(self) -> int:
        """The largest value."""
        if self.bipolar:
            return 1
        return int(2 ** (self.bits - 1) - 1) if self.signed else 2**self.bits - 1

    @property
    def step(self) -> int:
        """Distance between neighbouring values: 2 for bipolar, else 1."""
        return 2 if self.bipolar else 1

    @property
    def n_values(self) -> int:
        """How many values there are."""
        return (self.maximum - self.minimum) // self.step + 1

    def holds(self, x: NDArray[Any]) -> NDArray[np.bool_]:
        """Which of the integers x are values of the format; of x's shape."""
        inside: NDArray[np.bool_] = (x >= self.minimum) & (x <= self.maximum)
        return inside & (x != 0) if self.bipolar else inside


BIPOLAR = IntegerFormat(bits=1, signed=True, bipolar=True)


@dataclass(frozen=True, eq=False)
class InputTable:
    """What a graph's front makes of each input value: `element = values[(x - source.minimum) / source.step]`.

    One table serves all elements of an input vector.

    Attributes:
        source: format of the values that come in, of 1 to 16 bits.
        values: int64 `[n_source_values]`, the element for each source value, lowest source value first.
        output: format of the elements.

    Raises:
        BadInput: for another dtype or length, too wide a source, or elements that the output format does not hold.
    """

    source: IntegerFormat
    values: NDArray[np.int64]
    output: IntegerFormat

    def __post_init__(self) -> None:
        if self.source.bits > MAX_INPUT_BITS:
            raise BadInput(f"input table: source {self.source.name}, 1 to {MAX_INPUT_BITS} bits can be used")
        values = frozen_array(self.values, np.int64, (self.source.n_values,), "values of the input table")
        outside = ~self.output.holds(values)
        if outside.any():
            raise BadInput(f"input table: the value {values[outside][0]} is not in the format {self.output.name}")
        object.__setattr__(self, "values", values)

    def compute(self, x: NDArray[Any]) -> NDArray[np.int64]:
        """Elements of the source values x, of the same shape."""
        return self.values[(x.astype(np.int64) - self.source.minimum) // self.source.step]


def frozen_array(array: NDArray[Any], dtype: type, shape: tuple[int, ...] | None, what: str) -> NDArray[Any]:
    """A read-only copy; BadInput unless dtype and shape are as stated."""
    if not isinstance(array, np.ndarray) or array.dtype != dtype:
        raise BadInput(f"{what}: expected an array of {np.dtype(dtype).name}")
    if shape is not None and array.shape != shape:
        raise BadInput(f"{what}: expected shape {list(shape)}, got {list(array.shape)}")
    copy = np.array(array, order="C")
    copy.setflags(write=False)
    return copy

"""The operations of an unrolled layer's sums; each takes the values of earlier nodes.

A node is plain data and says three things about itself: the bounds of its value, the value in NumPy integers, and the
Amaranth expression of it. All three look the operands up by their index.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from amaranth.hdl import Cat, Const, Value
from numpy.typing import NDArray

from hw.components.unrolled.logic import SharedLogic

Bounds = tuple[int, int]
Values = Mapping[int, NDArray[np.int64]]
Operands = Mapping[int, Value]


@dataclass(frozen=True)
class Constant:
    """A value that no input changes."""

    value: int

    @property
    def operands(self) -> tuple[int, ...]:
        """None."""
        return ()

    def bounds(self, of: Mapping[int, Bounds]) -> Bounds:
        """Its value, twice."""
        return self.value, self.value

    def compute(self, of: Values) -> NDArray[np.int64]:
        """One value for all vectors."""
        return np.array(self.value, dtype=np.int64)

    def express(self, of: Operands, logic: SharedLogic) -> Value:
        """A constant."""
        return Const(self.value)


@dataclass(frozen=True)
class Sum:
    """The sum of at most two numbers and the number of ones among at most six bits.

    Attributes:
        numbers: nodes that are added.
        bits: nodes of one bit; beside a number, the last of them is the carry in.
    """

    numbers: tuple[int, ...]
    bits: tuple[int, ...] = ()

    @property
    def operands(self) -> tuple[int, ...]:
        """Numbers, then bits."""
        return self.numbers + self.bits

    def bounds(self, of: Mapping[int, Bounds]) -> Bounds:
        """Sum of the bounds."""
        low, high = (sum(of[number][end] for number in self.numbers) for end in (0, 1))
        return low, high + len(self.bits)

    def compute(self, of: Values) -> NDArray[np.int64]:
        """The sum of every operand."""
        total = of[self.operands[0]]
        for operand in self.operands[1:]:
            total = total + of[operand]
        return total

    def express(self, of: Operands, logic: SharedLogic) -> Value:
        """An adder; the counted bits join as logic, which mapping merges into the adder's lookup tables."""
        bits = [of[bit] for bit in self.bits]
        if not self.numbers:
            return logic.ones(bits)
        first = of[self.numbers[0]]
        if len(self.numbers) == 1 and len(bits) > 1:
            return _joined(
                first, bits[-1], logic.ones(bits[-1:], inverted=True), logic.ones(bits[:-1], inverted=True)
            )
        total: Value = first
        for operand in self.operands[1:]:
            total = total + of[operand]
        return total


@dataclass(frozen=True)
class Limit:
    """`floor((total + constant) / 2)`: what the sum over some columns has to reach, given the sum over all."""

    total: int
    constant: int

    @property
    def operands(self) -> tuple[int, ...]:
        """The sum over all columns."""
        return (self.total,)

    def bounds(self, of: Mapping[int, Bounds]) -> Bounds:
        """Those of the total, moved and halved."""
        low, high = of[self.total]
        return (low + self.constant) >> 1, (high + self.constant) >> 1

    def compute(self, of: Values) -> NDArray[np.int64]:
        """The limit for every vector."""
        return (of[self.total] + self.constant) >> 1

    def express(self, of: Operands, logic: SharedLogic) -> Value:
        """An adder of a constant."""
        return (of[self.total] + self.constant) >> 1


@dataclass(frozen=True)
class Passed:
    """1 where `number >= limit`, or 0 there where it is inverted."""

    number: int
    limit: int
    inverted: bool

    @property
    def operands(self) -> tuple[int, ...]:
        """Number and limit."""
        return self.number, self.limit

    def bounds(self, of: Mapping[int, Bounds]) -> Bounds:
        """A bit."""
        return 0, 1

    def compute(self, of: Values) -> NDArray[np.int64]:
        """The bit for every vector."""
        return ((of[self.number] >= of[self.limit]) ^ self.inverted).astype(np.int64)

    def express(self, of: Operands, logic: SharedLogic) -> Value:
        """A comparison."""
        reached = logic.at_least(of[self.number], of[self.limit])
        return ~reached if self.inverted else reached


@dataclass(frozen=True)
class Score:
    """`(2 * number - total) << shift`, negated where it is inverted, plus a constant."""

    number: int
    total: int
    inverted: bool
    shift: int
    constant: int

    @property
    def operands(self) -> tuple[int, ...]:
        """Number and total."""
        return self.number, self.total

    def bounds(self, of: Mapping[int, Bounds]) -> Bounds:
        """Wider than what occurs, since number and total depend on each other."""
        (low, high), (least, most) = of[self.number], of[self.total]
        ends = least - 2 * high, most - 2 * low
        below, above = ends if self.inverted else (-ends[1], -ends[0])
        return (below << self.shift) + self.constant, (above << self.shift) + self.constant

    def compute(self, of: Values) -> NDArray[np.int64]:
        """The score for every vector."""
        difference = 2 * of[self.number] - of[self.total]
        return ((-difference if self.inverted else difference) << self.shift) + self.constant

    def express(self, of: Operands, logic: SharedLogic) -> Value:
        """A subtraction, and an addition of a constant."""
        twice, total = of[self.number] << 1, of[self.total]
        difference = total - twice if self.inverted else twice - total
        return (difference << self.shift) + self.constant


@dataclass(frozen=True)
class Offset:
    """A number plus a constant."""

    number: int
    constant: int

    @property
    def operands(self) -> tuple[int, ...]:
        """The number."""
        return (self.number,)

    def bounds(self, of: Mapping[int, Bounds]) -> Bounds:
        """Those of the number, moved."""
        low, high = of[self.number]
        return low + self.constant, high + self.constant

    def compute(self, of: Values) -> NDArray[np.int64]:
        """The sum for every vector."""
        return of[self.number] + self.constant

    def express(self, of: Operands, logic: SharedLogic) -> Value:
        """An adder of a constant."""
        return of[self.number] + self.constant


Node = Constant | Sum | Limit | Passed | Score | Offset


def _joined(number: Value, carry: Value, no_carry: Value, inverse: Value) -> Value:
    """`number + ones + carry`, with the carry once more in a position below.

    Written as a subtraction of the inverse, since synthesis keeps the order of those: its carry chain passes the
    first operand on beside the lookup tables, which must not be the one that is logic.
    """
    return (Cat(carry, number) - Cat(no_carry, inverse, Const(1)).as_signed())[1:]

"""Terms of a folded row: what a weight makes of an element, several columns at a time to fit lookup tables.

Bipolar columns are counted in threes. With matches `a, b, c` (XNORs of weight and element) their sum is `s + 2 m`,
`s = a ^ b ^ c` and `m = maj(a, b, c)`. The parity of the three weights is stored in place of the third weight: then
`s` has four inputs, `x_a, x_b, x_c` and that parity; and `m` is `a` where `a = b`, else `c`, which is `~s` then.
Three lookup tables of four inputs, or two of six, against five or more for three XNORs and a full adder. Every
fourth column is left alone as the carry-in of an adder. Of some groups a count table in block memory gives the
counts of all rows at once, for the row group and the three elements together: neither weights nor gates are left.

Integer columns are taken in pairs. Every row adds `+-(x + y)` or `+-(x - y)`, so that sum and difference are formed
once for all rows, and a row only chooses and inverts: a lookup table a bit, where it was two XORs and an adder.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate, pairwise
from typing import Protocol

import numpy as np
from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal, Value, signed, unsigned
from numpy.typing import NDArray

from hw.components.sums import SumTree, shape_of
from hw.network.types import IntegerFormat


class Terms(Protocol):
    """Terms of the columns of a word, for one row."""

    @property
    def tree(self) -> SumTree:
        """How the terms of a word are added up."""

    @property
    def operand_shapes(self) -> list[Shape]:
        """Shapes of what is kept of a word, for all rows."""

    def operands(self, word: Value) -> list[Value]:
        """What is kept of a word."""

    @property
    def stored(self) -> int:
        """Bits stored for the weights of a word."""

    def encode(self, weights: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Weights `[..., columns]` of a word as they are stored, `[..., stored]`."""

    def decode(self, stored: NDArray[np.bool_], weights: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The inverse of `encode`; weights that are not stored are those of `weights`."""

    @property
    def table_columns(self) -> list[tuple[int, ...]]:
        """For each count table, the columns of a word that it counts."""

    def counts(self, weights: NDArray[np.bool_]) -> NDArray[np.int64]:
        """What the count tables hold for weights `[..., columns]`: `[tables, TABLE_PATTERNS, ...]`."""

    def excess(self, weights: NDArray[np.bool_]) -> NDArray[np.int64]:
        """By how much the terms of rows `[rows, columns of the layer]` add up to more than they stand for."""

    def build(
        self, m: Module, operands: Sequence[Value], weights: Value, counts: Sequence[Value]
    ) -> tuple[list[Value], list[Value]]:
        """Terms and single bits of one row, for stored weights and what the count tables gave."""


COUNT = IntegerFormat(bits=2, signed=False)
"""What a count table holds for a row: matches of three columns."""

TABLE_PATTERNS = 8
"""Values of the elements that a count table counts."""


@cache
def terms_of(element: IntegerFormat, columns: int, count_tables: int = 0, registered: bool = False) -> Terms:
    """The terms for elements of a format; registered ones stand in registers before they are added."""
    if element.bipolar:
        return MatchTerms(columns, count_tables, registered)
    return PairTerms(element, columns, registered)


def most_count_tables(element: IntegerFormat, columns: int) -> int:
    """How many count tables can serve a word; at least one of its weights is stored."""
    if not element.bipolar:
        return 0
    groups = MatchTerms(columns).thirds
    return groups - (3 * groups == columns)


@dataclass(frozen=True)
class MatchTerms:
    """Matches of bipolar columns, each 0 or 1.

    A word's columns are taken as firsts, seconds and thirds of the groups, then the single ones. The first groups
    have the count tables.
    """

    columns: int
    count_tables: int = 0
    registered: bool = False

    @property
    def firsts(self) -> int:
        """Groups of columns; with as many single columns each adder has its carry-in."""
        return -(-self.columns // 4)

    @property
    def singles(self) -> int:
        """Columns outside groups."""
        return max(0, self.columns - 3 * self.firsts)

    @property
    def seconds(self) -> int:
        """Groups of two columns and more."""
        return min(self.firsts, self.columns - self.singles - self.firsts)

    @property
    def thirds(self) -> int:
        """Groups of three columns."""
        return self.columns - self.singles - self.firsts - self.seconds

    @cached_property
    def tree(self) -> SumTree:
        sizes = [3] * self.thirds + [2] * (self.seconds - self.thirds) + [1] * (self.firsts - self.seconds)
        return SumTree(tuple((0, size) for size in sizes), self.singles, self.registered)

    @property
    def operand_shapes(self) -> list[Shape]:
        return [unsigned(self.stored)]

    @property
    def stored(self) -> int:
        return self.columns - 3 * self.count_tables

    def operands(self, word: Value) -> list[Value]:
        *groups, single = self._parts(word, 0)
        return [Cat([part[self.count_tables :] for part in groups], single)]

    def encode(self, weights: NDArray[np.bool_]) -> NDArray[np.bool_]:
        *groups, single = self._split(weights)
        a, b, c = (part[..., self.count_tables :] for part in groups)
        thirds = c.shape[-1]
        return np.concatenate([a, b, a[..., :thirds] ^ b[..., :thirds] ^ c, single], axis=-1)

    def decode(self, stored: NDArray[np.bool_], weights: NDArray[np.bool_]) -> NDArray[np.bool_]:
        tables = self.count_tables
        sizes = (self.firsts - tables, self.seconds - tables, self.thirds - tables)
        a, b, parity, single = np.split(stored, np.cumsum(sizes), axis=-1)
        thirds = parity.shape[-1]
        groups = (a, b, a[..., :thirds] ^ b[..., :thirds] ^ parity)
        counted = [part[..., :tables] for part in self._split(weights)[:3]]
        joined = [part for both in zip(counted, groups, strict=True) for part in both]
        return np.concatenate([*joined, single], axis=-1)

    @property
    def table_columns(self) -> list[tuple[int, ...]]:
        second, third = self.firsts, self.firsts + self.seconds
        return [(group, second + group, third + group) for group in range(self.count_tables)]

    def counts(self, weights: NDArray[np.bool_]) -> NDArray[np.int64]:
        groups = np.array([part[..., : self.count_tables] for part in self._split(weights)[:3]])
        elements = np.array([[pattern >> place & 1 for place in range(3)] for pattern in range(TABLE_PATTERNS)])
        matches = [(groups == values.reshape(3, *[1] * weights.ndim)).sum(axis=0) for values in elements]
        return np.moveaxis(np.array(matches, np.int64), -1, 0)

    def excess(self, weights: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.zeros(len(weights), dtype=np.int64)

    def build(
        self, m: Module, operands: Sequence[Value], weights: Value, counts: Sequence[Value]
    ) -> tuple[list[Value], list[Value]]:
        x, y, z, loose = self._parts(operands[0], self.count_tables)
        a, b, parity, single = self._parts(weights, self.count_tables)
        firsts, thirds = len(x), len(z)
        # A second column that is not there is an element 0 with a weight 1: no match.
        missing = self.firsts - self.seconds
        y, b = Cat(y, Const(0, missing)), Cat(b, Const(1, 1).replicate(missing))
        # Signals, because every slice of an expression is emitted, and simulated, as the whole expression again.
        differ, odd, many = (Signal(firsts, name=name) for name in ("differ", "odd", "many"))
        matches = Signal(self.singles, name="matches")
        m.d.comb += [
            differ.eq(x ^ y ^ a ^ b),
            odd.eq(Cat(~(x[:thirds] ^ y[:thirds] ^ z ^ parity), differ[thirds:])),
            many.eq((differ & ~odd) | ~(differ | (x ^ a))),
            matches.eq(~(loose ^ single)),
        ]
        return [*counts, *(Cat(odd[group], many[group]) for group in range(firsts))], list(matches)

    def _parts(self, word: Value, without: int) -> list[Value]:
        """Firsts, seconds, thirds and single ones of a word that so many of the first groups are missing from."""
        groups = (columns - without for columns in (self.firsts, self.seconds, self.thirds))
        ends = [0, *accumulate((*groups, self.singles))]
        return [word[start:end] for start, end in pairwise(ends)]

    def _split(self, weights: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
        return np.split(weights, np.cumsum([self.firsts, self.seconds, self.thirds]), axis=-1)


@dataclass(frozen=True)
class PairTerms:
    """Integer columns, each `x` where the weight is +1 and `~x = -x - 1` where it is -1.

    Of a pair `x, y` the sum `x + y` and the difference `x + ~y` are kept. A row takes the sum where both weights are
    equal, else the difference, and inverts it where the first weight is -1, which gives one more than the two terms.
    """

    element: IntegerFormat
    columns: int
    registered: bool = False

    @cached_property
    def tree(self) -> SumTree:
        low, high = self.element.minimum, self.element.maximum
        pair = min(2 * low, ~(2 * high), low + ~high), max(2 * high, ~(2 * low), high - low)
        lone = min(low, ~high), max(high, ~low)
        terms = (pair,) * (self.columns // 2) + (lone,) * (self.columns % 2)
        return SumTree(terms, registered=self.registered)

    @property
    def operand_shapes(self) -> list[Shape]:
        low, high = self.element.minimum, self.element.maximum
        pair = [shape_of((2 * low, 2 * high)), shape_of((low + ~high, high + ~low))]
        return pair * (self.columns // 2) + [shape_of((low, high))] * (self.columns % 2)

    def operands(self, word: Value) -> list[Value]:
        bits = self.element.bits
        lanes = [word[i * bits :][:bits] for i in range(self.columns)]
        elements = [lane.as_signed() if self.element.signed else Cat(lane, 0).as_signed() for lane in lanes]
        pairs = [both for x, y in zip(elements[::2], elements[1::2], strict=False) for both in (x + y, x + ~y)]
        return pairs + elements[2 * (self.columns // 2) :]

    @property
    def stored(self) -> int:
        return self.columns

    def encode(self, weights: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return weights

    def decode(self, stored: NDArray[np.bool_], weights: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return stored

    @property
    def table_columns(self) -> list[tuple[int, ...]]:
        return []

    def counts(self, weights: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.zeros((0, TABLE_PATTERNS, *weights.shape[:-1]), np.int64)

    def excess(self, weights: NDArray[np.bool_]) -> NDArray[np.int64]:
        words = weights.reshape(len(weights), -1, self.columns)
        firsts = words[:, :, : 2 * (self.columns // 2) : 2]
        return (~firsts).sum(axis=(1, 2), dtype=np.int64)

    def build(
        self, m: Module, operands: Sequence[Value], weights: Value, counts: Sequence[Value]
    ) -> tuple[list[Value], list[Value]]:
        pairs = range(self.columns // 2)
        chosen = [Mux(weights[2 * i] ^ weights[2 * i + 1], operands[2 * i + 1], operands[2 * i]) for i in pairs]
        chosen += operands[2 * len(pairs) :]
        terms = []
        for value, weight, bounds in zip(chosen, list(weights)[::2], self.tree.terms, strict=True):
            term = Signal(signed(shape_of(bounds).width), name="term")
            m.d.comb += term.eq(value ^ (~weight).replicate(len(term)).as_signed())
            terms.append(term)
        return terms, []

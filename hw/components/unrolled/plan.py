"""The sums of an unrolled layer as a graph of small operations: plain data that can be evaluated and built."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hw.components.unrolled.counting import counter
from hw.components.unrolled.nodes import Bounds, Constant, Node, Sum
from hw.network.types import IntegerFormat


@dataclass(frozen=True)
class Plan:
    """Operations in the order in which they can be done.

    Node `c` below `columns` is the vector's element `c` (a bipolar one as 0 or 1); node `columns + i` is
    `operations[i]`.

    Attributes:
        element: format of the elements.
        columns: elements of a vector.
        operations: the nodes; each takes earlier ones.
        outputs: the nodes that are the rows' results.
    """

    element: IntegerFormat
    columns: int
    operations: tuple[Node, ...]
    outputs: tuple[int, ...]

    @cached_property
    def bounds(self) -> tuple[Bounds, ...]:
        """Least and greatest value of every node."""
        found = dict.fromkeys(range(self.columns), element_bounds(self.element))
        for index, node in enumerate(self.operations, self.columns):
            found[index] = node.bounds(found)
        return tuple(found.values())

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """Operations on the longest way to every node, its own among them."""
        found = [0] * self.columns
        for node in self.operations:
            found.append(1 + max((found[operand] for operand in node.operands), default=-1))
        return tuple(found)

    @property
    def depth(self) -> int:
        """Operations on the longest way to an output."""
        return max(1, *(self.levels[output] for output in self.outputs))

    def compute(self, vectors: NDArray[np.integer]) -> NDArray[np.int64]:
        """Outputs `[n, rows]` for vectors `[n, columns]` of the element's values."""
        values: dict[int, NDArray[np.int64]] = dict(enumerate(element_values(self.element, vectors).T))
        for index, node in enumerate(self.operations, self.columns):
            values[index] = node.compute(values)
        return np.stack([np.broadcast_to(values[output], len(vectors)) for output in self.outputs], axis=1)


def element_bounds(element: IntegerFormat) -> Bounds:
    """Bounds of an element as the sums see it."""
    return (0, 1) if element.bipolar else (element.minimum, element.maximum)


def element_values(element: IntegerFormat, vectors: NDArray[np.integer]) -> NDArray[np.int64]:
    """The vectors as the sums see them: bipolar elements as 0 and 1, others as they are."""
    return ((vectors > 0) if element.bipolar else vectors).astype(np.int64)


@dataclass(frozen=True)
class Terms:
    """What is to be summed: nodes that are numbers, and nodes of one bit."""

    numbers: tuple[int, ...] = ()
    bits: tuple[int, ...] = ()

    def __add__(self, other: "Terms") -> "Terms":
        return Terms(self.numbers + other.numbers, self.bits + other.bits)


class PlanBuilder:
    """Collects operations; the same operation on the same operands is one node.

    Args:
        element: format of the vector's elements.
        columns: elements of the vector.
        lut_inputs: inputs of the lookup tables that counts are fitted to, 4 or 6.
    """

    def __init__(self, element: IntegerFormat, columns: int, lut_inputs: int):
        self.element = element
        self.columns = columns
        self.lut_inputs = lut_inputs
        self._nodes: dict[Node, int] = {}
        self._levels = [0] * columns

    def node(self, node: Node) -> int:
        """Index of an operation."""
        if node not in self._nodes:
            self._nodes[node] = self.columns + len(self._nodes)
            self._levels.append(1 + max((self._levels[operand] for operand in node.operands), default=-1))
        return self._nodes[node]

    def sum_of(self, terms: Terms) -> int:
        """The sum of some nodes; those that come early are added first, and each adder takes a bit as carry in."""
        n_adders = max(
            0, len(terms.numbers) - (len(terms.bits) <= len(terms.numbers))
        )  # one more if a count is added
        carries, counted = list(terms.bits[:n_adders]), terms.bits[n_adders:]
        left = [*terms.numbers, self.count(counted)] if counted else list(terms.numbers)
        if not left:
            return self.node(Constant(0))
        while len(left) > 1:
            left.sort(key=self._levels.__getitem__, reverse=True)
            first, second = left.pop(), left.pop()
            left.append(self.node(Sum((first, second), (carries.pop(),) if carries else ())))
        return left[0]

    def of_columns(self, columns: Sequence[int]) -> Terms:
        """The elements of some columns, to be summed."""
        return Terms(bits=tuple(columns)) if self.element.bits == 1 else Terms(numbers=tuple(columns))

    def count(self, bits: Sequence[int]) -> int:
        """The number of ones among some nodes of one bit."""
        if not bits:
            return self.node(Constant(0))
        if len(bits) == 1:
            return bits[0]
        way = counter(len(bits), self.lut_inputs)
        numbers, at = [], 0
        for part in way.parts:
            numbers.append(self.count(bits[at : at + part]))
            at += part
        return self.node(Sum(tuple(numbers), tuple(bits[at:])))

    def plan(self, outputs: Sequence[int]) -> Plan:
        """The plan with these outputs."""
        return Plan(self.element, self.columns, tuple(self._nodes), tuple(outputs))


def sums_of_rows(builder: PlanBuilder, classes: Mapping[int, Terms], rows: int) -> list[int]:
    """For each of some rows the sum of the classes that it takes part in.

    The rows are halved. A class that both halves need is summed once, and then is one number to each of them; one
    that a half has for itself is left for later, when its bits may be carries of that half's adders. To a half,
    classes that agree in its rows are the same. So `rows` rows take at most `2 * 2**rows - 2 * rows - 2` additions,
    where each by itself would take `2**(rows - 1) - 1`.

    Args:
        builder: where the additions go.
        classes: for every pattern of rows (bit `i` for row `i`) what it sums; absent ones are 0.
        rows: how many rows.
    """
    if rows == 1:
        return [builder.sum_of(classes.get(1, Terms()))]
    below = rows // 2
    low: defaultdict[int, Terms] = defaultdict(Terms)
    high: defaultdict[int, Terms] = defaultdict(Terms)
    for pattern, terms in sorted(classes.items()):
        for_low, for_high = pattern & ((1 << below) - 1), pattern >> below
        shared = Terms(numbers=(builder.sum_of(terms),)) if for_low and for_high else terms
        low[for_low] += shared
        high[for_high] += shared
    return [
        sums
        for half, count in ((low, below), (high, rows - below))
        for sums in sums_of_rows(builder, {part: terms for part, terms in half.items() if part}, count)
    ]

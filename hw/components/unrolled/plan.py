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

    def sum_of_columns(self, columns: Sequence[int]) -> int:
        """The sum of some elements."""
        return self.count(columns) if self.element.bits == 1 else self.sum_of(columns)

    def sum_of(self, numbers: Sequence[int]) -> int:
        """The sum of some nodes; those that come early are added first."""
        left = list(numbers)
        if not left:
            return self.node(Constant(0))
        while len(left) > 1:
            left.sort(key=self._levels.__getitem__, reverse=True)
            first, second = left.pop(), left.pop()
            left.append(self.node(Sum((first, second))))
        return left[0]

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


def sums_of_rows(builder: PlanBuilder, classes: Mapping[int, int], rows: int) -> list[int]:
    """For each of some rows the sum of the classes that it takes part in.

    The rows are halved: classes that agree in the one half are added for it and then look the same to it, and
    likewise for the other. So `rows` rows take at most `2 * 2**rows - 2 * rows - 2` additions, where each by itself
    would take `2**(rows - 1) - 1`.

    Args:
        builder: where the additions go.
        classes: for every pattern of rows (bit `i` for row `i`) the node that is its sum; absent ones are 0.
        rows: how many rows.
    """
    if rows == 1:
        return [classes[1] if 1 in classes else builder.sum_of([])]
    below = rows // 2
    halves: tuple[defaultdict[int, list[int]], ...] = (defaultdict(list), defaultdict(list))
    for pattern, node in sorted(classes.items()):
        for half, part in zip(halves, (pattern & ((1 << below) - 1), pattern >> below), strict=True):
            if part:
                half[part].append(node)
    added = [{part: builder.sum_of(nodes) for part, nodes in half.items()} for half in halves]
    return sums_of_rows(builder, added[0], below) + sums_of_rows(builder, added[1], rows - below)

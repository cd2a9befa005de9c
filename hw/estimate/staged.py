"""The plan of an unrolled layer with its registers, and what its operations take."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil

from hw.components.unrolled.nodes import Constant, Limit, Node, Passed, Score, Sum
from hw.components.unrolled.plan import Plan
from hw.components.unrolled.timeline import shape_of
from hw.estimate.chains import Chain, added, alike_together, plus
from hw.estimate.coefficients import Features


@dataclass(frozen=True)
class Spent:
    """What operations take: lookup tables by their features, carry chains, and bits of registers."""

    features: Features
    chains: Sequence[Chain]
    registers: int


@dataclass(frozen=True, eq=False)
class StagedPlan:
    """A plan with its registers, one after so many levels."""

    plan: Plan
    levels_per_stage: int

    @cached_property
    def widths(self) -> list[int]:
        """Bits of every node's value."""
        return [shape_of(*bounds).width for bounds in self.plan.bounds]

    @cached_property
    def births(self) -> list[int]:
        """The stage in which every node's value is formed."""
        return [max(0, ceil(level / self.levels_per_stage) - 1) for level in self.plan.levels]

    @cached_property
    def deaths(self) -> list[int]:
        """The last stage in which every node's value is needed; results are, behind the last one."""
        found = list(self.births)
        for node, operation in enumerate(self.plan.operations, self.plan.columns):
            for operand in operation.operands:
                found[operand] = max(found[operand], self.births[node])
        for output in self.plan.outputs:
            found[output] = self.stages
        return found

    @property
    def stages(self) -> int:
        """Registers from input to output."""
        return ceil(self.plan.depth / self.levels_per_stage)

    @property
    def nodes(self) -> range:
        """The operations' nodes."""
        return range(self.plan.columns, self.plan.columns + len(self.plan.operations))

    def registers(self, nodes: Iterable[int]) -> int:
        """Bits of the registers in which the values of nodes wait."""
        return sum(
            self.widths[node] * (self.deaths[node] - self.births[node]) for node in nodes if self._varies(node)
        )

    def features(self, nodes: Iterable[int]) -> Counter[str]:
        """What the operations of nodes spend lookup tables on."""
        found: Counter[str] = Counter()
        for node in nodes:
            found.update(self._of_operation(node))
        return found

    def chains(self, nodes: Iterable[int]) -> list[Chain]:
        """The carry chains of the operations of nodes."""
        return [chain for node in nodes for chain in self._chains_of_operation(node)]

    def spent(self, nodes: Sequence[int]) -> Spent:
        """Features and registers of nodes."""
        return Spent(self.features(nodes), alike_together(self.chains(nodes)), self.registers(nodes))

    def _varies(self, node: int) -> bool:
        columns = self.plan.columns
        return node < columns or not isinstance(self.plan.operations[node - columns], Constant)

    def _of_operation(self, node: int) -> Features:
        operation, widths = self.plan.operations[node - self.plan.columns], self.widths
        inner = [of for of in operation.operands if of >= self.plan.columns]
        apart = {"apart": sum(self.births[of] != self.births[node] or self.levels_per_stage == 1 for of in inner)}
        if isinstance(operation, Sum):
            return {**apart, **self._of_sum(operation, node)}
        if isinstance(operation, Limit):
            return {**apart, "limit_bit": widths[node]}
        if isinstance(operation, Passed):
            return {**apart, "passed_bit": max(widths[operation.number], widths[operation.limit])}
        return {**apart, "score_bit": widths[node] - operation.shift} if isinstance(operation, Score) else apart

    def _of_sum(self, operation: Sum, node: int) -> Features:
        if not operation.numbers:
            return {"counted_digit": len(operation.bits).bit_length()}
        width, several = self.widths[node], self._three_added(operation, node)
        if self.plan.bounds[0][0] < 0:
            return {"signed_position": width, "three_added_bit": several}
        if len(operation.numbers) == 1:
            adds = max(1, (len(operation.bits) - 1).bit_length())
        else:
            adds = min(self.widths[number] for number in operation.numbers)
        return {"added_position": adds, "carried_position": width - adds, "three_added_bit": several}

    def _chains_of_operation(self, node: int) -> Iterator[Chain]:
        """Counts of bits and comparisons are logic, and have none."""
        operation, width = self.plan.operations[node - self.plan.columns], self.widths[node]
        if isinstance(operation, Sum) and operation.numbers and node not in self._merged:
            yield added(width, has_carry=_is_joined(operation))
        elif isinstance(operation, Limit):
            yield from plus(width + 1, operation.constant)
        elif isinstance(operation, Score) and operation.shift:
            (low, high), (least, most) = (self.plan.bounds[of] for of in operation.operands)
            # Subtracted from, or subtracting, twice the number has a lowest bit that makes no carry.
            difference = shape_of(2 * low - most, 2 * high - least).width
            yield Chain(difference - operation.inverted, known=int(not operation.inverted))
            yield from plus(width - operation.shift, operation.constant >> operation.shift)
        elif isinstance(operation, Score):
            yield Chain(width, known=2)

    @cached_property
    def _merged(self) -> frozenset[int]:
        """Sums that only another sum of the same stage takes: synthesis compresses all operands for one adder."""
        takers: defaultdict[int, list[int]] = defaultdict(list)
        for node, operation in enumerate(self.plan.operations, self.plan.columns):
            for operand in operation.operands:
                takers[operand].append(node)
        return frozenset(
            node
            for node, (taker, *others) in takers.items()
            if not others and self.births[node] == self.births[taker] and self._adds(node) and self._adds(taker)
        )

    def _adds(self, node: int) -> bool:
        return self._adds_numbers(node) and not _is_joined(self.plan.operations[node - self.plan.columns])

    def _three_added(self, operation: Sum, node: int) -> int:
        """Bits of numbers that are sums of numbers themselves, without a register between."""
        if self.levels_per_stage == 1 or len(operation.numbers) == 1:
            return 0
        joined = [of for of in operation.numbers if of >= self.plan.columns and self.births[of] == self.births[node]]
        return sum(self.widths[of] for of in joined if self._adds_numbers(of))

    def _adds_numbers(self, node: int) -> bool:
        operation = self.plan.operations[node - self.plan.columns] if node >= self.plan.columns else None
        return isinstance(operation, Sum) and bool(operation.numbers)


def _is_joined(operation: Node) -> bool:
    """Whether a number and a count of bits are added, which is written as a subtraction."""
    return isinstance(operation, Sum) and len(operation.numbers) == 1 and len(operation.bits) > 1

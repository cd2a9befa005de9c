"""The signals of a plan: every node at the clock of its operation, and later as long as it is needed."""

from collections import defaultdict

from amaranth.hdl import Module, Shape, Signal

from hw.components.unrolled.logic import SharedLogic
from hw.components.unrolled.nodes import Constant
from hw.components.unrolled.plan import Plan


class Timeline:
    """Signals of a plan's nodes, made where they are asked for.

    A signal `at(node, time)` belongs to the vector that came in `time` clocks ago.

    Args:
        m: where the logic goes.
        plan: the operations.
        levels_per_stage: operations in a row between two registers.
        elements: signals of the vector's elements, at time 0.

    Attributes:
        moves: for each time the registers, and what they take from this time to the next.
    """

    def __init__(self, m: Module, plan: Plan, levels_per_stage: int, elements: list[Signal]):
        self.moves: list[list[tuple[Signal, Signal]]] = [[] for _ in range(-(-plan.depth // levels_per_stage))]
        self._plan = plan
        self._births = [max(0, -(-level // levels_per_stage) - 1) for level in plan.levels]
        self._m = m
        self._logic: defaultdict[int, SharedLogic] = defaultdict(SharedLogic)
        self._signals = {(index, 0): element for index, element in enumerate(elements)}

    def at(self, node: int, time: int) -> Signal:
        """The signal of a node for the vector of `time` clocks ago; not before the node's own time."""
        if (node, time) not in self._signals:
            self._signals[node, time] = self._made(node, time)
        return self._signals[node, time]

    def finish(self) -> None:
        """Add what the nodes have in common, once all signals have been asked for."""
        for logic in self._logic.values():
            logic.assign(self._m)

    def _made(self, node: int, time: int) -> Signal:
        signal = Signal(shape_of(*self._plan.bounds[node]), name=f"node{node}_{time}", reset_less=True)
        operation = self._plan.operations[node - self._plan.columns] if node >= self._plan.columns else None
        if time > self._births[node] and not isinstance(operation, Constant):
            self.moves[time - 1].append((signal, self.at(node, time - 1)))
        elif operation is not None:
            operands = {operand: self.at(operand, time) for operand in operation.operands}
            # By levels: nodes of one level never wait for each other.
            self._m.d.comb += signal.eq(operation.express(operands, self._logic[self._plan.levels[node]]))
        return signal


def shape_of(low: int, high: int) -> Shape:
    """The narrowest shape that holds all from low to high, at least one bit."""
    shape = Shape.cast(range(low, high + 1))
    return Shape(max(1, shape.width), shape.signed)

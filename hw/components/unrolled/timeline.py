"""The values of a plan in a circuit: every node at the clock of its operation, and later as long as it is needed."""

from collections import defaultdict

from amaranth.hdl import Module, Shape, Signal, Value

from hw.components.unrolled.logic import SharedLogic
from hw.components.unrolled.nodes import Constant
from hw.components.unrolled.plan import Plan


class Timeline:
    """Values of a plan's nodes, made where they are asked for.

    A value `at(node, time)` belongs to the vector that came in `time` clocks ago.

    Args:
        m: where the logic goes.
        plan: the operations.
        levels_per_stage: operations in a row between two registers.
        word: the vector, at time 0.

    Attributes:
        moves: for each time the registers, and what they take from this time to the next.
    """

    def __init__(self, m: Module, plan: Plan, levels_per_stage: int, word: Value):
        self._m = m
        self._plan = plan
        births = [max(0, -(-level // levels_per_stage) - 1) for level in plan.levels]
        self._births = births
        # Those that another node of the same stage takes; the others go into their register at once.
        self._taken_early = {
            operand
            for node, operation in enumerate(plan.operations, plan.columns)
            for operand in operation.operands
            if births[operand] == births[node]
        }
        self._logic: defaultdict[int, SharedLogic] = defaultdict(SharedLogic)
        self._signals: dict[tuple[int, int], Value] = {}
        self._words = [word]
        self.moves: list[list[tuple[Signal, Value]]] = [[] for _ in range(-(-plan.depth // levels_per_stage))]

    def at(self, node: int, time: int) -> Value:
        """The value of a node for the vector of `time` clocks ago; not before the node's own time."""
        if (node, time) not in self._signals:
            made = self._element if node < self._plan.columns else self._result
            self._signals[node, time] = made(node, time)
        return self._signals[node, time]

    def finish(self) -> None:
        """Add what the nodes have in common, once all values have been asked for."""
        for logic in self._logic.values():
            logic.assign(self._m)

    def _element(self, column: int, time: int) -> Value:
        """Elements wait in whole words."""
        while len(self._words) <= time:
            word = Signal(len(self._words[0]), name=f"word{len(self._words)}", reset_less=True)
            self.moves[len(self._words) - 1].append((word, self._words[-1]))
            self._words.append(word)
        bits = self._plan.element.bits
        lane = self._words[time][column * bits :][:bits]
        return lane.as_signed() if self._plan.bounds[column][0] < 0 else lane

    def _result(self, node: int, time: int) -> Value:
        operation = self._plan.operations[node - self._plan.columns]
        signal = Signal(shape_of(*self._plan.bounds[node]), name=f"node{node}_{time}", reset_less=True)
        birth = self._births[node]
        if isinstance(operation, Constant):
            self._m.d.comb += signal.eq(operation.value)
        elif time == birth:
            self._m.d.comb += signal.eq(self._expression(node, time))
        else:
            is_first = time == birth + 1 and node not in self._taken_early
            self.moves[time - 1].append(
                (signal, self._expression(node, birth) if is_first else self.at(node, time - 1))
            )
        return signal

    def _expression(self, node: int, time: int) -> Value:
        operation = self._plan.operations[node - self._plan.columns]
        operands = {operand: self.at(operand, time) for operand in operation.operands}
        # By levels: nodes of one level never wait for each other.
        return operation.express(operands, self._logic[self._plan.levels[node]])


def shape_of(low: int, high: int) -> Shape:
    """The narrowest shape that holds all from low to high, at least one bit."""
    shape = Shape.cast(range(low, high + 1))
    return Shape(max(1, shape.width), shape.signed)

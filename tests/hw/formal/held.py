"""A stream component held against the definition of its results."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from amaranth.hdl import Array, Assert, Assume, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In

Definition = Callable[[Sequence[Value], int, Mapping[str, Value]], Value]
"""Of the words of a result, which of the results in turn it is, and the inputs beside the stream: its bits."""


@dataclass(frozen=True)
class Function:
    """What a component's results are made of.

    Attributes:
        definition: the bits of a result.
        words: that make a result, which is due with the last of them.
        results: that follow each other in turn.
        waiting: most results that are due at once.
        beside: widths of the inputs beside the stream.
        beside_is_held: that these do not change between the first word of the first result and the last of the last,
            as those must not that choose a bank of weights.
    """

    definition: Definition
    words: int = 1
    results: int = 1
    waiting: int = 1
    beside: Mapping[str, int] = field(default_factory=dict)
    beside_is_held: bool = False


def expect(m: Module, results: stream.Interface, due: Value, is_due: Value, most: int) -> None:
    """Assert that a stream brings the results that fall due, in order, each when it is due or later.

    They wait in a queue, the oldest in place 0.

    Args:
        m: where queue and assertions go.
        results: the stream.
        due: bits of the result that falls due.
        is_due: whether one does, in this clock.
        most: how many may be due at once.
    """
    leaves = results.valid & results.ready
    waiting, end = Signal(range(most + 1), name="waiting"), Signal(range(most + 1), name="end")
    queue = [Signal(len(due), name=f"due{place}") for place in range(most)]
    m.d.comb += end.eq(waiting - leaves)
    m.d.sync += waiting.eq(end + is_due)
    for place, entry in enumerate(queue):
        with m.If(is_due & (end == place)):
            m.d.sync += entry.eq(due)
        with m.Elif(leaves & (place + 1 < most)):
            m.d.sync += entry.eq(queue[(place + 1) % most])
    m.d.comb += [
        Assert(~is_due | (end < most), "no result is later than it may be"),
        Assert(~results.valid | (waiting != 0), "no result before its last word"),
        Assert(~results.valid | (Value.cast(results.payload) == queue[0]), "results are as defined"),
    ]


class HeldAgainst(wiring.Component):
    """A component under any input, any gaps, stalls and resets: every result is the one that its definition gives.

    Inputs beside the stream may change at any time if
    nothing else is said; a result takes them as they were with its first word.
    """

    def __init__(self, circuit: wiring.Component, function: Function):
        self.circuit, self.function = circuit, function
        super().__init__(
            {
                "payload": In(len(Value.cast(circuit.i.payload))),
                "valid": In(1),
                "ready": In(1),
                **{name: In(width) for name, width in function.beside.items()},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.circuit = circuit = self.circuit
        m.d.comb += [
            circuit.i.payload.eq(self.payload),
            circuit.i.valid.eq(self.valid),
            circuit.o.ready.eq(self.ready),
            *(getattr(circuit, name).eq(getattr(self, name)) for name in self.function.beside),
        ]
        due, is_due = self._due(m, circuit.i.valid & circuit.i.ready)
        expect(m, circuit.o, due, is_due, self.function.waiting)
        return m

    def _due(self, m: Module, taken: Value) -> tuple[Value, Value]:
        """The result that is made with the word at the input, and whether that is its last word and taken."""
        function = self.function
        place, turn = Signal(range(function.words)), Signal(range(function.results))
        last = place == function.words - 1
        with m.If(taken):
            m.d.sync += place.eq(Mux(last, 0, place + 1))
        with m.If(taken & last):
            m.d.sync += turn.eq(Mux(turn == function.results - 1, 0, turn + 1))
        words = [Signal.like(self.payload, name=f"word{index}") for index in range(function.words - 1)]
        for index, word in enumerate(words):
            with m.If(taken & (place == index)):
                m.d.sync += word.eq(self.payload)
        begins = (place == 0) & ((turn == 0) | (not function.beside_is_held))
        beside = {name: _as_first(m, getattr(self, name), begins) for name in function.beside}
        if function.beside_is_held:
            m.d.comb += [Assume(getattr(self, name) == value) for name, value in beside.items()]
        width = len(Value.cast(self.circuit.o.payload))
        results = [Signal(width, name=f"result{index}") for index in range(function.results)]
        m.d.comb += [
            result.eq(function.definition([*words, self.payload], index, beside))
            for index, result in enumerate(results)
        ]
        return Array(results)[turn], taken & last


def _as_first(m: Module, value: Value, is_first: Value) -> Value:
    """A value as it was when it was last the first."""
    held = Signal.like(value, name="first")
    with m.If(is_first):
        m.d.sync += held.eq(value)
    return Mux(is_first, value, held)

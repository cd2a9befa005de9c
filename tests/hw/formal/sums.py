"""Sums held against chains of additions; what is held stands in the submodule `circuit`."""

from amaranth.hdl import Assert, Assume, Cat, Const, Module, Mux, Shape, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from hw.components.engine.counting import BitCounter
from hw.components.sums import SumTree, shape_of, tree_sum
from hw.components.terms import MatchTerms, PairTerms
from hw.components.unrolled.plan import PlanBuilder
from hw.components.unrolled.timeline import Timeline
from hw.network.types import BIPOLAR
from tests.hw.formal.definitions import chain_sum, matches, signed_sum, values_of


class TermsIn(wiring.Component):
    """Free terms of some shapes, side by side in one input."""

    def __init__(self, shapes: list[Shape], **further: int):
        self.shapes = shapes
        members = {name: In(width) for name, width in further.items()}
        super().__init__({"payload": In(sum(shape.width for shape in shapes)), **members})

    def terms(self, m: Module) -> list[Signal]:
        terms = [Signal(shape, name=f"term{index}") for index, shape in enumerate(self.shapes)]
        m.d.comb += Cat(terms).eq(self.payload)
        return terms


class PlainTree(TermsIn):
    """`tree_sum` of any terms."""

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.circuit = circuit = Module()
        terms = self.terms(m)
        due, total = chain_sum(terms), tree_sum(terms)
        held = Signal(total.shape())
        circuit.d.comb += held.eq(total)
        m.d.comb += Assert(held == due, "the sum is that of a chain")
        return m


class RegisteredTree(TermsIn):
    """A `SumTree` of any terms within their bounds and any bits, new ones at every clock.

    What has to come out is added up at once, and waits as long as the tree has stages.
    """

    def __init__(self, tree: SumTree):
        self.tree = tree
        super().__init__([shape_of(bounds) for bounds in tree.terms], bits=tree.bits)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.circuit = circuit = Module()
        terms, stages = self.terms(m), len(self.tree.stages)
        m.d.comb += [
            Assume((term >= low) & (term <= high)) for term, (low, high) in zip(terms, self.tree.terms, strict=True)
        ]
        total, left = self.tree.build(circuit, terms, list(self.bits), [Const(1)] * stages)
        due: Value = chain_sum([*terms, *self.bits])
        for stage in range(stages):
            waiting = Signal(due.shape(), name=f"due{stage}")
            m.d.sync += waiting.eq(due)
            due = waiting
        filled = Signal(range(stages + 1))
        with m.If(filled < stages):
            m.d.sync += filled.eq(filled + 1)
        m.d.comb += Assert((filled < stages) | (chain_sum([total, *left]) == due), "the sum is that of a chain")
        return m


class TermsOfColumns(wiring.Component):
    """What `MatchTerms` or `PairTerms` make of any elements and any weights, each of which is an input."""

    def __init__(self, spec: MatchTerms | PairTerms):
        self.spec = spec
        self.element = spec.element if isinstance(spec, PairTerms) else BIPOLAR
        super().__init__({"weights": In(spec.columns), "payload": In(spec.columns * self.element.bits)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.circuit = circuit = Module()
        stored = Signal(self.spec.stored)
        m.d.comb += stored.eq(self._stored())
        operands = [Signal(shape, name="operand") for shape in self.spec.operand_shapes]
        circuit.d.comb += [o.eq(value) for o, value in zip(operands, self.spec.operands(self.payload), strict=True)]
        terms, bits = self.spec.build(circuit, operands, stored, [])
        within = [
            (term >= low) & (term <= high) for term, (low, high) in zip(terms, self.spec.tree.terms, strict=True)
        ]
        m.d.comb += [
            Assert(chain_sum([*terms, *bits]) == self._due(), "the terms add up to what the columns are"),
            Assert(Cat(within).all(), "terms are within their bounds"),
        ]
        return m

    def _due(self) -> Value:
        if isinstance(self.spec, MatchTerms):
            return matches(list(self.weights), list(self.payload))
        weights, x = list(self.weights), values_of(self.element, [self.payload])
        # An inverted pair is one more than its columns.
        inverted_pairs = chain_sum(~weight for weight in weights[: len(weights) // 2 * 2 : 2])
        return signed_sum(weights, x) + inverted_pairs

    def _stored(self) -> Value:
        """Of the third weights of groups the parity of the group."""
        weights = self.weights
        if isinstance(self.spec, PairTerms):
            return weights
        firsts, seconds, thirds = self.spec.firsts, self.spec.seconds, self.spec.thirds
        begin = firsts + seconds
        parities = [weights[i] ^ weights[firsts + i] ^ weights[begin + i] for i in range(thirds)]
        return Cat(weights[:begin], parities, weights[begin + thirds :])


class Counts(wiring.Component):
    """The counts of the first bits of a word as unrolled layers count them, for every number of bits."""

    def __init__(self, most: int, lut_inputs: int):
        self.most, self.lut_inputs = most, lut_inputs
        super().__init__({"payload": In(most)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.circuit = circuit = Module()
        builder = PlanBuilder(BIPOLAR, self.most, self.lut_inputs)
        plan = builder.plan([builder.count(range(n)) for n in range(1, self.most + 1)])
        timeline = Timeline(circuit, plan, plan.depth, self.payload)
        for n, output in enumerate(plan.outputs, 1):
            counted = Signal(range(n + 1), name=f"count_of_{n}")
            circuit.d.comb += counted.eq(timeline.at(output, 0))
            m.d.comb += Assert(counted == chain_sum(self.payload[:n]), f"{n} bits are counted one by one")
        timeline.finish()
        return m


class BitsCounted(wiring.Component):
    """A `BitCounter` of any words, counted or not, enabled at any time."""

    def __init__(self, spec: BitCounter):
        self.spec = spec
        super().__init__({"word": In(spec.bits), "count": In(1), "enable": In(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.circuit = circuit = self.spec.circuit()
        m.d.comb += [circuit.word.eq(self.word), circuit.count.eq(self.count), circuit.enable.eq(self.enable)]
        due, is_due = Signal.like(circuit.total), Signal()
        with m.If(self.enable):
            m.d.sync += [due.eq(Mux(self.count, chain_sum(self.word), 0)), is_due.eq(1)]
        m.d.comb += Assert(~is_due | (circuit.total == due), "the count is that of a chain, and holds")
        return m

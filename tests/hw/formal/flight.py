"""The counter of inferences in flight among those whom it serves."""

from amaranth.hdl import Assert, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.components.inflight import InFlight

FULL_CLOCKS = 3
"""In which no result leaves, at the most, while as many inferences are in flight as there is room for."""


class AmongResults(wiring.Component):
    """The counter, a reader of tags that takes a clock a word, and results that leave when they like.

    When there is no more room, a result leaves after `FULL_CLOCKS`. Up to then no word passes; and while one does,
    the reader sees what `tag` was in the clock before the inference's first word.
    """

    def __init__(self, spec: InFlight):
        self.counter = spec.circuit()
        words = stream.Signature(spec.word_bits)
        super().__init__({"i": In(words), "o": Out(words), "leaves": In(1), "tag": In(spec.tag_bits)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.counter = counter = self.counter
        wiring.connect(m, wiring.flipped(self.i), counter.i)
        wiring.connect(m, counter.o, wiring.flipped(self.o))
        spec = counter.spec
        word, complete = Signal(range(spec.words)), Signal(range(spec.capacity + 1))
        passes = counter.o.valid & counter.o.ready
        completes = passes & (word == spec.words - 1)
        is_full = complete == spec.capacity
        full = Signal(range(FULL_CLOCKS))
        m.d.comb += [
            counter.tag.eq(self.tag),
            counter.finished.eq(completes),
            counter.ended.eq((complete != 0) & (self.leaves | (full == FULL_CLOCKS - 1))),
            Assert(~passes | ~is_full, "no more than there is room for"),
            Assert(~counter.o.valid | (counter.tag0 == self._noted_tag(m, completes)), "the tag that was noted"),
        ]
        m.d.sync += [
            complete.eq(complete + completes - counter.ended),
            full.eq(Mux(is_full & ~counter.ended, full + 1, 0)),
        ]
        with m.If(passes):
            m.d.sync += word.eq(Mux(completes, 0, word + 1))
        return m

    def _noted_tag(self, m: Module, completes: Value) -> Value:
        """What `tag` was in the clock before the inference's first word was offered."""
        inside, before, noted = Signal(), Signal.like(self.tag), Signal.like(self.tag)
        tag = Mux(inside, noted, before)
        m.d.sync += [before.eq(self.tag), noted.eq(tag), inside.eq((inside | self.counter.o.valid) & ~completes)]
        return tag

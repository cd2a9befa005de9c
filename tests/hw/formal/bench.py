"""Components in the hands of an arbitrary source and sink."""

from amaranth.hdl import Assume, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from tests.hw.formal.contract import Contract


class Bench(wiring.Component):
    """Parts that see the same source, sink and inputs; assertions come from those who derive from it.

    The source offers arbitrary words with arbitrary gaps, and keeps an offer until the first part takes it; the sink
    takes words when it likes. Inputs of a part beside its streams are inputs of the bench: free, but for what the
    contract says of its side input.

    Args:
        parts: alike, at least one.
        contract: of each.
        members: further members.
    """

    def __init__(self, parts: tuple[wiring.Component, ...], contract: Contract, members: dict[str, wiring.Member]):
        self.parts, self.contract = parts, contract
        self.sources = [getattr(part, contract.source) for part in parts]
        self.sinks = [getattr(part, contract.sink) for part in parts]
        of_part = parts[0].signature.members.items()
        beside = {name: member for name, member in of_part if member.is_port and member.flow is In}
        self._beside = tuple(beside)
        # That a word is taken, and the number of the next one in its frame.
        self.taken, self.in_word = Signal(), Signal(range(contract.words_in))
        word = In(len(Value.cast(self.sources[0].payload)))
        super().__init__({"offer": In(1), "word": word, "take": In(1), **beside, **members})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for index, (part, i, o) in enumerate(zip(self.parts, self.sources, self.sinks, strict=True)):
            m.submodules[f"part{index}"] = part
            m.d.comb += [i.valid.eq(self.offer), Value.cast(i.payload).eq(self.word), o.ready.eq(self.take)]
            m.d.comb += [getattr(part, name).eq(getattr(self, name)) for name in self._beside]
        m.d.comb += self.taken.eq(self.offer & self.sources[0].ready)
        with m.If(self.taken):
            m.d.sync += self.in_word.eq(Mux(self.in_word == self.contract.words_in - 1, 0, self.in_word + 1))
        waits, word = Signal(), Signal.like(self.word)
        m.d.sync += [waits.eq(self.offer & ~self.taken), word.eq(self.word)]
        m.d.comb += Assume(~waits | (self.offer & (self.word == word)))
        if self.contract.side and self.contract.side_holds:
            side = getattr(self, self.contract.side)
            first = Signal.like(side)
            with m.If(self.taken & (self.in_word == 0)):
                m.d.sync += first.eq(side)
            m.d.comb += Assume((self.in_word == 0) | (side == first))
        return m

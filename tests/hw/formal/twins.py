"""Two of the same component side by side."""

from amaranth.hdl import Assert, Module, Value
from amaranth.lib import wiring

from tests.hw.formal.bench import Bench
from tests.hw.formal.contract import Contract


class Twins(Bench):
    """What is seen of both is the same: ready, valid, and the payload while valid.

    If it holds although one of them was changed, then the change is none.
    """

    def __init__(self, part: wiring.Component, twin: wiring.Component, contract: Contract):
        super().__init__((part, twin), contract, {})

    def elaborate(self, platform: object) -> Module:
        m = super().elaborate(platform)
        (i, twin_i), (o, twin_o) = self.sources, self.sinks
        m.d.comb += [
            Assert(i.ready == twin_i.ready, "the same ready"),
            Assert(o.valid == twin_o.valid, "the same valid"),
            Assert(~o.valid | (Value.cast(o.payload) == Value.cast(twin_o.payload)), "the same payload"),
        ]
        return m

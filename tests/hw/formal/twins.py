"""Two of the same component side by side."""

import re

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


def without_unread_words(text: str) -> str:
    """RTLIL in which a memory's output is 0 before its first reading, where it would be arbitrary in each twin."""
    return re.sub(
        r"(?<=parameter \\INIT_VALUE )(\d+)'x+\n", lambda start: f"{start[1]}'{'0' * int(start[1])}\n", text
    )

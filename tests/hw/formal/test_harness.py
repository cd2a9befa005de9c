"""The harness itself: what holds passes, what fails is named, and what is undecided is neither."""

import pytest
from amaranth.hdl import Assert, Cover, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from tests.hw.formal.harness import prove, rtlil_of, trace
from tests.hw.formal.verdict import Undecided


class Counter(wiring.Component):
    """Counts to 9 and stays; claimed to stay below `bound`, and never to be 200."""

    run: In(1)
    count: Out(8)

    def __init__(self, bound):
        self.bound = bound
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        with m.If(self.run & (self.count != 9)):
            m.d.sync += self.count.eq(self.count + 1)
        m.d.comb += [
            Assert(self.count < self.bound, "stays below its bound"),
            Assert(self.count != 200, "never two hundred"),
            Cover(self.count == self.bound - 1, "gets to its bound"),
        ]
        return m


class Silent(wiring.Component):
    """A register of which nothing is claimed."""

    run: In(1)
    count: Out(8)

    def elaborate(self, platform):
        m = Module()
        m.d.sync += self.count.eq(self.count + self.run)
        m.d.comb += Cover(self.run)
        return m


@pytest.mark.parametrize("mode", ["prove", "bmc", pytest.param("induction", marks=pytest.mark.formal)])
def test_a_failing_assertion_is_named_with_its_clock(tmp_path, mode):
    assert prove(rtlil_of(Counter(10)), tmp_path, mode).passed
    verdict = prove(rtlil_of(Counter(7)), tmp_path, mode)
    assert (verdict.passed, verdict.failing, verdict.step) == (False, ("stays_below_its_bound",), 7)


def test_a_bounded_check_sees_no_further_than_its_bound(tmp_path):
    assert prove(rtlil_of(Counter(7)), tmp_path, "bmc", depth=7).passed
    assert not prove(rtlil_of(Counter(7)), tmp_path, "bmc", depth=8).passed


@pytest.mark.formal
def test_covers_and_waveforms(tmp_path):
    assert prove(rtlil_of(Counter(10)), tmp_path, "cover", depth=12).passed
    assert prove(rtlil_of(Counter(12)), tmp_path, "cover", depth=15).failing == ("gets_to_its_bound",)
    assert "count" in trace(rtlil_of(Counter(7)), tmp_path, depth=10).trace.read_text()


@pytest.mark.formal
def test_what_is_not_inductive_is_undecided(tmp_path):
    with pytest.raises(Undecided):
        prove(rtlil_of(Counter(20)), tmp_path, "induction", depth=1)


def test_what_no_tool_reads_is_undecided(tmp_path):
    with pytest.raises(Undecided, match="Yosys ended"):
        prove(rtlil_of(Counter(10)).replace("wire ", "wires "), tmp_path)


@pytest.mark.parametrize("mode", ["prove", "bmc", "induction"])
def test_nothing_is_proven_of_what_asserts_nothing(tmp_path, mode):
    with pytest.raises(Undecided, match="asserts nothing"):
        prove(rtlil_of(Silent()), tmp_path, mode)

"""Reset: from power-on, and whenever the clock is lost or a button is held."""

from dataclasses import dataclass
from math import ceil

from amaranth.hdl import ClockDomain, ClockSignal, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

# iCE40 block memories read as zero for about 3 us after configuration (amaranth-lang/amaranth, vendor/_lattice.py,
# which waits as long).
_HELD_US = 15.0


@dataclass(frozen=True)
class PowerOnReset:
    """Holds a reset for 15 us from power-on, and as long again from each moment at which it is asked for.

    A button that bounces so gives one reset. What asks may change at any time: it passes a synchroniser.

    Attributes:
        clock_mhz: frequency of the clock.
    """

    clock_mhz: float

    @property
    def clocks(self) -> int:
        """Clocks that the reset is held."""
        return ceil(_HELD_US * self.clock_mhz)

    def circuit(self) -> "PowerOnResetCircuit":
        """The Amaranth component."""
        return PowerOnResetCircuit(self)


class PowerOnResetCircuit(wiring.Component):
    """Circuit of a `PowerOnReset`: `clk`; `asked`, at any time; `held`, out of a register."""

    def __init__(self, spec: PowerOnReset):
        self.spec = spec
        super().__init__({"clk": In(1), "asked": In(1), "held": Out(1, init=1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.domains.power_on = ClockDomain("power_on", local=True, reset_less=True)
        m.d.comb += ClockSignal("power_on").eq(self.clk)
        asked, passed = Signal(), Signal(range(self.spec.clocks))
        m.submodules.synchroniser = FFSynchronizer(self.asked, asked, o_domain="power_on")
        with m.If(asked):
            m.d.power_on += [passed.eq(0), self.held.eq(1)]
        with m.Elif(passed != self.spec.clocks - 1):
            m.d.power_on += passed.eq(passed + 1)
        with m.Else():
            m.d.power_on += self.held.eq(0)
        return m

"""The accelerator behind few pins, for a device whose package has fewer pins than the streams have bits."""

from amaranth.hdl import Cat, ClockDomain, ClockSignal, Module, ResetSignal, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.accelerator.accelerator import Accelerator
from hw.accelerator.top import PortStyle, Top


class FewPins(wiring.Component):
    """An accelerator whose spike words come in bit by bit and whose results go out as their parity.

    For timing only: every port of the accelerator begins and ends at a register, as in a design around it, so that
    the way through its handshakes counts too. Adds a flip-flop for each bit of the ports, and the lookup tables of
    the parity. Inputs beside the streams take the bits that fall out of the spike word; outputs count to the parity.
    """

    def __init__(self, accelerator: Accelerator):
        self.accelerator = accelerator
        inputs = dict.fromkeys(("clk", "rst", "spike_bit", "spike_valid", "unit_ready"), In(1))
        super().__init__({**inputs, **dict.fromkeys(("spike_ready", "unit_parity", "unit_valid"), Out(1))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.domains.pins = ClockDomain("pins")  # "sync" is the accelerator's own
        m.submodules.sorter = sorter = Top(self.accelerator, PortStyle.PLAIN)
        results = Cat(sorter.unit_data, (getattr(sorter, name) for name in sorter.ports.side_outputs))
        unit = Signal(len(results))
        serial = Cat((getattr(sorter, name) for name in sorter.ports.side_inputs), sorter.spike_data)
        m.d.comb += [
            ClockSignal("pins").eq(self.clk),
            ResetSignal("pins").eq(self.rst),
            sorter.clk.eq(self.clk),
            sorter.rst.eq(self.rst),
            self.unit_parity.eq(unit.xor()),
        ]
        m.d.pins += [
            serial.eq(Cat(serial, self.spike_bit)[1:]),
            sorter.spike_valid.eq(self.spike_valid),
            sorter.unit_ready.eq(self.unit_ready),
            self.spike_ready.eq(sorter.spike_ready),
            unit.eq(results),
            self.unit_valid.eq(sorter.unit_valid),
        ]
        return m

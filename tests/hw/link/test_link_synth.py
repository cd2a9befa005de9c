"""What the link takes of a UP5K, and how fast it is, by itself: an accelerator's ports end at registers instead."""

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import Cat, ClockDomain, ClockSignal, Module, ResetSignal, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.accelerator.accelerator import Accelerator
from hw.devices import device_named
from hw.link.host_link import HostLink
from hw.link.spi import SpiPeripheral
from hw.link.uart import UartReceiver, UartTransmitter
from hw.schedule.fold import fold
from hw.tools import nextpnr, yosys
from tests.hw.networks import random_network

UP5K = device_named("up5k")
DIVISOR = 104  # 115,200 baud at 12 MHz


class AtRegisters(wiring.Component):
    """Ports like an accelerator's, behind which there is but a register for each bit, and a parity."""

    def __init__(self, circuit):
        super().__init__(circuit.signature)
        self.serial_in, self.parity_out = Signal(), Signal()
        ports = [(member.flow, Value.cast(value)) for _, member, value in self.signature.flatten(self)]
        self.given, self.taken = (Cat(value for flow, value in ports if flow is wanted) for wanted in (Out, In))

    @property
    def flip_flops(self):
        return len(self.given) + len(self.taken)

    @property
    def luts(self):
        """Of the parity: a lookup table takes four bits to one."""
        return -(-(len(self.taken) - 1) // 3)

    def elaborate(self, platform):
        m = Module()
        shift, kept = Signal(len(self.given)), Signal(len(self.taken))
        m.d.sync += [shift.eq(Cat(self.serial_in, shift)), kept.eq(self.taken)]
        m.d.comb += [self.given.eq(shift), self.parity_out.eq(kept.xor())]
        return m


class Alone(wiring.Component):
    """A link between its line and such ports."""

    def __init__(self, link, line):
        self.circuit, self.line = link.circuit(), line
        self.ports = self.circuit.accelerator = AtRegisters(self.circuit.accelerator)
        pins = {"clk": In(1), "rst": In(1), "serial_in": In(1), "parity_out": Out(1)}
        lines = {"sck": In(1), "copi": In(1), "cs_n": In(1), "cipo": Out(1), "rx": In(1), "tx": Out(1)}
        super().__init__({**pins, **lines})

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = ClockDomain("sync")
        circuit, ports = self.circuit, self.ports
        m.d.comb += [ClockSignal().eq(self.clk), ResetSignal().eq(self.rst)]
        m.d.comb += [ports.serial_in.eq(self.serial_in), self.parity_out.eq(ports.parity_out)]
        if self.line == "uart":
            m.submodules.receiver = receiver = UartReceiver(DIVISOR).circuit()
            m.submodules.transmitter = transmitter = UartTransmitter(DIVISOR).circuit()
            m.d.comb += [receiver.rx.eq(self.rx), self.tx.eq(transmitter.tx)]
            source, sink = receiver.o, transmitter.i
        else:
            m.submodules.spi = spi = SpiPeripheral().circuit()
            m.d.comb += [spi.sck.eq(self.sck), spi.copi.eq(self.copi), spi.cs_n.eq(self.cs_n), self.cipo.eq(spi.cipo)]
            source, sink = spi.o, spi.i
        m.submodules.link = circuit
        wiring.connect(m, source, circuit.i)
        wiring.connect(m, circuit.o, sink)
        return m


def link():
    """Around the paper's network in 256 clocks."""
    network = random_network(np.random.default_rng(0), 48, (256, 256), 5)
    return HostLink(Accelerator(network, fold(network, UP5K, 256)))


@pytest.mark.synth
@pytest.mark.filterwarnings(
    "ignore::amaranth.UnusedElaboratable"
)  # the accelerator, which is but asked for its ports
@pytest.mark.parametrize(("line", "most_luts"), [("uart", 410), ("spi", 380)])
def test_the_link_is_small_and_limits_no_chip(tmp_path, line, most_luts):
    """With the register of a spike word, which has 48 bits."""
    alone = Alone(link(), line)
    (tmp_path / "link.il").write_text(rtlil.convert(alone, name="alone", emit_src=False))
    counts = yosys.synthesise("link.il", "alone", UP5K, tmp_path, "mapped.json")
    assert counts.luts - alone.ports.luts <= most_luts
    assert counts.flip_flops - alone.ports.flip_flops <= 320
    assert counts.block_rams == 1
    placed = nextpnr.place_and_route("mapped.json", UP5K, tmp_path, seed=2, target_mhz=80, must_meet=False)
    assert placed.slowest_mhz > 60

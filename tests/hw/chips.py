"""The smallest chip around host links: a clock, one behind a serial line, and another behind an SPI."""

from amaranth.back import rtlil
from amaranth.hdl import ClockDomain, ClockSignal, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.link.host_link import HostLink
from hw.link.spi import SpiPeripheral
from hw.link.uart import UartReceiver, UartTransmitter
from hw.simulate.pins.session import Pins

PINS = Pins("chip", "clk", {"uart_rx": 1, "spi_cs_n": 1, "spi_sck": 0, "spi_copi": 0}, ("uart_tx", "spi_cipo"))


class ChipCircuit(wiring.Component):
    """Twice the same link, so that one program serves both kinds of line."""

    def __init__(self, link: HostLink, divisor: int):
        self.link, self.divisor = link, divisor
        inputs = {name: In(1, init=level) for name, level in PINS.inputs.items()}
        super().__init__({PINS.clock: In(1), **inputs, **{name: Out(1) for name in PINS.outputs}})

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = ClockDomain("sync", reset_less=True)
        m.d.comb += ClockSignal().eq(self.clk)
        m.submodules.behind_uart = link = self.link.circuit()
        m.submodules.receiver = receiver = UartReceiver(self.divisor).circuit()
        m.submodules.transmitter = transmitter = UartTransmitter(self.divisor).circuit()
        m.d.comb += [receiver.rx.eq(self.uart_rx), self.uart_tx.eq(transmitter.tx)]
        wiring.connect(m, receiver.o, link.i)
        wiring.connect(m, link.o, transmitter.i)
        m.submodules.behind_spi = link = self.link.circuit()
        m.submodules.spi = spi = SpiPeripheral().circuit()
        m.d.comb += [spi.cs_n.eq(self.spi_cs_n), spi.sck.eq(self.spi_sck), spi.copi.eq(self.spi_copi)]
        m.d.comb += self.spi_cipo.eq(spi.cipo)
        wiring.connect(m, spi.o, link.i)
        wiring.connect(m, link.o, spi.i)
        return m


def compiled(link: HostLink, divisor: int, cache):
    """The chip's program."""
    netlist = rtlil.convert(ChipCircuit(link, divisor), name=PINS.top, emit_src=False)
    return PINS.compile({f"{PINS.top}.il": netlist}, cache, cells=netlist.count("\n  cell "))

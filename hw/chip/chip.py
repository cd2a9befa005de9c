"""The chip's top level: clock, reset, a line to the host, the host link, the accelerator, and two lights."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
from amaranth.hdl import ClockDomain, ClockSignal, Module, ResetSignal, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from numpy.typing import NDArray

from hw.accelerator.accelerator import Accelerator
from hw.boards.board import CLOCK, Board
from hw.chip.reset import PowerOnReset
from hw.clocks.source import ClockSource, clock_source
from hw.errors import BadInput
from hw.link.host_link import HostLink, HostLinkCircuit
from hw.link.protocol import BAUD
from hw.link.spi import SpiPeripheral
from hw.link.uart import UartReceiver, UartTransmitter, divisor_of

TOP_NAME = "spikeloom_chip"


class Transport(StrEnum):
    """What bytes go over between host and chip."""

    UART = "uart"
    SPI = "spi"


_LINES = {
    Transport.UART: {"uart_rx": In(1, init=1), "uart_tx": Out(1, init=1)},
    Transport.SPI: {"spi_cs_n": In(1, init=1), "spi_sck": In(1), "spi_copi": In(1), "spi_cipo": Out(1)},
}
_BUTTONS = {"rst": In(1), "rst_n": In(1, init=1)}
_LIGHTS = ("led_ready", "led_error")
_HELD_HIGH = "wifi_gpio0"


def check_line(board: Board, source: ClockSource, transport: Transport, baud: int) -> None:
    """Refuse a line to the host that a board cannot have.

    Raises:
        BadInput: if the board lacks its pins, or the clock cannot make a UART's baud rate.
    """
    if missing := sorted(_LINES[transport].keys() - board.ports):
        raise BadInput(f"board {board.name} has no {', '.join(missing)}: take another transport")
    if transport is Transport.UART:
        divisor_of(float(source.output_mhz) * 1e6, baud)


@dataclass(frozen=True, eq=False)
class Chip:
    """An accelerator on a board, asked and answered by a host as `hw.link.protocol` has it.

    Its ports are those of the board's constraint file that it uses, by the names that they have there. The light
    `led_ready` is on while the chip is out of reset, `led_error` from a frame that was dropped to the next good one.

    Attributes:
        board: whose ports there are.
        accelerator: made for the board's device.
        wanted_mhz: clock of everything; None for the board's oscillator.
        transport: how the host is connected.
        baud: bits a second, of a UART.
        has_scores: whether answers tell the best score.

    Raises:
        BadInput: if the accelerator was made for another device, the board lacks the transport's pins, or its clock
            cannot make the frequency or the baud rate.
    """

    board: Board
    accelerator: Accelerator
    wanted_mhz: float | None = None
    transport: Transport = Transport.UART
    baud: int = BAUD
    has_scores: bool = True

    def __post_init__(self) -> None:
        device = self.accelerator.schedule.device
        if device != self.board.device.name:
            raise BadInput(f"board {self.board.name} has a {self.board.device.name}; the schedule is for {device}")
        check_line(self.board, self.source, self.transport, self.baud)

    @cached_property
    def source(self) -> ClockSource:
        """What makes the clock of the board's oscillator."""
        return clock_source(self.board, self.wanted_mhz)

    @property
    def clock_mhz(self) -> float:
        """Frequency of everything behind the clock's source."""
        return float(self.source.output_mhz)

    @property
    def divisor(self) -> int:
        """Clocks a bit of the UART."""
        return divisor_of(self.clock_mhz * 1e6, self.baud)

    @property
    def reset(self) -> PowerOnReset:
        """What holds the reset."""
        return PowerOnReset(self.clock_mhz)

    @property
    def link(self) -> HostLink:
        """The host link around the accelerator."""
        return HostLink(self.accelerator, self.has_scores)

    @property
    def lights(self) -> tuple[str, ...]:
        """Ports of the lights that the board has, `led_ready` and `led_error`, with `_n` where low is on."""
        return tuple(f"{light}{n}" for light in _LIGHTS for n in ("", "_n") if f"{light}{n}" in self.board.ports)

    @property
    def ports(self) -> Mapping[str, wiring.Member]:
        """The ports."""
        buttons = {name: member for name, member in _BUTTONS.items() if name in self.board.ports}
        others = (*self.lights, *({_HELD_HIGH} & self.board.ports))
        return {CLOCK: In(1), **buttons, **_LINES[self.transport], **dict.fromkeys(others, Out(1))}

    def compute(self, windows: NDArray[np.integer]) -> NDArray[np.int64]:
        """Units `[n]` that answers tell for spike windows `[n, n_inputs]`: the accelerator's."""
        return self.accelerator.compute(windows)

    def circuit(self) -> "ChipCircuit":
        """The Amaranth component."""
        return ChipCircuit(self)


class ChipCircuit(wiring.Component):
    """Circuit of a `Chip`, with its ports as members."""

    def __init__(self, spec: Chip):
        self.spec = spec
        super().__init__(dict(spec.ports))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        spec = self.spec
        m.submodules.clock = clock = spec.source.circuit()
        m.submodules.reset = reset = spec.reset.circuit()
        m.submodules.link = link = spec.link.circuit()
        m.domains.sync = ClockDomain("sync")
        m.d.comb += [
            clock.clk_in.eq(self.clk),
            ClockSignal().eq(clock.clk_out),
            reset.clk.eq(clock.clk_out),
            reset.asked.eq(~clock.locked | self._button()),
            ResetSignal().eq(reset.held),
        ]
        if spec.transport is Transport.UART:
            self._connect_uart(m, link)
        else:
            self._connect_spi(m, link)
        error = Signal()
        with m.If(link.dropped):
            m.d.sync += error.eq(1)
        with m.Elif(link.good):
            m.d.sync += error.eq(0)
        for light in spec.lights:
            on = error if light.startswith("led_error") else ~reset.held
            m.d.comb += getattr(self, light).eq(~on if light.endswith("_n") else on)
        if _HELD_HIGH in spec.ports:
            m.d.comb += getattr(self, _HELD_HIGH).eq(1)
        return m

    def _button(self) -> Value:
        """Whether the board's button is held."""
        if "rst_n" in self.spec.ports:
            return ~self.rst_n
        return self.rst if "rst" in self.spec.ports else Signal()

    def _connect_uart(self, m: Module, link: HostLinkCircuit) -> None:
        m.submodules.receiver = receiver = UartReceiver(self.spec.divisor).circuit()
        m.submodules.transmitter = transmitter = UartTransmitter(self.spec.divisor).circuit()
        wiring.connect(m, receiver.o, link.i)
        wiring.connect(m, link.o, transmitter.i)
        m.d.comb += [receiver.rx.eq(self.uart_rx), self.uart_tx.eq(transmitter.tx)]

    def _connect_spi(self, m: Module, link: HostLinkCircuit) -> None:
        m.submodules.spi = spi = SpiPeripheral().circuit()
        wiring.connect(m, spi.o, link.i)
        wiring.connect(m, link.o, spi.i)
        m.d.comb += [
            spi.cs_n.eq(self.spi_cs_n),
            spi.sck.eq(self.spi_sck),
            spi.copi.eq(self.spi_copi),
            self.spi_cipo.eq(spi.cipo),
        ]

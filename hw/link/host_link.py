"""The host link: an accelerator that is asked and answers in frames of bytes."""

from dataclasses import dataclass

import numpy as np
from amaranth.hdl import Module, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from numpy.typing import NDArray

from hw.accelerator.accelerator import Accelerator
from hw.errors import BadInput
from hw.link.commands import Commands, CommandsCircuit
from hw.link.frame_receiver import FRAME_BYTES, FrameReceiver
from hw.link.frame_sender import FrameSender
from hw.link.protocol import element_bytes
from hw.link.slip import SlipDecoder, SlipEncoder

_MOST_WINDOW_BYTES = 0xFFFF - FRAME_BYTES  # a status tells the most bytes of a payload in two
_LEAST_BYTES = 512
"""Of the store: one block memory of the device that has the smallest ones."""


def frame_bytes(window_bytes: int) -> int:
    """Bytes of the store for a frame: of one with a window, and of what else fits one block memory."""
    return max(_LEAST_BYTES, 1 << (window_bytes + FRAME_BYTES).bit_length())


@dataclass(frozen=True, eq=False)
class HostLink:
    """An accelerator behind the bytes of `hw.link.frames` and `hw.link.protocol`.

    A frame is stored until its CRC was found right, then carried out and answered. The next one may come meanwhile:
    it waits in the store, and is answered behind the first. While one waits, nothing more is taken, so that on a line
    that knows no backpressure a third is damaged, and dropped like any damaged frame.

    A byte of the wire takes 11 clocks at most, as long as no frame waits; a byte of an answer comes within 12 clocks
    of the one before it. So neither end of a line with 16 clocks a byte or more ever waits. Gives and takes
    backpressure. No way through it is longer than five lookup tables between two registers, wherever the accelerator
    waits or is ready.

    To connect it, for example to a UART:

        divisor = divisor_of(clock_hz, baud)
        m.submodules.receiver = receiver = UartReceiver(divisor).circuit()
        m.submodules.link = link = HostLink(accelerator).circuit()
        m.submodules.transmitter = transmitter = UartTransmitter(divisor).circuit()
        wiring.connect(m, receiver.o, link.i)
        wiring.connect(m, link.o, transmitter.i)
        m.d.comb += [receiver.rx.eq(uart_rx), uart_tx.eq(transmitter.tx)]

    or to SPI: `wiring.connect(m, spi.o, link.i)` and `wiring.connect(m, link.o, spi.i)`. All is in the domain `sync`;
    lines from outside pass synchronisers in `UartReceiver` and `SpiPeripheral`.

    Attributes:
        accelerator: of any kind.
        has_scores: whether an answer to SORT tells the best score.

    Raises:
        BadInput: if a window has more bytes than a frame can have.
    """

    accelerator: Accelerator
    has_scores: bool = False

    def __post_init__(self) -> None:
        if self.window_bytes > _MOST_WINDOW_BYTES:
            most = _MOST_WINDOW_BYTES
            raise BadInput(f"host link: a window of {self.window_bytes} bytes; expected at most {most}")

    @property
    def window_bytes(self) -> int:
        """Bytes of a window in a frame."""
        network = self.accelerator.network
        return network.n_inputs * element_bytes(network.input_format)

    @property
    def receiver(self) -> FrameReceiver:
        """What stores a frame: room for a window, and for whatever else fits one block memory."""
        return FrameReceiver(frame_bytes(self.window_bytes))

    @property
    def commands(self) -> Commands:
        """What carries frames out."""
        return Commands(self.accelerator, self.has_scores, self.receiver.most_payload_bytes)

    def compute(self, windows: NDArray[np.integer]) -> NDArray[np.int64]:
        """Units `[n]` that answers tell for spike windows `[n, n_inputs]`: the accelerator's."""
        return self.accelerator.compute(windows)

    def circuit(self) -> "HostLinkCircuit":
        """The Amaranth component."""
        return HostLinkCircuit(self)


class HostLinkCircuit(wiring.Component):
    """Circuit of a `HostLink`: stream `i` of bytes from the host, stream `o` of bytes to it.

    `good` and `dropped` tell that a frame was found whole, or is dropped, with this clock.

    The accelerator's circuit is the submodule and the attribute `accelerator`.
    """

    def __init__(self, spec: HostLink):
        self.spec = spec
        self.accelerator = spec.accelerator.circuit()
        bytes_ = stream.Signature(unsigned(8))
        super().__init__({"i": In(bytes_), "o": Out(bytes_), "good": Out(1), "dropped": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.decoder = decoder = SlipDecoder().circuit()
        m.submodules.receiver = receiver = self.spec.receiver.circuit()
        m.submodules.commands = commands = self.spec.commands.circuit()
        m.submodules.sender = sender = FrameSender().circuit()
        m.submodules.encoder = encoder = SlipEncoder().circuit()
        wiring.connect(m, wiring.flipped(self.i), decoder.i)
        wiring.connect(m, decoder.o, receiver.i)
        wiring.connect(m, receiver.o, commands.i)
        wiring.connect(m, commands.o, sender.i)
        wiring.connect(m, sender.o, encoder.i)
        wiring.connect(m, encoder.o, wiring.flipped(self.o))
        m.d.comb += [
            commands.content_bytes.eq(receiver.content_bytes),
            self.good.eq(receiver.good),
            self.dropped.eq(receiver.dropped),
            commands.good.eq(receiver.good),
            commands.dropped.eq(receiver.dropped),
        ]
        self._connect_accelerator(m, commands)
        return m

    def _connect_accelerator(self, m: Module, commands: CommandsCircuit) -> None:
        m.submodules.accelerator = accelerator = self.accelerator
        m.submodules.window = window = self.spec.commands.window.circuit()
        wiring.connect(m, commands.window, window.i)
        wiring.connect(m, window.o, accelerator.spikes)
        wiring.connect(m, accelerator.units, commands.units)
        m.d.comb += commands.takes_word.eq(accelerator.spikes.valid & accelerator.spikes.ready)
        settings = self.spec.commands.settings
        if settings.margin_bits:
            m.d.comb += accelerator.margin.eq(commands.margin)
        if settings.weight_sets > 1:
            m.d.comb += accelerator.weight_set.eq(commands.weight_set)
        if self.spec.commands.has_loading:
            wiring.connect(m, commands.load, accelerator.load)
            m.d.comb += [
                commands.load_count.eq(accelerator.load_count),
                commands.load_good.eq(accelerator.load_good),
            ]

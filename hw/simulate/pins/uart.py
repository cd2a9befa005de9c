"""A serial line to a simulated chip: bytes as levels of its pins."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hw.simulate.pins.session import Session
from hw.simulate.streams import StreamError

BITS = 10
"""Of a byte: a start bit, low; eight data bits, the lowest first; a stop bit, high."""


def levels_of(sent: bytes) -> NDArray[np.int64]:
    """The line's level in each bit of the bytes, `[10 n]`."""
    bits = np.unpackbits(np.frombuffer(sent, np.uint8).reshape(-1, 1), axis=1, bitorder="little")
    return np.pad(bits, ((0, 0), (1, 1)), constant_values=((0, 0), (0, 1))).ravel().astype(np.int64)


@dataclass
class UartLine:
    """A `hw.driver.transport.Transport`; a timeout is `patience` clocks, however many seconds are asked for.

    Attributes:
        session: the chip; nothing else moves its inputs.
        divisor: clocks a bit.
        patience: clocks without any byte after which none is waited for.
        rx: the chip's input.
        tx: its output.
        name: for messages.
    """

    session: Session
    divisor: int
    patience: int
    rx: str = "uart_rx"
    tx: str = "uart_tx"
    name: str = "simulated serial line"
    _free: int = field(default=0, init=False)  # the clock from which on a byte may begin on `tx`
    _received: bytearray = field(default_factory=bytearray, init=False)

    def write(self, sent: bytes) -> None:
        """Send the bytes, back to back."""
        self.play(levels_of(sent), self.divisor)

    def read(self, timeout_s: float) -> bytes:
        """What has come; where that is nothing, what comes until the line is at rest."""
        if not self._received:
            self.session.play(self.session.pins.levels(), self.patience, quiet=(BITS + 1) * self.divisor)
            self._listen()
        received = bytes(self._received)
        self._received.clear()
        return received

    def rest(self, clocks: int) -> None:
        """Let the line be for some clocks."""
        self.play(np.ones(1, np.int64), clocks)

    def play(self, levels: NDArray[np.integer], clocks: NDArray[np.integer] | int) -> None:
        """Put levels on the line, each for its clocks, whether they make bytes or not."""
        low, high = (self.session.pins.levels(**{self.rx: level}) for level in (0, 1))
        self.session.play(np.where(levels, high, low), clocks)
        self._listen()

    def _listen(self) -> None:
        """Decode bytes that have come to their end; StreamError if one lacks its stop bit."""
        wire = self.session.wires[self.tx]
        middles = np.arange(BITS) * self.divisor + self.divisor // 2
        while (fall := wire.falls(self._free)) is not None and fall + middles[-1] < self.session.clock:
            start, *bits, stop = wire.at(fall + middles)
            if start or not stop:
                raise StreamError(f"clock {fall}: no byte with start and stop bit on {self.tx}")
            self._received.append(int(np.packbits(np.array(bits, np.uint8), bitorder="little")[0]))
            self._free = fall + int(middles[-1])
        wire.forget(self._free)

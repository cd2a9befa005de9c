"""The controller's end of an SPI to a simulated chip, mode 0, high bit first: bytes as levels of its pins."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hw.link.frames import END
from hw.simulate.pins.session import Session

_ASKED = 16  # bytes of filler that a read clocks at a time


@dataclass
class SpiLine:
    """A `hw.driver.transport.Transport`; a timeout is `patience` clocks, however many seconds are asked for.

    Attributes:
        session: the chip; nothing else moves its inputs.
        half: clocks of each level of the SPI's clock.
        patience: clocks with nothing but filler after which no byte is waited for.
        name: for messages.
    """

    session: Session
    half: int
    patience: int
    name: str = "simulated SPI"
    _received: bytearray = field(default_factory=bytearray, init=False)
    _within: bool = field(default=False, init=False)  # what was read last is no end of a frame

    def write(self, sent: bytes) -> None:
        """Send the bytes in one transfer; what the chip sends meanwhile is kept."""
        self.transfer(np.unpackbits(np.frombuffer(sent, np.uint8)))

    def read(self, timeout_s: float) -> bytes:
        """What has come; where that is nothing but filler, what comes. Filler that may end a frame is no such."""
        ends = self.session.clock + self.patience
        while not self._tells() and self.session.clock < ends:
            self.write(bytes([END] * _ASKED))
        received = bytes(self._received) if self._tells() else b""
        self._received.clear()
        self._within = bool(received) and received[-1] != END
        return received

    def _tells(self) -> bool:
        """Whether there is more than filler."""
        return bool(self._received if self._within else self._received.strip(bytes([END])))

    def rest(self, clocks: int) -> None:
        """Let the lines be for some clocks."""
        self.session.play(self.session.pins.levels(), clocks)

    def transfer(self, copi: NDArray[np.integer]) -> None:
        """Clock bits, any number of them, between a fall and a rise of CS; of what comes, whole bytes are kept."""
        pins = self.session.pins
        levels = np.array([[pins.levels(spi_cs_n=0, spi_copi=bit, spi_sck=sck) for sck in (0, 1)] for bit in (0, 1)])
        selected, released = pins.levels(spi_cs_n=0), pins.levels()
        played = np.concatenate([[selected], levels[copi].ravel(), [selected, released]])
        begins = self.session.play(played, np.where(played == released, 2 * self.half, self.half))
        wire = self.session.wires["spi_cipo"]
        bits = wire.at(begins[2:-2:2]).astype(np.uint8)
        self._received += np.packbits(bits[: len(bits) // 8 * 8]).tobytes()
        wire.forget(self.session.clock)

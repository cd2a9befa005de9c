"""A serial port as a transport."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic

import serial
from serial.tools import list_ports

from hw.errors import BadInput, NoResult
from hw.link.protocol import BAUD

_POLL_S = 0.05
_REASONS = {
    errno.ENOENT: "there is no such port",
    errno.EACCES: "it is not open to you; its group, often dialout, is",
    errno.EBUSY: "another program has it",
}


@dataclass(frozen=True)
class SerialPort:
    """An open port, as `open_port` gives it: a `Transport`."""

    port: serial.Serial

    @property
    def name(self) -> str:
        """The port's."""
        return str(self.port.port)

    def write(self, sent: bytes) -> None:
        """Send the bytes; NoResult if the port does not take them."""
        try:
            self.port.write(sent)
        except serial.SerialException as error:
            raise NoResult(f"port {self.name} takes no bytes: {error}") from error

    def read(self, timeout_s: float) -> bytes:
        """What has come, or comes within the time; NoResult if the port is gone."""
        ends = monotonic() + timeout_s
        received = b""
        try:
            while not received and monotonic() < ends:
                received = self.port.read(max(1, self.port.in_waiting))
        except (serial.SerialException, OSError) as error:
            raise NoResult(f"port {self.name} is gone: {error}") from error
        return received


@contextmanager
def open_port(name: str, baud: int = BAUD) -> Iterator[SerialPort]:
    """A port, until the end of the block.

    Raises:
        BadInput: if there is none such, it cannot be opened, or cannot be as fast.
    """
    if baud < 1:
        raise BadInput(f"{baud} baud: at least 1 is wanted")
    try:
        port = serial.Serial(name, baud, timeout=_POLL_S, write_timeout=1.0, exclusive=True)
    except (serial.SerialException, ValueError, OverflowError, OSError) as error:
        raise BadInput(f"port {name} cannot be opened: {_reason(error)}; {_ports_there()}") from error
    with port:
        # A USB adapter may keep an answer back for 16 ms, waiting for more; not every port can be told not to.
        with suppress(ValueError, NotImplementedError):
            port.set_low_latency_mode(True)
        port.reset_input_buffer()
        yield SerialPort(port)


def _reason(error: Exception) -> str:
    return _REASONS.get(getattr(error, "errno", None) or 0, str(error))


def _ports_there() -> str:
    names = sorted(port.device for port in list_ports.comports())
    return f"there are {', '.join(names)}" if names else "no serial port is there: is the board plugged in?"

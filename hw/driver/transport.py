"""What carries bytes to a board and back."""

from typing import Protocol


class Transport(Protocol):
    """A line to one board, on which bytes may be lost, changed and added."""

    @property
    def name(self) -> str:
        """What a person calls it, such as `/dev/ttyUSB1`."""

    def write(self, sent: bytes) -> None:
        """Send the bytes."""

    def read(self, timeout_s: float) -> bytes:
        """What has come; where that is nothing, what comes next, and b"" if nothing does within the time."""

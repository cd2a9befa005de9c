"""Requests and their answers over a line that loses, changes and adds bytes."""

from dataclasses import dataclass, field
from time import monotonic

from hw.driver.transport import Transport
from hw.errors import NoResult
from hw.link.frames import Frame, FrameReader
from hw.link.protocol import ANSWER, ERROR, ErrorCode, Request

TIMEOUT_S = 1.0
ATTEMPTS = 5
_BUSY = bytes([ErrorCode.BUSY])


@dataclass
class Exchange:
    """Asks one request at a time, each attempt with a sequence number of its own.

    An answer is taken for a request's only if its CRC, its sequence number and its kind are right; what else comes is
    passed over. A board that is busy with a request that was given up is asked again when the time is over.

    Attributes:
        transport: the line.
        timeout_s: how long an answer may take, its way and the request's included.
        attempts: how often a request is sent before it is given up.
        retries: how many requests were sent again so far.
        sequence: number of the request that was sent last.
    """

    transport: Transport
    timeout_s: float = TIMEOUT_S
    attempts: int = ATTEMPTS
    retries: int = field(default=0, init=False)
    sequence: int = field(default=0, init=False)
    _reader: FrameReader = field(default_factory=FrameReader, init=False)

    def ask(self, request: Request) -> bytes:
        """The payload of a request's answer.

        The request may be carried out more than once.

        Raises:
            NoResult: if no attempt is answered, or the board refuses.
        """
        for attempt in range(self.attempts):
            self.retries += attempt > 0
            if (payload := self.try_once(request)) is not None:
                return payload
        raise NoResult(
            f"the board at {self.transport.name} does not answer: {request.kind.name} was sent {self.attempts} times "
            f"and {self.timeout_s:g} s waited for each; is it programmed, and are port and baud rate right?"
        )

    def try_once(self, request: Request) -> bytes | None:
        """The payload of the answer to one attempt; None if none comes. NoResult if the board refuses."""
        self.sequence = (self.sequence + 1) % 256
        self.transport.write(Frame(request.kind, self.sequence, request.encode()).encode())
        ends = monotonic() + self.timeout_s
        while (left_s := ends - monotonic()) > 0 and (received := self.transport.read(left_s)):
            for frame in self._reader.feed(received):
                if frame.sequence != self.sequence or (frame.kind, frame.payload) == (ERROR, _BUSY):
                    continue
                if frame.kind in (request.kind | ANSWER, ERROR):
                    return self._payload(request, frame)
        return None

    def _payload(self, request: Request, frame: Frame) -> bytes:
        if frame.kind != ERROR:
            return frame.payload
        codes = {bytes([code]): code.name for code in ErrorCode}
        reason = codes.get(frame.payload, frame.payload.hex() or "without a reason")
        raise NoResult(f"the board at {self.transport.name} refuses {request.kind.name}: {reason}")

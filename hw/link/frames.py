"""The frames between a host and a board: kind, sequence number, payload and CRC, in SLIP.

On the wire (RFC 1055) the byte END stands before and after a frame, so that noise on an idle line spoils none;
within, END (0xC0) is sent as 0xDB 0xDC and ESC (0xDB) as 0xDB 0xDD. Nothing between two ENDs is no frame, so END also
fills the bytes that a full-duplex SPI transfer has no use for. What a frame holds:

    | bytes | what                                                                                                   |
    |-------|--------------------------------------------------------------------------------------------------------|
    | 1     | kind                                                                                                   |
    | 1     | sequence number, which the answer repeats                                                              |
    | n     | payload, as its kind has it (`hw.link.protocol`)                                                       |
    | 4     | CRC-32/ISO-HDLC (zlib's) of all before it, little-endian                                               |

A frame whose CRC is wrong, that is too short or too long, or in which ESC stands before anything but 0xDC and 0xDD is
dropped and counted.
"""

import zlib
from dataclasses import dataclass

END, ESC, ESC_END, ESC_ESC = 0xC0, 0xDB, 0xDC, 0xDD
"""RFC 1055."""

HEADER_BYTES, CRC_BYTES = 2, 4


def crc_of(content: bytes) -> bytes:
    """CRC-32/ISO-HDLC as a frame carries it."""
    return zlib.crc32(content).to_bytes(CRC_BYTES, "little")


def slip(content: bytes) -> bytes:
    """RFC 1055, with END at both ends."""
    escaped = content.replace(bytes([ESC]), bytes([ESC, ESC_ESC])).replace(bytes([END]), bytes([ESC, ESC_END]))
    return bytes([END]) + escaped + bytes([END])


@dataclass(frozen=True)
class Frame:
    """A frame, either way.

    Attributes:
        kind: 0 to 255.
        sequence: 0 to 255.
        payload: as its kind has it.
    """

    kind: int
    sequence: int
    payload: bytes = b""

    @property
    def content(self) -> bytes:
        """Kind, sequence number, payload and CRC."""
        content = bytes([self.kind, self.sequence]) + self.payload
        return content + crc_of(content)

    def encode(self) -> bytes:
        """As it goes over the wire."""
        return slip(self.content)

    @classmethod
    def decode(cls, content: bytes) -> "Frame | None":
        """The frame of which that is the `content`; None if it is too short or its CRC is wrong."""
        covered, crc = content[:-CRC_BYTES], content[-CRC_BYTES:]
        if len(covered) < HEADER_BYTES or crc_of(covered) != crc:
            return None
        return cls(covered[0], covered[1], covered[HEADER_BYTES:])


class FrameReader:
    """Takes the bytes of a wire, in pieces of any length, and gives the frames among them.

    Attributes:
        most_bytes: a frame with more content is dropped.
        dropped: frames dropped so far.
    """

    def __init__(self, most_bytes: int = 1 << 16):
        self.most_bytes = most_bytes
        self.dropped = 0
        self._content = bytearray()
        self._escaped = self._broken = False

    def feed(self, received: bytes) -> list[Frame]:
        """The frames that end in these bytes."""
        return [frame for byte in received if (frame := self._take(byte)) is not None]

    def _take(self, byte: int) -> Frame | None:
        if byte == END:
            return self._end()
        if self._escaped:
            self._escaped = False
            self._broken |= byte not in (ESC_END, ESC_ESC)
            self._append(END if byte == ESC_END else ESC)
        elif byte == ESC:
            self._escaped = True
        else:
            self._append(byte)
        return None

    def _append(self, byte: int) -> None:
        self._broken |= len(self._content) == self.most_bytes
        if not self._broken:
            self._content.append(byte)

    def _end(self) -> Frame | None:
        whole = not (self._broken or self._escaped)
        frame = Frame.decode(bytes(self._content)) if whole else None
        self.dropped += frame is None and bool(self._content or not whole)
        self._content.clear()
        self._escaped = self._broken = False
        return frame

"""What passes between a host and a board, which both ends are held to. All numbers are little-endian.

`hw.link.frames` has the bytes of a frame. Every whole frame to a board has one answer with its sequence number: its
kind with the top bit set and a payload as below, or kind 0xFF and one byte, an `ErrorCode`. Nothing of a request is
acted upon before its CRC was found right.

    | kind        | payload to the board                         | payload of the answer                             |
    |-------------|----------------------------------------------|---------------------------------------------------|
    | 0x01 SORT   | `n_inputs` elements of ceil(bits / 8) bytes  | 2 unit, `classes` where unsorted; 1 flags (bit 0: |
    |             |                                              | unsorted); 4 latency in clocks, from the first    |
    |             |                                              | word that the accelerator takes to its result;    |
    |             |                                              | where scores are built in 4 best score, signed    |
    | 0x02 STATUS | none                                         | 26 bytes, see `Status`                            |
    | 0x03 LOAD   | 1 flags (bit 0: first); 1 byte or more of a  | 1 frames loaded whole since the reset, modulo 256;|
    |             | weight frame, of which the first is the      | 1 whether the last of them was right (0 or 1);    |
    |             | weight frame's first byte where `first` says | both as they are once the last byte has been taken|
    |             | so                                           | and judged                                        |
    | 0x04 SET    | 1 flags (bit 0: margin, bit 1: weight set);  | 4 margin and 1 weight set in force from the next  |
    |             | 4 margin; 1 weight set. What its flag does   | window on, 0 for what is not built in             |
    |             | not announce stays, and its bytes are 0      |                                                   |

An element is two's complement, or unsigned, and a board looks at its low `bits` bits alone; a bipolar one is 0 for -1
and 1 for +1. After a reset the margin is the network's and the weight set 0. Bits and flags not named are 0.

A board has room for one request. The host sends the next when it has the answer, or has given it up; a frame that
comes while another is at work is answered with BUSY, or after it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from struct import Struct
from typing import ClassVar

from hw.errors import BadInput
from hw.network.formats import IntegerFormat

VERSION = 1
"""Of this protocol; a board tells its own in the first byte of its status, whatever else has changed."""

BAUD = 1_000_000
"""Bits a second of a serial line, of which a byte takes ten, where nobody asks for others."""

DIGEST_BYTES = 8
MOST_COUNT = 0xFFFF
"""Where the counters of a status stay."""


class Kind(IntEnum):
    """What a request asks for."""

    SORT = 0x01
    STATUS = 0x02
    LOAD = 0x03
    SET = 0x04


ANSWER = 0x80
"""Added to a request's kind it makes the answer's."""
ERROR = 0xFF
"""Kind of an answer that is an `ErrorCode`."""


class ErrorCode(IntEnum):
    """Why a request was not carried out, though it came whole. Where several hold, the least is given."""

    UNKNOWN_KIND = 1
    NOT_BUILT_IN = 2  # LOAD without loadable layers; SET where both margin and weight set are fixed
    WRONG_LENGTH = 3
    BAD_VALUE = 4  # a margin of more than `margin_bits` bits, or no such weight set
    BUSY = 5  # another request is at work; this may be given whatever else holds


class BuiltIn(IntFlag):
    """Flags of a status."""

    SIGNED = 1  # elements are signed; of 1 bit: bipolar
    SCORES = 2
    LOADING = 4


def design_digest(network_json: str, schedule_json: str) -> bytes:
    """What a board is known by: the first 8 bytes of the sha256 of both texts, as their `to_json` gives them."""
    return hashlib.sha256((network_json + schedule_json).encode()).digest()[:DIGEST_BYTES]


@dataclass(frozen=True)
class SortRequest:
    """A spike window.

    Attributes:
        window: the elements, first sample first.
        element: their format.
    """

    window: tuple[int, ...]
    element: IntegerFormat

    kind: ClassVar[Kind] = Kind.SORT

    def encode(self) -> bytes:
        """The payload."""
        element, size = self.element, element_bytes(self.element)
        if element.bipolar:
            return bytes(value > 0 for value in self.window)
        return b"".join(value.to_bytes(size, "little", signed=element.signed) for value in self.window)

    @classmethod
    def decode(cls, payload: bytes, element: IntegerFormat) -> "SortRequest":
        """The window of which that is the payload, whose length is right."""
        return cls(tuple(_elements(payload, element)), element)


def _elements(payload: bytes, element: IntegerFormat) -> Sequence[int]:
    size = element_bytes(element)
    codes = (int.from_bytes(payload[at : at + size], "little") for at in range(0, len(payload), size))
    low_bits = [code & ((1 << element.bits) - 1) for code in codes]
    if element.bipolar:
        return [2 * code - 1 for code in low_bits]
    return [code - (code >> (element.bits - 1) << element.bits if element.signed else 0) for code in low_bits]


def element_bytes(element: IntegerFormat) -> int:
    """Bytes of one element of a window."""
    return -(-element.bits // 8)


@dataclass(frozen=True)
class SortAnswer:
    """What became of a window.

    Attributes:
        unit: index of the unit, the number of classes where `unsorted`.
        unsorted: whether the best score leads by less than the margin.
        latency_clocks: from the first word that the accelerator takes to its result.
        score: the best score; None where scores are not built in.
    """

    unit: int
    unsorted: bool
    latency_clocks: int
    score: int | None = None

    layout: ClassVar[Struct] = Struct("<HBI")
    score_layout: ClassVar[Struct] = Struct("<i")

    def encode(self) -> bytes:
        """The payload."""
        score = b"" if self.score is None else self.score_layout.pack(self.score)
        return self.layout.pack(self.unit, self.unsorted, self.latency_clocks) + score

    @classmethod
    def decode(cls, payload: bytes) -> "SortAnswer":
        """What `encode` gave; BadInput for another length."""
        lengths = (cls.layout.size, cls.layout.size + cls.score_layout.size)
        _check_length("SORT", payload, lengths)
        unit, flags, latency_clocks = cls.layout.unpack_from(payload)
        scored = len(payload) == lengths[1]
        score = cls.score_layout.unpack_from(payload, cls.layout.size)[0] if scored else None
        return cls(unit, bool(flags & 1), latency_clocks, score)


@dataclass(frozen=True)
class StatusRequest:
    """Asks what the board is."""

    kind: ClassVar[Kind] = Kind.STATUS

    def encode(self) -> bytes:
        """The payload: none."""
        return b""


@dataclass(frozen=True)
class Status:
    """What a board is, and how it fared.

    As the payload of the answer:

        | at | bytes | what                                                                                      |
        |----|-------|-------------------------------------------------------------------------------------------|
        | 0  | 1     | protocol version                                                                          |
        | 1  | 8     | design digest                                                                             |
        | 9  | 2     | elements of a window                                                                      |
        | 11 | 1     | bits of an element                                                                        |
        | 12 | 1     | flags, `BuiltIn`: bit 0 elements are signed (of 1 bit: bipolar), 1 scores, 2 loading      |
        | 13 | 2     | classes                                                                                   |
        | 15 | 1     | bits of the margin, 0 where it is fixed                                                   |
        | 16 | 2     | weight sets, 1 where they are fixed                                                       |
        | 18 | 2     | most payload bytes of a frame to the board                                                |
        | 20 | 2     | good frames since the reset, this request among them; stays at 65535                      |
        | 22 | 2     | dropped frames since the reset; stays at 65535                                            |
        | 24 | 1     | weight frames loaded whole since the reset, modulo 256; 0 without loading                 |
        | 25 | 1     | whether the last of them was right, 0 or 1; 0 without loading                             |

    Attributes:
        digest: `design_digest` of what was built.
        n_inputs: elements of a window.
        element: their format.
        classes: how many units there are, 'unsorted' not counted.
        has_scores: whether an answer tells the best score.
        has_loading: whether weights can be loaded.
        margin_bits: width of the margin that can be set; 0 where it is fixed.
        weight_sets: how many there are to choose from.
        most_payload_bytes: of a frame to the board; room for a window, and for a part of a weight frame.
        good_frames: with the right CRC, since the reset.
        dropped_frames: since the reset.
        load_count: weight frames loaded whole since the reset, modulo 256.
        load_good: whether the last of them was right.
    """

    digest: bytes
    n_inputs: int
    element: IntegerFormat
    classes: int
    has_scores: bool
    has_loading: bool
    margin_bits: int
    weight_sets: int
    most_payload_bytes: int
    good_frames: int = 0
    dropped_frames: int = 0
    load_count: int = 0
    load_good: bool = False

    layout: ClassVar[Struct] = Struct(f"<B{DIGEST_BYTES}sHBBHBHHHHBB")

    def encode(self) -> bytes:
        """The payload."""
        flags = (
            BuiltIn.SIGNED * self.element.signed
            | BuiltIn.SCORES * self.has_scores
            | BuiltIn.LOADING * self.has_loading
        )
        return self.layout.pack(
            VERSION,
            self.digest,
            self.n_inputs,
            self.element.bits,
            flags,
            self.classes,
            self.margin_bits,
            self.weight_sets,
            self.most_payload_bytes,
            self.good_frames,
            self.dropped_frames,
            self.load_count,
            self.load_good,
        )

    @classmethod
    def decode(cls, payload: bytes) -> "Status":
        """What `encode` gave; BadInput for another version or length."""
        if payload and payload[0] != VERSION:
            raise BadInput(
                f"the board speaks protocol version {payload[0]}, this program {VERSION}: program the board anew"
            )
        _check_length("STATUS", payload, (cls.layout.size,))
        _, digest, n_inputs, bits, flags, classes, *sizes_and_counts, load_good = cls.layout.unpack(payload)
        signed, has_scores, has_loading = (bool(flags & flag) for flag in BuiltIn)
        element = IntegerFormat(bits, signed, bipolar=bits == 1 and signed)
        margin_bits, weight_sets, most_payload_bytes, good_frames, dropped_frames, load_count = sizes_and_counts
        return cls(
            digest,
            n_inputs,
            element,
            classes,
            has_scores,
            has_loading,
            margin_bits,
            weight_sets,
            most_payload_bytes,
            good_frames,
            dropped_frames,
            load_count,
            bool(load_good),
        )


@dataclass(frozen=True)
class LoadRequest:
    """A part of a weight frame.

    Attributes:
        data: its bytes, one at least.
        first: whether the weight frame begins with them.
    """

    data: bytes
    first: bool

    kind: ClassVar[Kind] = Kind.LOAD
    flag_bytes: ClassVar[int] = 1

    def encode(self) -> bytes:
        """The payload."""
        return bytes([self.first]) + self.data

    @classmethod
    def decode(cls, payload: bytes) -> "LoadRequest":
        """What `encode` gave."""
        return cls(payload[cls.flag_bytes :], bool(payload[0] & 1))


@dataclass(frozen=True)
class LoadAnswer:
    """How loading stands behind the bytes of a request.

    Attributes:
        load_count: weight frames loaded whole since the reset, modulo 256.
        load_good: whether the last of them was right.
    """

    load_count: int
    load_good: bool

    layout: ClassVar[Struct] = Struct("<BB")

    def encode(self) -> bytes:
        """The payload."""
        return self.layout.pack(self.load_count, self.load_good)

    @classmethod
    def decode(cls, payload: bytes) -> "LoadAnswer":
        """What `encode` gave; BadInput for another length."""
        _check_length("LOAD", payload, (cls.layout.size,))
        load_count, load_good = cls.layout.unpack(payload)
        return cls(load_count, bool(load_good))


@dataclass(frozen=True)
class SetRequest:
    """New values for the windows to come; None leaves what is in force."""

    margin: int | None = None
    weight_set: int | None = None

    kind: ClassVar[Kind] = Kind.SET
    layout: ClassVar[Struct] = Struct("<BIB")

    def encode(self) -> bytes:
        """The payload."""
        flags = (self.margin is not None) | (self.weight_set is not None) << 1
        return self.layout.pack(flags, self.margin or 0, self.weight_set or 0)

    @classmethod
    def decode(cls, payload: bytes) -> "SetRequest":
        """What `encode` gave, of the right length."""
        flags, margin, weight_set = cls.layout.unpack(payload)
        return cls(margin if flags & 1 else None, weight_set if flags & 2 else None)


@dataclass(frozen=True)
class SetAnswer:
    """What is in force from the next window on; 0 for what is not built in."""

    margin: int
    weight_set: int

    layout: ClassVar[Struct] = Struct("<IB")

    def encode(self) -> bytes:
        """The payload."""
        return self.layout.pack(self.margin, self.weight_set)

    @classmethod
    def decode(cls, payload: bytes) -> "SetAnswer":
        """What `encode` gave; BadInput for another length."""
        _check_length("SET", payload, (cls.layout.size,))
        return cls(*cls.layout.unpack(payload))


Request = SortRequest | StatusRequest | LoadRequest | SetRequest


def _check_length(name: str, payload: bytes, lengths: Sequence[int]) -> None:
    if len(payload) not in lengths:
        wanted = " or ".join(map(str, lengths))
        raise BadInput(f"the board's answer to {name} has {len(payload)} bytes, protocol version {VERSION} {wanted}")

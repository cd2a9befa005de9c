"""The bytes between host and board."""

import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.errors import BadInput
from hw.link.frames import END, ESC, ESC_END, ESC_ESC, Frame, FrameReader
from hw.link.protocol import (
    Kind,
    LoadAnswer,
    LoadRequest,
    SetAnswer,
    SetRequest,
    SortAnswer,
    SortRequest,
    Status,
    design_digest,
)
from hw.network.formats import BIPOLAR, IntegerFormat

BYTE = st.integers(0, 255)
FRAMES = st.builds(Frame, BYTE, BYTE, st.binary(max_size=40))
AWKWARD = st.lists(st.sampled_from([END, ESC, ESC_END, ESC_ESC, 0]), max_size=12).map(bytes)
FORMATS = st.sampled_from([BIPOLAR, *(IntegerFormat.from_name(name) for name in ("UINT1", "INT5", "INT8", "UINT12"))])


def test_the_layout_of_a_frame_is_the_one_that_is_written_down():
    frame = Frame(Kind.SORT, 0xC0, b"\xdb\x07")
    crc = zlib.crc32(b"\x01\xc0\xdb\x07").to_bytes(4, "little")
    assert frame.encode() == b"\xc0\x01\xdb\xdc\xdb\xdd\x07" + crc + b"\xc0"
    assert not {END, ESC} & set(crc), "no escape in the checksum of this example"


@given(st.lists(FRAMES | st.builds(Frame, BYTE, BYTE, AWKWARD), max_size=5), st.lists(st.integers(0, 400)))
def test_frames_come_out_as_they_went_in_however_the_bytes_are_cut(frames, cuts):
    wire = b"".join(frame.encode() for frame in frames)
    reader = FrameReader()
    pieces = [wire[a:b] for a, b in pairwise(sorted([0, *cuts, len(wire)]))]
    assert [frame for piece in pieces for frame in reader.feed(piece)] == frames
    assert reader.dropped == 0


@given(FRAMES, st.data())
def test_a_frame_with_a_wrong_byte_is_dropped_and_the_next_is_read(frame, data):
    wire = bytearray(frame.encode())
    at = data.draw(st.integers(1, len(wire) - 2))
    wire[at] ^= data.draw(st.integers(1, 255))
    reader = FrameReader()
    assert reader.feed(bytes(wire)) == []
    assert reader.dropped >= 1
    assert reader.feed(frame.encode()) == [frame]


@pytest.mark.parametrize("wrong", [b"\xc0\xdb\x00\xc0", b"\xc0\x01\xdb\xc0", b"\xc0\x01\x02\x03\x04\x05\xc0"])
def test_no_escape_an_escape_at_the_end_and_too_few_bytes_are_counted_once(wrong):
    reader = FrameReader()
    assert reader.feed(wrong) == []
    assert reader.dropped == 1


def test_a_frame_of_more_bytes_than_there_is_room_for_is_dropped():
    reader = FrameReader(most_bytes=10)
    fits, too_long = Frame(1, 2, bytes(4)), Frame(1, 2, bytes(5))
    assert reader.feed(too_long.encode() + fits.encode()) == [fits]
    assert reader.dropped == 1


@given(FORMATS, st.data())
def test_a_window_is_read_as_it_was_written(element, data):
    values = [element.minimum, element.maximum]
    between = st.integers(element.minimum, element.maximum) if element.bits > 1 else st.sampled_from(values)
    request = SortRequest(tuple(data.draw(st.lists(between, min_size=1, max_size=9))), element)
    payload = request.encode()
    assert len(payload) == len(request.window) * (2 if element.bits > 8 else 1)
    assert SortRequest.decode(payload, element) == request


def test_a_bipolar_element_is_a_byte_of_0_or_1():
    assert SortRequest((-1, 1, 1), BIPOLAR).encode() == b"\x00\x01\x01"


def test_messages_have_the_layout_that_is_written_down():
    status = Status(bytes(range(8)), 300, IntegerFormat(12, True), 5, True, False, 9, 256, 600, 7, 65535, 3, True)
    assert status.encode().hex(" ") == (
        "01 00 01 02 03 04 05 06 07 2c 01 0c 03 05 00 09 00 01 58 02 07 00 ff ff 03 01"
    )
    assert Status.decode(status.encode()) == status
    assert SortAnswer(5, True, 258, -2).encode() == b"\x05\x00\x01\x02\x01\x00\x00\xfe\xff\xff\xff"
    assert SetRequest(margin=3).encode() == b"\x01\x03\x00\x00\x00\x00"
    assert SetRequest(weight_set=2).encode() == b"\x02\x00\x00\x00\x00\x02"
    assert LoadRequest(b"ab", first=True).encode() == b"\x01ab"


@pytest.mark.parametrize("message", [SortAnswer(3, False, 9), SortAnswer(3, True, 9, -7), LoadAnswer(255, True)])
def test_answers_are_read_as_they_were_written(message):
    assert type(message).decode(message.encode()) == message


@pytest.mark.parametrize(
    "message",
    [SetAnswer(9, 1), SetRequest(0, None), SetRequest(None, 0), SetRequest(7, 255), LoadRequest(b"x", False)],
)
def test_requests_are_read_as_they_were_written(message):
    assert type(message).decode(message.encode()) == message


def test_a_status_of_another_version_names_both():
    with pytest.raises(BadInput, match="protocol version 9, this program 1"):
        Status.decode(b"\x09")
    with pytest.raises(BadInput, match="STATUS has 2 bytes, protocol version 1 26"):
        Status.decode(b"\x01\x00")


def test_network_and_schedule_make_the_digest():
    assert len({design_digest("a", "b"), design_digest("c", "b"), design_digest("a", "c")}) == 3
    assert len(design_digest("a", "b")) == 8

"""The parts of the host link, each against its model, at full speed and with gaps and stalls."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.components.words import WordFormat
from hw.link.answers import AnswerBytes
from hw.link.frame_receiver import FrameReceiver
from hw.link.frame_sender import FrameSender
from hw.link.frames import END, ESC, ESC_END, ESC_ESC, Frame
from hw.link.protocol import SetRequest, SortRequest
from hw.link.settings import Settings
from hw.link.slip import SlipDecoder, SlipEncoder, byte_words, item_word
from hw.link.window import WindowWords
from hw.network.types import BIPOLAR, IntegerFormat
from hw.network.vectors import random_inputs
from hw.simulate.streams import Pauses, run_stream
from tests.hw.link.bench import simulated

PAUSES = st.sampled_from([Pauses(), Pauses(0.4, 0.4, seed=1), Pauses(stall=0.7), Pauses(0.2, 0.2, sink_waits=True)])
SPECIAL = st.sampled_from([END, ESC, ESC_END, ESC_ESC])
BYTES = st.one_of(SPECIAL, st.integers(0, 255))
CONTENTS = st.lists(st.lists(BYTES, min_size=1, max_size=6), max_size=4)


def passes(spec, words, expected, pauses):
    assert run_stream(spec.circuit(), words, len(expected), pauses=pauses).words == expected


@settings(deadline=None, max_examples=12)
@given(CONTENTS, PAUSES)
def test_the_encoder_gives_frames_that_the_decoder_reads(contents, pauses):
    wire = SlipEncoder().compute(contents)
    items = [item for content in contents for item in [*map(item_word, content), item_word(END, end=True)]]
    assert SlipDecoder().compute(wire) == items
    passes(SlipEncoder(), [word for content in contents for word in byte_words(content)], wire, pauses)
    passes(SlipDecoder(), wire, items, pauses)


@settings(deadline=None, max_examples=12)
@given(st.lists(BYTES, max_size=25), PAUSES)
def test_the_decoder_gives_what_its_model_gives_for_any_bytes(wire, pauses):
    passes(SlipDecoder(), wire, SlipDecoder().compute(wire), pauses)


@pytest.mark.parametrize("wrong", [[ESC, 7, 5], [ESC, ESC, ESC_END], [1, ESC]])
def test_an_escape_that_is_none_spoils_its_frame_alone(wrong):
    items = SlipDecoder().compute([*wrong, END, END, 9, END])
    assert items[-3:] == [item_word(END, end=True, bad=True), item_word(9), item_word(END, end=True)]


@settings(deadline=None, max_examples=10)
@given(CONTENTS, PAUSES)
def test_the_sender_puts_the_crc_behind_a_frame(contents, pauses):
    frames = [bytes([1, 2, *content]) for content in contents]
    expected = [word for f in frames for word in byte_words(Frame(f[0], f[1], f[2:]).content)]
    assert FrameSender().compute(frames) == expected
    passes(FrameSender(), [word for frame in frames for word in byte_words(frame)], expected, pauses)


@st.composite
def stored_frames(draw):
    """Items of frames that are whole, damaged, too short, too long or marked bad."""
    items = []
    for _ in range(draw(st.integers(0, 5))):
        content = bytearray(Frame(draw(BYTES), draw(BYTES), bytes(draw(st.lists(BYTES, max_size=12)))).content)
        if draw(st.booleans()):
            content[draw(st.integers(0, len(content) - 1))] ^= 1 << draw(st.integers(0, 7))
        content = content[: draw(st.sampled_from([len(content), 5, 1]))]
        items += [*map(item_word, content), item_word(END, end=True, bad=draw(st.sampled_from([False, False, True])))]
    return items


@settings(deadline=None, max_examples=16)
@given(stored_frames(), st.sampled_from([8, 16, 32]), PAUSES)
def test_whole_frames_alone_pass_the_receiver(items, memory_bytes, pauses):
    spec = FrameReceiver(memory_bytes)
    passes(spec, items, spec.compute(items), pauses)


@pytest.mark.parametrize("payload_bytes", [0, 1, 8, 9, 10, 11, 40])
def test_the_longest_frame_passes_and_none_beyond(payload_bytes):
    spec = FrameReceiver(16)
    content = Frame(3, 4, bytes(range(payload_bytes))).content
    good = [*map(item_word, Frame(1, 2).content), item_word(END, end=True)]
    items = [*map(item_word, content), item_word(END, end=True), *good]
    expected = (byte_words(content[:-4]) if payload_bytes <= spec.most_payload_bytes == 9 else []) + byte_words(
        [1, 2]
    )
    assert spec.compute(items) == expected
    passes(spec, items, expected, Pauses())


def test_four_bytes_that_are_the_crc_of_nothing_are_no_frame():
    items = [*map(item_word, bytes(4)), item_word(END, end=True)]
    assert FrameReceiver(16).compute(items) == []
    passes(FrameReceiver(16), items, [], Pauses())


@pytest.mark.parametrize("memory_bytes", [4, 12])
def test_a_store_of_another_size_is_refused(memory_bytes):
    with pytest.raises(ValueError, match=f"a store of {memory_bytes} bytes; expected a power of two from 8"):
        FrameReceiver(memory_bytes)


FORMATS = st.sampled_from(
    [BIPOLAR, *map(IntegerFormat.from_name, ("UINT1", "INT4", "INT8", "UINT8", "UINT9", "INT16"))]
)


@settings(deadline=None, max_examples=12)
@given(FORMATS, st.sampled_from([1, 2, 3, 6]), st.integers(0, 2**32 - 1), PAUSES)
def test_a_window_becomes_the_accelerators_words(element, lanes, seed, pauses):
    spec = WindowWords(WordFormat(element, lanes))
    (window,) = random_inputs(element, 6, 1, seed)
    (words,) = spec.words.pack(window[None])
    sent = list(SortRequest(tuple(map(int, window)), element).encode())
    assert spec.compute(sent) == words
    passes(spec, sent, words, pauses)


def test_bits_above_an_element_do_not_count():
    spec = WindowWords(WordFormat(IntegerFormat(12, signed=True), 1))
    assert spec.compute([0x34, 0xF2, 0x34, 0x02]) == [0x234, 0x234]
    passes(spec, [0x34, 0xF2, 0x34, 0x02], [0x234, 0x234], Pauses())


@settings(deadline=None, max_examples=8)
@given(BYTES, BYTES, st.lists(BYTES, min_size=1, max_size=8), st.sampled_from([0.0, 0.5]))
def test_an_answer_has_kind_sequence_and_payload(kind, sequence, payload, stall):
    spec = AnswerBytes(8)
    found = answered(spec, kind, sequence, payload, stall)
    assert found == spec.compute(kind, sequence, payload) == byte_words([kind, sequence, *payload])


def answered(spec, kind, sequence, payload, stall):
    circuit, found, rng = spec.circuit(), [], np.random.default_rng(0)

    async def testbench(ctx):
        ctx.set(circuit.kind, kind)
        ctx.set(circuit.sequence, sequence)
        ctx.set(circuit.follow, len(payload) - 1)
        ctx.set(circuit.due, 1)
        for _ in range(40 + 10 * len(payload)):
            if ctx.get(circuit.left) < len(payload):
                ctx.set(circuit.byte, payload[-1 - ctx.get(circuit.left)])
            tick = ctx.tick().sample(circuit.o.valid & circuit.o.ready, circuit.o.payload, circuit.ends)
            _, _, given_, word, ends = await tick
            if given_:
                found.append(word.data | word.last << 8)
            if ends:
                ctx.set(circuit.due, 0)
            ctx.set(circuit.o.ready, rng.random() >= stall)

    simulated(circuit, testbench)
    return found


SETTINGS = st.builds(Settings, st.sampled_from([0, 3, 8, 13, 27]), st.sampled_from([1, 2, 3, 256]), st.just(0))


@settings(deadline=None, max_examples=16)
@given(SETTINGS.filter(lambda spec: spec.built_in), st.data())
def test_settings_come_into_force_together_or_not_at_all(spec, data):
    margins = st.none() | st.integers(0, 1 << spec.margin_bits) | st.integers(0, 2**32 - 1)
    sets = st.none() | st.integers(0, min(spec.weight_sets, 255))
    asked = data.draw(st.lists(st.builds(SetRequest, margins, sets), min_size=1, max_size=5))
    circuit, in_force = spec.circuit(), (0, 0)
    found, expected = [], []

    async def testbench(ctx):
        for request in asked:
            for place, byte in enumerate(request.encode()):
                ctx.set(circuit.byte, byte)
                ctx.set(circuit.place, place)
                ctx.set(circuit.takes, 1)
                _, _, wrong = await ctx.tick().sample(circuit.wrong)
            ctx.set(circuit.takes, 0)
            found.append((wrong, ctx.get(circuit.margin), ctx.get(circuit.weight_set)))

    simulated(circuit, testbench)
    for request in asked:
        wanted = spec.compute(request, *in_force)
        in_force = wanted or in_force
        expected.append((wanted is None, *in_force))
    assert found == expected

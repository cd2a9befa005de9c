"""The host link around accelerators of every kind: all answers are the integer network's."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from hw.accelerator.accelerator import Accelerator
from hw.accelerator.load import load_frame
from hw.errors import BadInput
from hw.link.frames import CRC_BYTES, END, ESC, HEADER_BYTES, Frame, FrameReader, slip
from hw.link.host_link import HostLink, frame_bytes
from hw.link.protocol import (
    ERROR,
    MOST_COUNT,
    ErrorCode,
    Kind,
    LoadAnswer,
    LoadRequest,
    SetRequest,
    SortAnswer,
    SortRequest,
    Status,
    design_digest,
)
from hw.link.slip import byte_words
from hw.network.types import BIPOLAR, IntegerFormat
from hw.network.vectors import random_inputs
from hw.schedule.timing import with_banks
from hw.simulate.streams import Pauses
from tests.hw.link.bench import assert_answers, simulated
from tests.hw.networks import engine_schedule, random_network, random_schedule, retrained, unrolled

NO_SHRINKING = (Phase.explicit, Phase.generate)
SEEDS = st.integers(0, 2**32 - 1)
INPUTS = st.sampled_from(
    [BIPOLAR, *map(IntegerFormat.from_name, ("UINT1", "INT3", "INT8", "UINT8", "UINT11", "INT16"))]
)
PAUSES = st.sampled_from([Pauses(), Pauses(0.4, 0.4, seed=2), Pauses(stall=0.8, seed=3)])
KINDS = ("folded", "engine", "unrolled", "unrolled whole")


def drawn(seed, kind, element, margin_port=False):
    """A link around a small accelerator of a kind."""
    rng = np.random.default_rng(seed)
    network = random_network(rng, 4, (4, 6), 3, element)
    network = replace(network, margin=int(rng.choice([0, 1 << network.head.fraction_bits])))
    if kind == "engine":
        schedule = engine_schedule(network, 8)
    else:
        schedule = random_schedule(rng, network, unrolled_share=0)
        n_unrolled = {"folded": 0, "unrolled": 1, "unrolled whole": 3}[kind]
        folds = [unrolled(fold) if at < n_unrolled else fold for at, fold in enumerate(schedule.layers)]
        schedule = replace(schedule, layers=with_banks(folds))
    return HostLink(Accelerator(network, replace(schedule, margin_port=margin_port)), bool(rng.integers(2)))


def sorts(link, n, seed=0):
    """Requests for random windows, as bytes of the wire."""
    network = link.accelerator.network
    windows = random_inputs(network.input_format, network.n_inputs, max(n, 4), seed)[:n]
    return [
        Frame(Kind.SORT, at, SortRequest(tuple(map(int, window)), network.input_format).encode()).encode()
        for at, window in enumerate(windows)
    ]


STATUS = Frame(Kind.STATUS, 200).encode()


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, phases=NO_SHRINKING, max_examples=2)
@given(SEEDS, INPUTS, PAUSES, st.booleans())
def test_every_window_has_the_networks_answer(kind, seed, element, pauses, at_once):
    """One after another, or all sent without waiting for an answer."""
    assert_every_window_is_answered(drawn(seed, kind, element), kind, seed, pauses, at_once)


@pytest.mark.slow
@pytest.mark.verify("drawn")
@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, phases=NO_SHRINKING, max_examples=50)
@given(SEEDS, INPUTS, PAUSES, st.booleans())
def test_every_window_has_the_networks_answer_often(kind, seed, element, pauses, at_once):
    """Every window that goes through the host link has the network's answer, whatever accelerator is behind it."""
    assert_every_window_is_answered(drawn(seed, kind, element), kind, seed, pauses, at_once)


def assert_every_window_is_answered(link, kind, seed, pauses, at_once):
    wires = sorts(link, 3, seed)
    pieces = [b"".join(wires), STATUS] if at_once else [STATUS, *wires, STATUS]
    bench = assert_answers(link, pieces, pauses)
    if kind == "unrolled whole":
        assert bench.latencies == [link.accelerator.latency_clocks] * 3, "a window is one word, which never waits"
    status = Status.decode(bench.answers[-1].payload)
    assert (status.good_frames, status.dropped_frames) == (5 - at_once, 0)


def test_an_engine_of_ten_thousand_clocks():
    rng = np.random.default_rng(0)
    network = random_network(rng, 24, (200, 200), 3)
    link = HostLink(Accelerator(network, engine_schedule(network, 8)), has_scores=True)
    bench = assert_answers(link, sorts(link, 1))
    late = 2 * link.window_bytes
    assert 10_000 < link.accelerator.latency_clocks <= bench.latencies[0] <= link.accelerator.latency_clocks + late


def test_a_status_tells_what_was_built():
    link = drawn(5, "folded", IntegerFormat(11, signed=False), margin_port=True)
    accelerator = link.accelerator
    (answer,) = assert_answers(link, [STATUS]).answers
    status = Status.decode(answer.payload)
    assert status.digest == design_digest(accelerator.network.to_json(), accelerator.schedule.to_json())
    assert (status.n_inputs, status.element, status.classes) == (4, accelerator.network.input_format, 3)
    assert (status.margin_bits, status.weight_sets, status.has_loading) == (accelerator.margin_bits, 1, False)
    assert (status.has_scores, status.most_payload_bytes) == (link.has_scores, 505)
    assert (status.good_frames, status.dropped_frames) == (1, 0)


SMALL = drawn(1, "folded", IntegerFormat(8, signed=True))
"""A folded one without anything that can be set."""


DAMAGE = {
    "a wrong bit": lambda content: content[:3] + bytes([content[3] ^ 16]) + content[4:],
    "a wrong CRC": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    "cut short": lambda content: content[:-3],
    "a byte too many": lambda content: content + b"\0",
    "a byte": lambda content: content[:1],
    "too long": lambda content: content + bytes(510),
    "twice": lambda content: content + content,
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("pauses", [Pauses(), Pauses(0.3, 0.5, seed=4)], ids=["full speed", "stalled"])
def test_a_damaged_frame_has_no_answer_and_the_next_has(damage, pauses):
    content = FrameReader().feed(sorts(SMALL, 1)[0])[0].content
    pieces = [slip(DAMAGE[damage](content)), *sorts(SMALL, 1), STATUS]
    bench = assert_answers(SMALL, pieces, pauses)
    assert len(bench.answers) == 2
    assert Status.decode(bench.answers[-1].payload).dropped_frames == 1


@pytest.mark.parametrize(
    "wire",
    [
        bytes([END, 1, 2, ESC, 3, END]),
        bytes([END, 1, 2, ESC, END]),
        bytes([ESC, ESC, END]),
        bytes([END] * 9),
        STATUS[:5] + STATUS,
        STATUS[: len(STATUS) // 2],
    ],
    ids=["no escape", "an escape at the end", "two escapes", "filler", "interrupted", "no end"],
)
def test_bad_escapes_filler_and_frames_that_break_off(wire):
    assert_answers(SMALL, [wire + bytes([END]), *sorts(SMALL, 1), STATUS])


@settings(deadline=None, phases=NO_SHRINKING, max_examples=4)
@given(st.lists(st.sampled_from([END, ESC, 0xDC, 0xDD, 0, 1, 7]), max_size=40), PAUSES)
def test_after_any_bytes_a_good_frame_is_answered(wire, pauses):
    assert_answers(SMALL, [bytes([*wire, END]), *sorts(SMALL, 1), STATUS], pauses)


@pytest.mark.parametrize(
    ("kind", "payload", "error"),
    [
        (0x00, b"", ErrorCode.UNKNOWN_KIND),
        (0x05, b"ab", ErrorCode.UNKNOWN_KIND),
        (0x81, b"", ErrorCode.UNKNOWN_KIND),
        (0x0A, bytes(40), ErrorCode.UNKNOWN_KIND),
        (Kind.SORT, b"", ErrorCode.WRONG_LENGTH),
        (Kind.SORT, bytes(3), ErrorCode.WRONG_LENGTH),
        (Kind.SORT, bytes(5), ErrorCode.WRONG_LENGTH),
        (Kind.STATUS, b"x", ErrorCode.WRONG_LENGTH),
        (Kind.LOAD, b"", ErrorCode.NOT_BUILT_IN),
        (Kind.SET, SetRequest(margin=0).encode(), ErrorCode.NOT_BUILT_IN),
    ],
)
def test_a_whole_frame_that_asks_for_the_impossible_is_told_why(kind, payload, error):
    pieces = [Frame(kind, 77, payload).encode(), *sorts(SMALL, 1)]
    bench = assert_answers(SMALL, pieces)
    assert bench.answers[0] == Frame(ERROR, 77, bytes([error]))


def test_frames_sent_without_waiting_are_answered_in_order():
    wires = sorts(SMALL, 4)
    wrong = Frame(Kind.SORT, 9, b"x").encode()
    bench = assert_answers(SMALL, [wires[0] + wrong + wires[1] + wires[2] + STATUS[1:], wires[3]])
    assert [answer.sequence for answer in bench.answers] == [0, 9, 1, 2, 200, 3]


def test_dropped_frames_are_counted_beyond_a_byte():
    bench = assert_answers(SMALL, [bytes([1, END]) * 260, STATUS])
    assert Status.decode(bench.answers[-1].payload).dropped_frames == 260


@pytest.mark.slow
def test_counters_stay_where_they_are_full():
    circuit, content = SMALL.commands.circuit(), Frame(Kind.STATUS, 1).content
    found = []

    async def testbench(ctx):
        ctx.set(circuit.good, 1)
        ctx.set(circuit.dropped, 1)
        await ctx.tick().repeat(MOST_COUNT + 3)
        ctx.set(circuit.content_bytes, len(content))
        ctx.set(circuit.i.valid, 1)
        ctx.set(circuit.o.ready, 1)
        for word in byte_words(content[:-CRC_BYTES]):
            ctx.set(circuit.i.payload, {"data": word & 0xFF, "last": word >> 8})
            await ctx.tick().until(circuit.i.ready)
        ctx.set(circuit.i.valid, 0)
        while len(found) < HEADER_BYTES + Status.layout.size:
            found.append((await ctx.tick().sample(circuit.o.payload.data).until(circuit.o.valid))[0])

    simulated(circuit, testbench)
    status = Status.decode(bytes(found[HEADER_BYTES:]))
    assert (status.good_frames, status.dropped_frames) == (MOST_COUNT, MOST_COUNT)


@settings(deadline=None, phases=NO_SHRINKING, max_examples=2)
@given(SEEDS, st.sampled_from(["folded", "engine", "unrolled whole"]), PAUSES)
def test_a_margin_is_in_force_from_the_next_window_on(seed, kind, pauses):
    link = drawn(seed, kind, IntegerFormat(8, signed=True), margin_port=True)
    rng = np.random.default_rng(seed)
    bits = link.accelerator.margin_bits
    margins = [0, int(rng.integers(1 << bits)), (1 << bits) - 1, 1 << bits, (1 << 31) + 1]
    pieces = sorts(link, 1, seed)
    for margin in margins:
        pieces += [Frame(Kind.SET, 3, SetRequest(margin=margin).encode()).encode(), *sorts(link, 2, seed)]
    bench = assert_answers(link, pieces, pauses)
    wrong = [answer for answer in bench.answers if answer.kind == ERROR]
    assert wrong == [Frame(ERROR, 3, bytes([ErrorCode.BAD_VALUE]))] * 2
    assert any(SortAnswer.decode(answer.payload).unsorted for answer in bench.answers if answer.kind == 0x81)


def changing(seed, weight_sets, loadable):
    rng = np.random.default_rng(seed)
    network = random_network(rng, 4, (4, 6), 3, IntegerFormat(3, True))
    others = tuple(retrained(rng, network, (True,) * 3) for _ in range(weight_sets - 1))
    schedule = random_schedule(rng, network, "xc7a35t", unrolled_share=0)
    folds = tuple(replace(fold, loadable=loadable) for fold in schedule.layers)
    accelerator = Accelerator(network, replace(schedule, layers=folds, weight_sets=weight_sets), others)
    return HostLink(accelerator, has_scores=True), rng


@settings(deadline=None, phases=NO_SHRINKING, max_examples=2)
@given(SEEDS, st.integers(2, 4), PAUSES)
def test_a_weight_set_is_in_force_from_the_next_window_on(seed, weight_sets, pauses):
    link, _ = changing(seed, weight_sets, loadable=False)
    pieces = sorts(link, 1, seed)
    for weight_set in (weight_sets - 1, weight_sets, 0, 255, 1):
        pieces += [Frame(Kind.SET, 3, SetRequest(weight_set=weight_set).encode()).encode(), *sorts(link, 2, seed)]
    bench = assert_answers(link, pieces, pauses)
    assert sum(answer.kind == ERROR for answer in bench.answers) == 2


def load_pieces(frame, n_bytes):
    parts = [frame[at : at + n_bytes] for at in range(0, len(frame), n_bytes)]
    return [Frame(Kind.LOAD, at, LoadRequest(part, first=at == 0).encode()).encode() for at, part in enumerate(parts)]


@settings(deadline=None, phases=NO_SHRINKING, max_examples=2)
@given(SEEDS, st.integers(1, 2), st.sampled_from([5, 504]), PAUSES)
def test_loaded_weights_sort_the_next_window(seed, weight_sets, n_bytes, pauses):
    """In parts of any size; a frame that is wrong changes nothing, nor does one that is begun anew."""
    link, rng = changing(seed, weight_sets, loadable=True)
    other = retrained(rng, link.accelerator.network, (True,) * 3)
    frame = load_frame(link.accelerator, other, weight_sets - 1)
    choose = (
        [] if weight_sets == 1 else [Frame(Kind.SET, 1, SetRequest(weight_set=weight_sets - 1).encode()).encode()]
    )
    wrong = bytes([frame[0], frame[1] ^ 1]) + frame[2:]
    pieces = [*choose, *sorts(link, 2, seed), *load_pieces(wrong, max(n_bytes, 7)), *sorts(link, 2, seed)]
    pieces += [*load_pieces(frame[:9], n_bytes), *load_pieces(frame, n_bytes), *sorts(link, 4, seed), STATUS]
    bench = assert_answers(link, pieces, pauses, {frame: other})
    status = Status.decode(bench.answers[-1].payload)
    assert (status.load_count, status.load_good) == (2, True)
    assert LoadAnswer.decode(bench.answers[-6].payload) == LoadAnswer(2, True)


def test_a_store_has_room_for_a_window_and_a_window_beyond_any_is_refused():
    assert [frame_bytes(n) for n in (4, 505, 506, 1000, 1018)] == [512, 512, 1024, 1024, 2048]
    network = random_network(np.random.default_rng(0), 1030, (2,), 2, BIPOLAR)
    link = HostLink(Accelerator(network, engine_schedule(network)))
    assert link.receiver.memory_bytes == 2048
    with pytest.raises(BadInput, match="a window of 65600 bytes; expected at most 65529"):
        HostLink(Accelerator(*_wide(65600)))


def _wide(n_inputs):
    network = random_network(np.random.default_rng(0), n_inputs, (), 2, BIPOLAR)
    return network, random_schedule(np.random.default_rng(0), network, unrolled_share=0)

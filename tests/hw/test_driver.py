"""The driver against a board in Python, over lines that lose, change and add bytes."""

from dataclasses import replace

import numpy as np
import pytest

from hw.components.loader import WeightLoader
from hw.driver.exchange import Exchange
from hw.driver.sorter import connect
from hw.errors import BadInput, NoResult
from hw.link.frames import Frame
from hw.link.protocol import ERROR, ErrorCode, Kind, SetAnswer, SortRequest, StatusRequest
from hw.network.decide import decide
from hw.network.types import BIPOLAR, IntegerFormat
from hw.network.vectors import random_inputs
from tests.hw.modelboard import Line, Noise, model_board
from tests.hw.networks import INT8, random_network

NETWORK = random_network(np.random.default_rng(1))
LOADER = WeightLoader(((5, 3), (4, 1)), weight_sets=1, start=7)
CONTENTS = [[1, 2, 3, 4, 5], [6, 7, 8, 9]]


def line_to(network=NETWORK, rate=0.0, seed=0, **built_in):
    return Line(model_board(network, **built_in), Noise(np.random.default_rng(seed), rate))


def answers(sorter, network, n=30, seed=3):
    """What the board answers, and what the network says; units, and best scores where there are any."""
    spikes = random_inputs(network.input_format, network.n_inputs, n, seed)
    given = list(sorter.sort_all(spikes))
    scores = network.scores(spikes)
    expected = zip(decide(scores, network.margin), scores.max(axis=1), strict=True)
    return [(a.unit, a.score) for a in given], [(int(unit), int(score)) for unit, score in expected]


@pytest.mark.parametrize("element", [INT8, BIPOLAR, IntegerFormat(12, True), IntegerFormat(3, False)])
def test_every_answer_is_the_networks(element):
    network = random_network(np.random.default_rng(2), input_format=element)
    sorter = connect(line_to(network))
    given, expected = answers(sorter, network)
    assert given == expected
    assert sorter.exchange.retries == 0
    status = sorter.status()
    assert (status.good_frames, status.dropped_frames, status.element) == (32, 0, element)


@pytest.mark.parametrize("seed", range(4))
def test_no_answer_is_wrong_on_a_line_that_spoils_one_byte_in_seventy(seed):
    sorter = connect(line_to(rate=0.005, seed=seed), attempts=20)
    given, expected = answers(sorter, NETWORK, n=300)
    assert given == expected
    assert sorter.exchange.retries > 10


def test_scores_that_are_not_built_in_are_unknown():
    given, expected = answers(connect(line_to(has_scores=False)), NETWORK)
    assert given == [(unit, None) for unit, _ in expected]


def test_an_answer_that_comes_after_it_was_given_up_is_passed_over():
    """A late answer to another window has a right CRC; its sequence number alone tells."""
    line = line_to()
    sorter = connect(line)
    first, second = random_inputs(INT8, NETWORK.n_inputs, 8, seed=5)[6:]
    late = line.board.receive(Frame(Kind.SORT, 2, SortRequest(tuple(map(int, first)), INT8).encode()).encode())
    line.waiting = Frame(0x81, 200, b"none of ours").encode() + late
    sorter.exchange.sequence = 2
    answer = sorter.sort(second)
    assert (answer.unit, answer.score) == (NETWORK.classes(second[None])[0], NETWORK.scores(second[None]).max())


def test_a_busy_board_is_asked_again_when_the_time_is_over():
    line = line_to()
    sorter = connect(line)
    busy = Frame(ERROR, 2, bytes([ErrorCode.BUSY])).encode()
    write = line.write

    def busy_once(sent):
        write(sent)
        line.waiting, line.write = busy, write

    reads, read = [], line.read

    def counted(timeout_s):
        reads.append(len(line.sent))
        return read(timeout_s)

    line.write, line.read = busy_once, counted
    assert sorter.status().n_inputs == NETWORK.n_inputs
    assert sorter.exchange.retries == 1
    assert reads == [2, 2, 3], "what comes behind BUSY is waited for"


def test_a_silent_board_is_one_line_that_names_the_port_and_what_was_tried():
    line = line_to(rate=1.0)
    with pytest.raises(NoResult, match=r"the board at line does not answer: STATUS was sent 3 times and 0\.5 s"):
        connect(line, attempts=3, timeout_s=0.5)
    assert len(line.sent) == 3
    assert len(set(line.sent)) == 3, "each attempt has a sequence number of its own"


def test_a_board_that_sends_rubbish_without_end_is_given_up():
    line = line_to()
    line.read = lambda timeout_s: bytes(100)
    with pytest.raises(NoResult, match="does not answer"):
        connect(line, attempts=2, timeout_s=0.05)


def test_sequence_numbers_begin_anew_after_255():
    sorter = connect(line_to())
    given, expected = answers(sorter, NETWORK, n=300)
    assert given == expected


def test_another_design_is_refused_unless_any_will_do():
    line = line_to(digest=b"theirs..")
    with pytest.raises(BadInput, match="another design, 7468656972732e2e and not 6f7572732e2e2e2e"):
        connect(line, digest=b"ours....")
    for wanted in (b"theirs..", None):
        assert connect(line, digest=wanted).board.digest == b"theirs.."


def test_a_board_of_another_version_is_one_line():
    class Newer:
        def encode(self):
            return b"\x02 whatever it says"

    line = line_to()
    line.board._status = lambda payload: Newer()
    with pytest.raises(BadInput, match="protocol version 2, this program 1"):
        connect(line)


def test_a_refusal_is_one_line():
    line = line_to()
    line.board.status = replace(line.board.status, n_inputs=5)
    sorter = connect(line)
    line.board.status = replace(line.board.status, n_inputs=6)
    with pytest.raises(NoResult, match="the board at line refuses SORT: WRONG_LENGTH"):
        sorter.sort(np.zeros(5, np.int64))


@pytest.mark.parametrize(
    ("window", "message"),
    [
        (np.zeros(5, np.int64), r"shape \[1, 5\] and type int64: the board takes integers \[n, 6\]"),
        (np.zeros(6), r"type float64"),
        (np.full(6, 128), "the value 128 is no INT8"),
    ],
)
def test_a_window_that_does_not_fit_is_not_sent(window, message):
    line = line_to()
    sorter = connect(line)
    with pytest.raises(BadInput, match=message):
        sorter.sort(window)
    assert len(line.sent) == 1


def test_margin_and_weight_set_hold_for_the_windows_to_come():
    other = random_network(np.random.default_rng(9))
    line = Line(model_board(NETWORK, bytes(8), other, margin_bits=4))
    sorter = connect(line)
    assert sorter.set(margin=5, weight_set=1) == SetAnswer(5, 1)
    given, expected = answers(sorter, replace(other, margin=5))
    assert given == expected
    assert sorter.set(margin=0) == SetAnswer(0, 1)
    assert sorter.set() == SetAnswer(0, 1)


def test_what_cannot_be_set_is_one_line():
    sorter = connect(line_to(margin_bits=4))
    with pytest.raises(BadInput, match="margin 16: the design on the board takes 0 to 15"):
        sorter.set(margin=16)
    with pytest.raises(BadInput, match="weight set 1: the design on the board has a fixed one"):
        sorter.set(weight_set=1)


@pytest.mark.parametrize(("rate", "seed"), [(0.0, 0), (0.005, 1), (0.005, 2)])
def test_weights_are_loaded_whole_on_any_line(rate, seed):
    line = line_to(loader=LOADER, rate=rate, seed=seed)
    done = []
    connect(line, attempts=20).load(LOADER.frame(0, CONTENTS), done.append)
    assert LOADER.compute(line.board.loaded) == (0, CONTENTS)
    assert line.board.status.load_good
    assert done[-1] == 1.0


def test_weights_for_another_design_and_damaged_ones_are_told_of():
    sorter = connect(line_to(loader=LOADER))
    frame = LOADER.frame(0, CONTENTS)
    for wrong in (replace(LOADER, start=8).frame(0, CONTENTS), frame[:-1], frame[:5] + b"\x77" + frame[6:]):
        with pytest.raises(BadInput, match=f"took none of the {len(wrong)} bytes"):
            sorter.load(wrong)
    with pytest.raises(BadInput, match="no loadable layer: make it with --loadable"):
        connect(line_to()).load(frame)
    with pytest.raises(BadInput, match="the frame is empty"):
        sorter.load(b"")


def test_loading_over_a_dead_line_ends():
    line = line_to(loader=LOADER)
    sorter = connect(line, attempts=3)
    line.noise.rate = 0.2
    with pytest.raises(NoResult, match="the board at line"):
        sorter.load(LOADER.frame(0, CONTENTS))


def test_an_exchange_counts_what_it_sends_again():
    line = line_to(rate=0.02, seed=3)
    exchange = Exchange(line, attempts=50)
    for _ in range(40):
        exchange.ask(StatusRequest())
    assert exchange.retries == len(line.sent) - 40 > 0

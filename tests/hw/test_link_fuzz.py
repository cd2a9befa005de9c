"""The host link through a chip's pins: the driver at work on it, and bytes and levels that no driver sends."""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import pytest

from hw.accelerator.accelerator import Accelerator
from hw.accelerator.load import load_frame
from hw.driver.sorter import Sorter, connect
from hw.link.frames import END, FrameReader
from hw.link.host_link import HostLink
from hw.network.decide import decide
from hw.simulate.pins.session import running
from hw.simulate.pins.spi import SpiLine
from hw.simulate.pins.uart import BITS, UartLine
from tests.hw.chips import PINS, compiled
from tests.hw.fuzz import Damage, Requests, spoiled, wrongly_clocked
from tests.hw.modelboard import ModelBoard
from tests.hw.networks import random_network, random_schedule, retrained

DIVISOR = 8
HALF = 4
PATIENCE = 2000
"""Clocks: more than pass from the end of any request to the first byte of its answer."""


@dataclass
class Witness:
    """A line to a chip, and a model board that sees the same bytes.

    What the model answers is what the chip must answer, byte for byte, the counters of a status included.
    """

    line: UartLine | SpiLine
    model: ModelBoard
    name: str = "witnessed line"
    received: bytes = b""
    expected: bytes = b""

    def write(self, sent: bytes) -> None:
        self.line.write(sent)
        self.expected += self.model.receive(sent)

    def read(self, timeout_s: float) -> bytes:
        received = self.line.read(timeout_s)
        self.received += received
        return received

    def settle(self) -> None:
        """Hear as much as the model answers, and hold it against that; what comes too much spoils the next time."""
        expected, heard = FrameReader().feed(self.expected), FrameReader()
        frames = heard.feed(self.received)
        while len(frames) < len(expected) and (received := self.line.read(0)):
            frames += heard.feed(received)
        assert frames == expected
        assert heard.dropped == 0
        self.received = self.expected = b""


@dataclass
class Bench:
    """A chip whose link has everything built in, a driver, and what else may be sent."""

    witness: Witness
    sorter: Sorter
    requests: Requests
    damage: Damage
    rng: np.random.Generator

    def send_damaged(self) -> str:
        """Bytes that no driver sends; what was done to them."""
        way, wire = self.damage.draw()
        # Filler of an SPI, which the model sees only where it is written, ends what has no end.
        filler = bytes([END]) if isinstance(self.witness.line, SpiLine) else b""
        self.witness.write(wire + filler)
        self.witness.settle()
        return way

    def send_spoiled(self) -> bool:
        """A request whose levels are spoiled on the way; whether it was answered for all that.

        Where it was, it is the answer to what was meant; where it was not, it was not carried out.
        """
        line, model = self.witness.line, self.witness.model
        frame = self.requests.frame(SORT=0.6, SET=0.4)
        if isinstance(line, UartLine):
            line.play(spoiled(self.rng, frame.encode(), DIVISOR), 1)
        else:
            line.transfer(wrongly_clocked(self.rng, frame.encode()))
        line.rest(2 * BITS * DIVISOR)  # until a receiver that is out of step has found the end
        line.write(bytes([END]))  # of a frame whose own was spoiled
        heard = FrameReader()
        frames = [found for received in iter(lambda: line.read(0), b"") for found in heard.feed(received)]
        assert heard.dropped == 0
        assert not frames or frames == [model.answer(frame)]
        return bool(frames)

    def next_good_frame_is_answered(self) -> None:
        """By the network in force, at the first attempt."""
        window = self.requests.window()
        answer, model = self.sorter.sort(window), self.witness.model
        scores = model.networks[model.weight_set].scores(window[None])
        assert (answer.unit, answer.score) == (decide(scores, model.margin)[0], scores.max())
        self.witness.settle()

    def compare_status(self) -> None:
        """All of it is as expected, but that the model is told how many frames were dropped."""
        status, model = self.sorter.status(), self.witness.model
        assert status.dropped_frames >= model.reader.dropped
        model.reader.dropped = status.dropped_frames
        model.status = replace(model.status, dropped_frames=status.dropped_frames)
        assert status == model.status
        self.witness.received = self.witness.expected = b""


def design(seed):
    """An accelerator with a margin that can be set, two weight sets, and loadable layers; frames for it."""
    rng = np.random.default_rng(seed)
    network = replace(random_network(rng, n_inputs=6, hidden=(6, 4)), margin=2)
    schedule = random_schedule(rng, network, "xc7a35t", unrolled_share=0)
    layers = tuple(replace(fold, loadable=True) for fold in schedule.layers)
    schedule = replace(schedule, layers=layers, weight_sets=2, margin_port=True)
    accelerator = Accelerator(network, schedule)
    trained = {}
    for weight_set in (0, 1, 0):
        other = retrained(rng, network, [True] * len(layers))
        trained[load_frame(accelerator, other, weight_set)] = other
    return accelerator, trained


ACCELERATOR, TRAINED = design(seed=3)
LINK = HostLink(ACCELERATOR, has_scores=True)


LINES = {
    "uart": lambda session: UartLine(session, DIVISOR, PATIENCE),
    "spi": lambda session: SpiLine(session, HALF, PATIENCE),
}


@pytest.fixture(scope="module")
def program(cache):
    return compiled(LINK, DIVISOR, cache)


@pytest.fixture(params=LINES)
def line(request, program):
    """A line to the chip from its first clock on."""
    with running(program, PINS) as session:
        yield LINES[request.param](session)


def bench_of(line, seed):
    line.rest(4 * BITS * DIVISOR)
    rng = np.random.default_rng(seed)
    status = LINK.commands.status
    networks = [ACCELERATOR.network] * ACCELERATOR.schedule.weight_sets
    model = ModelBoard(networks, status, ACCELERATOR.weights.loader, TRAINED)
    witness = Witness(line, model)
    sorter = connect(witness, status.digest, timeout_s=60.0, attempts=1)
    requests = Requests(rng, sorter.board, sorter.exchange)
    model.latency_clocks = sorter.sort(requests.window()).latency_clocks
    witness.received = witness.expected = b""
    return Bench(witness, sorter, requests, Damage(rng, requests), rng)


def test_the_driver_sorts_sets_and_loads_through_the_pins(line):
    bench = bench_of(line, seed=1)
    bench.compare_status()
    assert bench.sorter.board.digest == LINK.commands.status.digest
    for frame in TRAINED:
        bench.sorter.load(frame)
        for margin, weight_set in ((0, 0), (7, 1), (None, 0)):
            bench.sorter.set(margin, weight_set)
            for _ in range(3):
                bench.next_good_frame_is_answered()
    assert bench.witness.model.networks == [list(TRAINED.values())[2], list(TRAINED.values())[1]]
    bench.compare_status()


def campaign(bench, n_damaged, n_spoiled):
    """Runs both kinds; what was counted."""
    counts = Counter()
    for index in range(n_damaged):
        counts[bench.send_damaged()] += 1
        bench.next_good_frame_is_answered()
        if index % 1000 == 500:
            bench.sorter.load(list(TRAINED)[index // 1000 % len(TRAINED)])
    for index in range(n_spoiled):
        counts["spoiled, answered" if bench.send_spoiled() else "spoiled, dropped"] += 1
        bench.next_good_frame_is_answered()
        if index % 10 == 9:
            bench.compare_status()
    assert bench.witness.line.read(0) == b""
    return counts


def test_damaged_frames_have_no_answer_or_the_right_one(line):
    counts = campaign(bench_of(line, seed=2), 150, 40)
    assert len(counts) == 13, "every way of damage, and spoiled frames that came through"


@pytest.mark.slow
@pytest.mark.verify("fuzzed")
@pytest.mark.parametrize("seed", [3])
def test_ten_thousand_damaged_frames(line, seed, record_property):
    """Frames to a chip, damaged in any way, have no answer or the right one, and the next good one is answered."""
    n = {"uart": (5500, 1500), "spi": (2000, 1000)}["uart" if isinstance(line, UartLine) else "spi"]
    counts = campaign(bench_of(line, seed), *n)
    record_property("frames", sum(counts.values()))
    record_property("clocks", line.session.clock)

"""`spikeloom send` to a board in Python behind a pseudo-terminal."""

import os
import threading
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from flows.runfolder import existing_run_folder
from flows.steps.built import built_accelerator
from hw.link.protocol import design_digest
from hw.network.lower import lower
from hw.network.types import Network
from tests.cross.test_frame import build, model_of
from tests.cross.test_thread import one_line, spikeloom
from tests.hw.modelboard import Noise, model_board


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run that has built gateware of a model from elsewhere, with a margin that can be set."""
    folder = tmp_path_factory.mktemp("built")
    return build(folder / "run", model_of(folder, 1, unsorted=2), "--unsorted-register")


@pytest.fixture(scope="module")
def network(run):
    return Network.from_json((run / "gateware" / "network.json").read_text())


@pytest.fixture(scope="module")
def digest(run):
    return digest_of(run)


def digest_of(run):
    return design_digest(*((run / "gateware" / name).read_text() for name in ("network.json", "schedule.json")))


@contextmanager
def plugged_in(board, noise=None, pulled_after=None):
    """A terminal at whose other end the board answers, until it is pulled after so many frames; its name."""
    ours, theirs = os.openpty()
    noise = noise or Noise(np.random.default_rng(0))

    def answer():
        while board.status.good_frames != pulled_after and (received := _read(ours)):
            os.write(ours, noise.spoil(board.receive(noise.spoil(received))))
        os.close(ours)

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield os.ttyname(theirs)
    finally:
        os.close(theirs)
        thread.join()


def _read(descriptor):
    try:
        return os.read(descriptor, 1024)
    except OSError:  # what a terminal tells whose other end is closed
        return b""


def send(run, port, *words):
    return spikeloom("send", run, "--port", port, "--timeout-s", "0.1", *words)


def figures(result):
    """The row of the table, which is what is printed last; a thin space groups thousands."""
    return [cell.strip() for cell in result.output.splitlines()[-1].split("  ") if cell]


def test_every_answer_of_a_board_is_compared(run, network, digest):
    board = model_board(network, digest, margin_bits=8)
    board.margin = 200  # as somebody else may have left it
    with plugged_in(board) as port:
        result = send(run, port, "--spikes", 150)
    assert result.exit_code == 0, result.output
    assert f"150 random inputs of {run} sent to {port}: each class and score compared" in result.output
    spikes, mismatches, least, most, per_second, retries = figures(result)
    assert (spikes, mismatches, least, most, retries) == ("150", "0", "561 clocks", "561 clocks", "0")
    assert int(per_second.replace("\u202f", "")) > 0
    assert board.status.good_frames == 152


def test_weights_trained_anew_are_loaded_first_and_sort(tmp_path):
    """The board takes the frame that `spikeloom frame` makes, and every answer is the new network's."""
    new, frame = model_of(tmp_path, 2), tmp_path / "weights.frame"
    run = build(tmp_path / "run", model_of(tmp_path, 1), "--loadable", "all", "--weight-sets", 2)
    assert spikeloom("frame", new, run, frame, "--weight-set", 1).exit_code == 0
    accelerator = built_accelerator(existing_run_folder(run))
    network = accelerator.network
    board = model_board(network, digest_of(run), network, loader=accelerator.weights.loader)
    board.trained[frame.read_bytes()] = lower(new)
    with plugged_in(board) as port:
        result = send(run, port, "--load", new, "--weight-set", 1, "--spikes", 40)
        assert result.exit_code == 0, result.output
        assert f"compared with the integer network of {new}" in result.output
        assert figures(result)[:2] == ["40", "0"]
        assert "weight set 2: the design on the board takes 0 to 1" in one_line(send(run, port, "--weight-set", 2))
    assert (board.weight_set, board.status.load_count) == (1, 1)


def test_lost_and_changed_bytes_cost_time_and_no_answer(run, network, digest):
    board = model_board(network, digest, margin_bits=8)
    with plugged_in(board, Noise(np.random.default_rng(2), 0.002)) as port:
        result = send(run, port, "--spikes", 60)
    assert result.exit_code == 0, result.output
    spikes, mismatches, *_, retries = figures(result)
    assert (spikes, mismatches) == ("60", "0")
    assert int(retries) > 0


def test_a_board_that_sorts_otherwise_is_told_of(run, network, digest):
    head = replace(network.head, offsets=network.head.offsets + np.array([9, 0, 0]))
    with plugged_in(model_board(replace(network, head=head), digest, margin_bits=8)) as port:
        result = send(run, port, "--spikes", 20)
    assert result.exit_code == 1
    assert "first mismatch: spike 0: unit 0, score" in result.output
    assert figures(result)[1] != "0"


def test_another_design_is_refused_unless_any_will_do(run, network, digest):
    with plugged_in(model_board(network, b"another.", margin_bits=8)) as port:
        assert f"holds another design, {b'another.'.hex()} and not {digest.hex()}" in one_line(send(run, port))
        assert send(run, port, "--any-design", "--spikes", 3).exit_code == 0


def test_a_board_that_is_pulled_out_is_one_line(run, network, digest):
    with plugged_in(model_board(network, digest, margin_bits=8), pulled_after=20) as port:
        assert f"port {port} is gone: " in one_line(send(run, port))


def test_what_cannot_be_sent_is_one_line(run, network, tmp_path):
    with plugged_in(model_board(network), Noise(np.random.default_rng(0), 1.0)) as silent:
        assert f"the board at {silent} does not answer: STATUS was sent 5 times" in one_line(send(run, silent))
    with plugged_in(model_board(network)) as port:
        assert f"port {port} cannot be opened: " in one_line(send(run, port, "--baud", 10**12))
    (tmp_path / "file").write_text("no port")
    for folder, port, words, message in (
        (run, "/dev/no-such-port", (), "port /dev/no-such-port cannot be opened: there is no such port; "),
        (run, tmp_path / "file", (), "cannot be opened: Could not configure port"),
        (run, "/dev/null", ("--spikes", "all"), "--spikes all: with a model from elsewhere, a number is wanted"),
        (tmp_path, "/dev/null", (), "holds no run"),
    ):
        assert message in one_line(send(folder, port, *words))

"""Weights trained anew as a file of bytes that running gateware takes, through the command line."""

import json
from pathlib import Path

import numpy as np
import pytest

from hw.accelerator.accelerator import Accelerator
from hw.network.lower import lower
from hw.network.types import Network
from hw.schedule.types import Schedule
from hw.simulate.streams import Pauses
from tests.cross.test_thread import one_line, spikeloom
from tests.hw.graphs import random_graph, write
from tests.hw.traffic import Bench, expected


def model_of(folder: Path, seed: int, hidden=(8, 6), unsorted=None) -> Path:
    graph = random_graph(np.random.default_rng(seed), 6, hidden, 3, "INT8", "gemm")
    if unsorted is not None:
        graph.metadata_props.add(key="spikeloom", value=json.dumps({"unsorted": {"margin": unsorted}}))
    return write(graph, folder / f"model{seed}.onnx")


def build(run: Path, model: Path, *words) -> Path:
    words = ("--cycles", 64, "--random-inputs", 10, "--spikes", 2, "--to", "gateware", *words)
    result = spikeloom("hw", "--model", model, "--out", run, *words)
    assert result.exit_code == 0, result.output
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run that has built loadable gateware with two weight sets."""
    folder = tmp_path_factory.mktemp("built")
    return build(folder / "run", model_of(folder, 1), "--loadable", "all", "--weight-sets", 2)


def test_gateware_takes_the_frame_of_a_network_trained_anew(run, tmp_path):
    """Every answer for the set that was loaded is the new network's, every other one the old network's."""
    model, path = model_of(tmp_path, 2), tmp_path / "weights.frame"
    result = spikeloom("frame", model, run, path, "--weight-set", 1)
    assert result.exit_code == 0, result.output
    frame = path.read_bytes()
    assert f"{len(frame)} bytes for weight set 1" in result.output
    texts = [(run / "gateware" / name).read_text() for name in ("network.json", "schedule.json")]
    old, new = Network.from_json(texts[0]), lower(model)
    bench = Bench(Accelerator(old, Schedule.from_json(texts[1])), 0, Pauses())
    bench.run(bench.traffic([frame]), bench.traffic(more=12))
    assert (bench.count, bench.good) == (1, 1)
    assert {spike.weight_set for spike in bench.spikes.taken} == {0, 1}
    for spike, answer in zip(bench.spikes.taken, bench.answers.rows(), strict=True):
        assert np.array_equal(answer, expected((old, new)[spike.weight_set], spike.values))


def test_a_frame_that_cannot_be_is_refused_in_one_line(run, tmp_path):
    model, path = model_of(tmp_path, 2), tmp_path / "weights.frame"
    (tmp_path / "broken.onnx").write_bytes(b"no graph")
    fixed = build(tmp_path / "fixed", model)
    for words, message in (
        ((model, run, path, "--weight-set", 2), "weight set 2: the design has sets 0 to 1"),
        ((model_of(tmp_path, 3, hidden=(8, 4)), run, path), "4 x 8 weights"),
        ((tmp_path / "none.onnx", run, path), "none.onnx"),
        ((tmp_path / "broken.onnx", run, path), "broken.onnx"),
        ((model, tmp_path, path), "holds no run"),
        ((model, fixed, path), "no loadable layer: make it with --loadable"),
        ((model, run, tmp_path / "nowhere" / "weights.frame"), "there is no folder"),
        ((model, run, model), "is there already"),
    ):
        assert message in one_line(spikeloom("frame", *words))
        assert not path.exists()
    (tmp_path / "fixed" / "manifest.json").write_text(
        json.dumps({"program": "spikeloom", "schema": 1, "steps": {}}), encoding="utf-8"
    )
    assert "holds no gateware yet" in one_line(spikeloom("frame", model, fixed, path))


def test_a_frame_carries_no_margin(tmp_path):
    """The circuit's constant stays: a model that states another margin is refused, unless the run set its own."""
    old, new = model_of(tmp_path, 1, unsorted=2), model_of(tmp_path, 2, unsorted=3)
    run = build(tmp_path / "stated", old, "--loadable", "all")
    assert "margin is 3, the circuit's 2" in one_line(spikeloom("frame", new, run, tmp_path / "one.frame"))
    run = build(tmp_path / "chosen", old, "--loadable", "all", "--unsorted-margin", 4)
    result = spikeloom("frame", new, run, tmp_path / "two.frame")
    assert result.exit_code == 0, result.output

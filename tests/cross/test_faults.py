"""Flipped bits through the command line, on a graph from elsewhere."""

import csv
import json

import numpy as np
import pytest

from tests.cross.test_thread import one_line, spikeloom
from tests.hw.graphs import random_graph, write


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    graph = random_graph(np.random.default_rng(1), 16, (24, 16), 4, "INT8", "gemm")
    return write(graph, tmp_path_factory.mktemp("models") / "small.onnx")


def injected(model, out, *words):
    result = spikeloom(
        "faults", "--model", model, "--out", out, "--spikes", 200, "--draws", 4, "--most-flips", 16, *words
    )
    assert result.exit_code == 0, result.output
    return result.output


def test_flips_without_labels_tell_of_agreement_alone(model, tmp_path):
    output = injected(model, tmp_path)
    assert "Flipped bits: agreement" in output and "Flipped bits: accuracy" not in output
    assert "200 random inputs" in output
    with (tmp_path / "faults/upsets.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["labels"] for row in rows} == {row["accuracy_mean"] for row in rows} == {""}
    everywhere = [row for row in rows if row["memory"] == "all memories"]
    assert [int(row["flips"]) for row in everywhere] == [1, 2, 4, 8, 16]
    assert all(float(row["agreement_least"]) <= float(row["agreement_mean"]) <= 1 for row in everywhere)
    assert float(everywhere[-1]["agreement_least"]) < 1
    points = json.loads((tmp_path / "faults/upsets.json").read_text())["points"]
    assert {len(point["accuracy"]["agreement"]) for point in points} == {4}
    assert (tmp_path / "faults/upsets.png").read_bytes().startswith(b"\x89PNG")


def test_a_seed_gives_the_same_files_and_another_one_others(model, tmp_path):
    for folder, seed in (("one", 1), ("again", 1), ("other", 2)):
        injected(model, tmp_path / folder, "--seed", seed)
    one, again, other = (
        {path.name: path.read_bytes() for path in (tmp_path / folder / "faults").iterdir()}
        for folder in ("one", "again", "other")
    )
    assert one == again
    assert one["upsets.csv"] != other["upsets.csv"]


def test_an_engine_has_its_memories_too_and_constants_have_none(model, tmp_path):
    assert "offsets" in injected(model, tmp_path / "engine", "--architecture", "engine", "--cycles", 4000)
    constants = ("--device", "xc7a35t", "--storage", "constant,constant,constant")
    result = spikeloom("faults", "--model", model, "--out", tmp_path / "unrolled", *constants)
    assert "no memory holds weights or thresholds: every layer is unrolled" in one_line(result)


@pytest.mark.parametrize(
    ("option", "wanted"), [("--draws", "1 to 10000"), ("--most-flips", "at least 1"), ("--spikes", "1 to 10000000")]
)
def test_a_number_out_of_range_is_one_line(model, tmp_path, option, wanted):
    result = spikeloom("faults", "--model", model, "--out", tmp_path, option, 0)
    assert one_line(result) == f"error: {option} 0: {wanted} is wanted"

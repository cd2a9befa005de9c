"""Foldings through the command line: what `explore` lists can be built, and what is given is taken."""

import csv
import json

import numpy as np
import pytest

from hw.schedule.types import Schedule
from tests.cross.test_thread import spikeloom
from tests.hw.graphs import random_graph, write


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    graph = random_graph(np.random.default_rng(1), 16, (24, 16), 4, "INT8", "gemm")
    return write(graph, tmp_path_factory.mktemp("models") / "small.onnx")


def explored(model, out, *words):
    result = spikeloom("explore", model, "--out", out, *words)
    assert result.exit_code == 0, result.output
    with (out / "explore/front.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def folded(model, out, *words):
    words = ("hw", "--model", model, "--to", "fold", "--random-inputs", 10, "--out", out, *words)
    result = spikeloom(*words)
    assert result.exit_code == 0, result.output
    return Schedule.from_json((out / "fold/schedule.json").read_text())


def test_what_explore_lists_is_what_hw_builds(model, tmp_path):
    row = explored(model, tmp_path / "front", "--architecture", "pipeline")[40]
    given = ("--pe", row["pe"], "--simd", row["simd"], "--storage", row["weight_storage"])
    given = (*given, "--count-tables", row["count_tables"])
    schedule = folded(model, tmp_path / "built", *given)
    assert ",".join(str(fold.pe) for fold in schedule.layers) == row["pe"]
    assert ",".join(fold.weight_storage for fold in schedule.layers) == row["weight_storage"]
    assert ",".join(str(fold.count_tables) for fold in schedule.layers) == row["count_tables"]
    summary = json.loads((tmp_path / "built/fold/summary.json").read_text())
    assert summary["initiation_interval_cycles"] == int(row["interval_clocks"])


def test_every_figure_says_that_it_is_analytic_and_unknown_energy_is_empty(model, tmp_path):
    rows = explored(model, tmp_path / "up5k")
    assert all(row["provenance"] == "analytic" for row in rows)
    assert all(0 < float(row["energy_low_nj"]) < float(row["energy_high_nj"]) for row in rows)
    assert (tmp_path / "up5k/explore/front.png").read_bytes().startswith(b"\x89PNG")
    elsewhere = explored(model, tmp_path / "xc7", "--device", "xc7a35t", "--pe", "2,2,2")
    assert {row["energy_low_nj"] for row in elsewhere} == {""}
    report = json.loads((tmp_path / "xc7/report.json").read_text())
    design = report["front"]["designs"][0]
    assert (design["energy_low"]["value"], design["luts"]["provenance"]) == (None, "analytic")


def test_an_engine_is_taken_where_it_is_asked_for_or_cheaper(model, tmp_path):
    assert folded(model, tmp_path / "asked", "--architecture", "engine", "--cycles", 2000).engine is not None
    report = json.loads((tmp_path / "asked/report.json").read_text())
    assert "of the one engine" in report["network"]["layers"][0]["why"]
    result = spikeloom(
        "hw", "--model", model, "--out", tmp_path / "asked", "--architecture", "engine", "--pe", "1,1,1"
    )
    assert "PE, SIMD, storage and changing weights of layers belong to a pipeline" in result.stderr


def test_the_report_tells_what_was_searched_and_why(model, tmp_path):
    folded(model, tmp_path, "--rate", 500_000)
    network = json.loads((tmp_path / "report.json").read_text())["network"]
    assert "Chosen for up5k and 24 clocks an inference (500000 a second at 12 MHz)" in network["chosen"]
    assert (
        "foldings of PE, SIMD and storage, and engines: none that meets the target and fits is cheaper"
        in network["chosen"]
    )
    assert any("clocks, the slowest layer; " in layer["why"] for layer in network["layers"])


@pytest.mark.parametrize(("tables", "blocks"), [(0, 2), (4, 1)])
def test_block_memories_for_weights_are_told_without_what_count_tables_hold(model, tmp_path, tables, blocks):
    folding = ("--pe", "1,1,1", "--simd", "16,24,16", "--storage", "logic,block,logic")
    folded(model, tmp_path, *folding, "--count-tables", f"0,{tables},0")
    layer = json.loads((tmp_path / "report.json").read_text())["network"]["layers"][1]
    assert f"; {blocks} of 30 EBR for weights" in layer["why"]


def test_a_schedule_is_taken_as_it_is_given(model, tmp_path):
    chosen = folded(model, tmp_path / "chosen", "--cycles", 64)
    file = tmp_path / "chosen/fold/schedule.json"
    assert folded(model, tmp_path / "taken", "--schedule", file) == chosen
    result = spikeloom("hw", "--model", model, "--out", tmp_path / "taken", "--schedule", file, "--device", "hx8k")
    assert result.stderr == f"error: --schedule {file}: made for up5k; give --device up5k with it\n"
    result = spikeloom("hw", "--model", model, "--out", tmp_path / "taken", "--schedule", file, "--cycles", 8)
    assert result.stderr == f"error: --schedule {file}: no other option of the folding goes with it\n"


def test_a_target_out_of_reach_is_an_error_with_what_can_be(model, tmp_path):
    words = ("hw", "--model", model, "--random-inputs", 10, "--to", "fold", "--out", tmp_path)
    result = spikeloom(*words, "--device", "hx1k", "--latency-us", 1)
    assert result.exit_code == 1
    assert "a latency of 12 clocks (1.00 µs at 12 MHz) cannot be met: hx1k holds 1280 LUTs" in result.stderr
    assert not (tmp_path / "fold").exists()


def test_changing_weights_go_through_the_whole_flow_and_into_the_report(model, tmp_path):
    words = ("--random-inputs", 10, "--out", tmp_path, "--cycles", 64, "--loadable", "all", "--weight-sets", 2)
    result = spikeloom("sim", "--model", model, "--spikes", 4, *words)
    assert result.exit_code == 0, result.output
    schedule = Schedule.from_json((tmp_path / "fold/schedule.json").read_text())
    assert schedule.weight_sets == 2 and all(fold.loadable for fold in schedule.layers)
    chosen = json.loads((tmp_path / "report.json").read_text())["network"]["chosen"]
    names = ", ".join(fold.name for fold in schedule.layers)
    assert f"2 weight sets: each spike chooses one. Written at run time, with a spare bank: {names}." in chosen
    result = spikeloom("hw", "--model", model, "--out", tmp_path / "other", "--loadable", "nothing")
    assert "loadable layer nothing: the layers are" in result.stderr


def test_a_folding_tells_its_clock_where_placements_were_measured(model, tmp_path):
    def told(device):
        folded(model, tmp_path / device, "--device", device)
        clock = json.loads((tmp_path / device / "fold/summary.json").read_text())["fmax_estimate"]
        return clock, json.loads((tmp_path / device / "report.json").read_text())["network"]["chosen"]

    clock, folding = told("up5k")
    assert clock["low"] < clock["mhz"] < clock["high"]
    assert f"a clock of about {clock['mhz']:.0f} MHz" in folding
    assert told("xc7a35t")[0] is None


def test_a_clock_that_the_cheapest_folding_would_miss_asks_for_deep_pipelines(model, tmp_path):
    def depths(clock_mhz):
        schedule = folded(model, tmp_path / str(clock_mhz), "--architecture", "pipeline", "--clock-mhz", clock_mhz)
        return {fold.deep_pipeline for fold in schedule.layers}

    assert depths(12) == {False}
    assert depths(100) == {True}

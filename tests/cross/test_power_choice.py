"""The least power through the command line: what it lists, what it refuses, and what stays unknown."""

import csv
import json

import numpy as np
import pytest

from tests.cross.test_thread import spikeloom
from tests.hw.graphs import random_graph, write


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    graph = random_graph(np.random.default_rng(1), 16, (24,), 4, "INT8", "gemm")
    return write(graph, tmp_path_factory.mktemp("models") / "small.onnx")


@pytest.fixture(scope="module")
def asked(model, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "asked"
    result = spikeloom("power", model, "--rate", 50, "--channels", 16, "--out", out)
    assert result.exit_code == 0, result.output
    return out


def rows(out):
    with (out / "working-points/working_points.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def report(out):
    return json.loads((out / "report.json").read_text())


def test_channels_share_a_sorter_and_the_last_demand_is_what_was_asked(asked):
    assert list(dict.fromkeys(int(row["channels"]) for row in rows(asked))) == [1, 2, 4, 8, 16]
    best = {int(row["channels"]): float(row["channel_high_uw"]) for row in reversed(rows(asked))}
    assert sorted(best.values(), reverse=True) == [best[channels] for channels in sorted(best)]


def test_the_least_power_comes_first_and_every_row_keeps_its_bounds(asked):
    last = [row for row in rows(asked) if row["channels"] == "16"]
    middles = [float(row["total_low_uw"]) + float(row["total_high_uw"]) for row in last]
    assert middles == sorted(middles)
    for row in rows(asked):
        assert 0 < float(row["core_low_uw"]) < float(row["total_low_uw"]) < float(row["total_high_uw"])
        assert float(row["delay_99_ms"]) <= 10.0
        assert row["provenance"] == "analytic"


def test_a_fast_design_whose_clock_stops_takes_less_than_the_smallest(asked):
    energies = {row["name"]: row for row in report(asked)["working_points"]["energies"]}
    fast, small = energies["least power"], energies["fewest LUTs"]
    assert small["luts"] < fast["luts"]
    assert small["latency_clocks"] > fast["latency_clocks"]
    assert fast["stops"]["high"] < small["stops"]["low"]


def test_a_design_that_is_compared_reaches_the_clock_that_it_needs(model, tmp_path):
    """At so many spikes the smallest designs that the clock would allow are estimated to be slower than it."""
    words = ("--rate", 1e6, "--channels", 3, "--most-mhz", 1000, "--out", tmp_path / "run")
    assert spikeloom("power", model, *words).exit_code == 0
    for row in report(tmp_path / "run")["working_points"]["energies"]:
        assert row["slowest"]["value"] < 60, row["name"]


def test_the_best_design_can_be_built(model, asked, tmp_path):
    schedule = asked / "working-points/schedule.json"
    words = ("hw", "--model", model, "--schedule", schedule, "--to", "fold", "--random-inputs", 10)
    result = spikeloom(*words, "--out", tmp_path / "built")
    assert result.exit_code == 0, result.output
    built = json.loads((tmp_path / "built/fold/summary.json").read_text())
    best = next(row for row in report(asked)["working_points"]["rows"] if row["channels"] == 16)
    assert built["initiation_interval_cycles"] == best["interval_clocks"]


def test_the_report_draws_and_shows_what_others_built(asked):
    told = report(asked)
    assert [picture["path"] for picture in told["pictures"]] == ["working-points/power.png"]
    assert (asked / "working-points/power.png").read_bytes().startswith(b"\x89PNG")
    assert len(told["published_sorters"]) >= 6
    for sorter in told["published_sorters"]:
        assert sorter["doi"] is None or sorter["doi"].startswith("10.")
        assert sorter["scope"]
        assert sorter["evidence"]
    assert any(sorter["channel_microwatts"] is None for sorter in told["published_sorters"])


def test_the_same_demand_gives_the_same_bytes(model, asked, tmp_path):
    assert spikeloom("power", model, "--rate", 50, "--channels", 16, "--out", tmp_path / "again").exit_code == 0
    for name in ("working_points.csv", "power.png"):
        again = tmp_path / "again/working-points" / name
        assert again.read_bytes() == (asked / "working-points" / name).read_bytes()


def test_without_a_rate_several_are_looked_at(model, tmp_path):
    assert spikeloom("power", model, "--channels", 4, "--out", tmp_path / "run").exit_code == 0
    seen = list(dict.fromkeys((row["channels"], row["rate_per_s"]) for row in rows(tmp_path / "run")))
    assert seen == [(channels, rate) for channels in ("1", "16", "4") for rate in ("1", "10", "50", "100")]


def test_a_demand_for_which_every_design_is_too_slow_is_told_so(model, tmp_path):
    words = ("--rate", 1e6, "--channels", 100, "--most-mhz", 1000, "--out", tmp_path / "run")
    result = spikeloom("power", model, *words)
    assert result.exit_code == 1
    assert "--most-mhz" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_device_that_nobody_has_measured_stays_unknown(model, tmp_path):
    result = spikeloom("power", model, "--rate", 50, "--device", "lfe5u-25f", "--out", tmp_path / "run")
    assert result.exit_code == 0, result.output
    assert "unknown" in result.output
    told = report(tmp_path / "run")["working_points"]
    assert told["rows"] == []
    assert told["n_designs"] is told["path"] is told["nanowatts_per_picojoule"] is None


def test_spikes_that_nothing_keeps_up_with_are_an_error_with_the_clock_that_would(model, tmp_path):
    result = spikeloom("power", model, "--rate", 1e6, "--channels", 1000, "--out", tmp_path / "run")
    assert result.exit_code == 1
    assert "need a clock of" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1

"""The whole thread through the command line, on a small network; and what it says to mistakes."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from rich.console import Console
from typer.testing import CliRunner

from flows import steps
from flows.cli import app
from flows.commands.session import Session
from tests.hw.graphs import random_graph, write

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def spikeloom(*words):
    # Wide, so that no message is broken into lines.
    return CliRunner().invoke(app, [str(word) for word in words], obj=Session(Console(width=200), steps))


def summary(run, step):
    return json.loads((run / step / "summary.json").read_text())


def accuracy(run, model, against="true units"):
    rows = [
        row
        for step in ("presort", "train", "export")
        for row in summary(run, step)["report"].get("accuracy", [])
        if row["model"].startswith(model) and row["against"] == against and row["overlapping_counted"]
    ]
    return rows[0]["mean"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A small network from recording to netlist."""
    folder = tmp_path_factory.mktemp("runs") / "small"
    small = ("--duration-s", 30, "--hidden", "32,32", "--epochs", 20, "--seeds", "0,1")
    for words in (
        ("train", *small),
        ("sim", "--spikes", 12, "--random-inputs", 5000, "--vcd"),
        ("hw", "--spikes", 12, "--random-inputs", 5000),
    ):
        result = spikeloom(*words, "--out", folder)
        assert result.exit_code == 0, result.output
    return folder


def test_a_small_network_sorts_the_default_recording(run):
    assert accuracy(run, "1-bit network") > 0.97


def test_every_comparison_is_in_the_report_and_is_clean(run):
    report = json.loads((run / "report.json").read_text())
    (simulation,) = report["simulations"]
    assert simulation["n_spikes"] == 12
    assert (simulation["class_mismatches"], simulation["layer_word_mismatches"]) == (0, 0)
    check = report["reference_check"]
    assert check["n_random"] == 5000
    assert (check["class_mismatches"], check["layer_word_mismatches"], check["score_mismatches"]) == (0, 0, 0)
    assert {row["device"] for row in report["resources"]} == {"up5k", "xc7a35t"}
    memory = next(part for part in report["power"]["parts"] if part["name"] == "block RAM")
    assert 0 < memory["low"]["value"] < memory["high"]["value"]
    assert "not measured on iCE40" in memory["low"]["note"]
    assert report["power"]["unknown_parts"] == ["pins"]


def test_carry_cells_and_large_memories_stand_beside_lookup_tables(run):
    report = json.loads((run / "report.json").read_text())
    whole = {(row["device"], row["resource"]): row for row in report["resources"]}
    spram = whole["up5k", "SPRAM"]
    assert (spram["analytic"]["value"], spram["synthesised"]["value"], spram["available"]) == (0, 0, 4)
    assert ("xc7a35t", "SPRAM") not in whole
    for device, kind in (("up5k", "SB_CARRY"), ("xc7a35t", "CARRY4")):
        row = whole[device, kind]
        of_parts = [part for part in report["part_resources"] if (part["device"], part["resource"]) == (device, kind)]
        assert abs(row["difference"]) <= 0.15
        assert sum(part["synthesised"]["value"] for part in of_parts) == row["synthesised"]["value"]


def test_hw_leaves_what_an_fpga_engineer_takes_away(run):
    assert {path.name for path in (run / "gateware").iterdir()} == {
        "spikeloom_sorter.il",
        "spikeloom_sorter.v",
        "spikeloom_sorter_template.v",
        "spikeloom_sorter_tb.sv",
        "spikes.hex",
        "units.hex",
        "network.json",
        "schedule.json",
        "summary.json",
    }
    assert (run / "simulate" / "waveforms.vcd").read_text().startswith("$")


def test_flipped_bits_are_judged_by_the_true_units(run):
    result = spikeloom("faults", "--draws", 3, "--most-flips", 8, "--spikes", 100, "--out", run)
    assert result.exit_code == 0, result.output
    assert "Against true units, over 100 test spikes" in result.output
    upsets = json.loads((run / "report.json").read_text())["upsets"]
    assert (upsets["labels"], upsets["n_spikes"], upsets["draws"]) == ("true units", 100, 3)
    assert upsets["accuracy"] > 0.97
    everywhere, *memories = upsets["places"]
    assert everywhere["bits"] == sum(place["bits"] for place in memories)
    assert [point["flips"] for point in everywhere["points"]] == [1, 2, 4, 8]
    assert all(abs(point["accuracy_mean"] - point["agreement_mean"]) <= 0.03 for point in everywhere["points"])


def test_nothing_of_the_machine_stands_in_the_results(run):
    home = str(Path.home()).encode(), str(run.parent).encode(), str(Path.cwd()).encode()
    texts = [path for path in run.rglob("*") if path.is_file()]
    assert not [path.name for path in texts if any(place in path.read_bytes() for place in home)]


def test_the_same_command_gives_the_same_files(run, tmp_path):
    again = tmp_path / "again"
    small = ("--duration-s", 30, "--hidden", "32,32", "--epochs", 20, "--seeds", "0,1")
    assert spikeloom("train", *small, "--out", again).exit_code == 0
    manifests = [json.loads((folder / "manifest.json").read_text()) for folder in (run, again)]
    for step in ("recording", "spikes", "presort", "train", "export"):
        assert manifests[0]["steps"][step]["outputs"] == manifests[1]["steps"][step]["outputs"]


def test_a_graph_from_elsewhere_needs_no_recording(tmp_path):
    model = write(random_graph(np.random.default_rng(1), 16, (24, 16), 4, "INT8", "gemm"), tmp_path / "foreign.onnx")
    out = tmp_path / "out"
    result = spikeloom("sim", "--model", model, "--spikes", 20, "--out", out)
    assert result.exit_code == 0, result.output
    (simulation,) = json.loads((out / "report.json").read_text())["simulations"]
    assert simulation["vectors"] == "random inputs"
    assert (simulation["class_mismatches"], simulation["layer_word_mismatches"]) == (0, 0)


def test_a_network_is_written_as_a_finn_style_graph(tmp_path):
    model = write(random_graph(np.random.default_rng(1), 16, (24, 16), 4, "INT8", "gemm"), tmp_path / "foreign.onnx")
    result = spikeloom("finn", model, tmp_path / "finn.onnx")
    assert result.exit_code == 0, result.output
    assert "every layer equal on 100 random inputs" in result.output
    kinds = [node.op_type for node in onnx.load(tmp_path / "finn.onnx").graph.node]
    assert kinds[:4] == ["MatMul", "MultiThreshold", "XnorPopcountMatMul", "MultiThreshold"]
    assert "is there already" in one_line(spikeloom("finn", model, tmp_path / "finn.onnx"))
    assert "holds no run" in one_line(spikeloom("finn", tmp_path, tmp_path / "other.onnx"))
    out = tmp_path / "out"
    assert spikeloom("hw", "--model", model, "--random-inputs", 50, "--to", "lower", "--out", out).exit_code == 0
    assert spikeloom("finn", out, tmp_path / "again.onnx").exit_code == 0
    assert (tmp_path / "again.onnx").read_bytes() == (tmp_path / "finn.onnx").read_bytes()


def test_unsorted_goes_through_the_whole_thread(tmp_path):
    model = write(random_graph(np.random.default_rng(4), 16, (24, 16), 4, "INT8", "gemm"), tmp_path / "foreign.onnx")
    out = tmp_path / "out"
    words = ("sim", "--model", model, "--spikes", 20, "--random-inputs", 500, "--out", out)
    result = spikeloom(*words, "--unsorted-margin", 3, "--unsorted-register")
    assert result.exit_code == 0, result.output
    report = json.loads((out / "report.json").read_text())
    (simulation,) = report["simulations"]
    assert 8 < simulation["n_unsorted"] < 20
    assert (simulation["class_mismatches"], simulation["layer_word_mismatches"]) == (0, 0)
    assert report["network"]["unsorted"] == (
        "unsorted where the best score leads by less than 3 (from the command line; an input that may change between "
        "spikes)"
    )
    assert "from 0 to 32 is wanted" in one_line(spikeloom(*words, "--unsorted-margin", 33))


def test_a_margin_that_the_file_carries_with_its_calibration_is_told_as_the_files(tmp_path):
    graph = random_graph(np.random.default_rng(4), 16, (24, 16), 4, "INT8", "gemm")
    stated = {"unsorted": {"margin": 3, "calibration": {"keeps": 0.99}}}
    onnx.helper.set_model_props(graph, {"spikeloom": json.dumps(stated)})
    out = tmp_path / "out"
    result = spikeloom("hw", "--model", write(graph, tmp_path / "own.onnx"), "--to", "fold", "--out", out)
    assert result.exit_code == 0, result.output
    network = json.loads((out / "report.json").read_text())["network"]
    assert network["unsorted"].endswith("less than 3 (from the model's file; a constant)")


@pytest.mark.skipif(not DATA.is_dir(), reason="the recordings are not beside the checkout")
@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("quiroga2004_easy1_noise010", 0.99),
        ("hc1_d533101_first160s", None),
        ("martinez2009_simulation1", None),
        ("quiroga2004_easy1_noise015_raw_2s", None),
    ],
)
def test_recordings_of_others(tmp_path, name, least):
    result = spikeloom("train", "--recording", DATA / f"{name}.npz", "--seeds", "0", "--out", tmp_path / "run")
    assert result.exit_code == 0, result.output
    found = accuracy(tmp_path / "run", "1-bit network")
    assert 0 <= found <= 1
    assert least is None or found >= least


def one_line(result):
    assert result.exit_code == 1
    lines = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, result.output
    assert "Traceback" not in result.output
    return lines[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "a file that is there"),
        (b"no archive", "bad.npz"),
        ({"raw": np.zeros(50_000) * np.nan, "sampling_rate_hz": 24_000.0}, "bad.npz"),
        ({"raw": np.zeros(1), "sampling_rate_hz": 24_000.0}, "bad.npz"),
        ({"raw": np.zeros(50_000), "sampling_rate_hz": 24_000.0}, "channel 0 is flat"),
    ],
    ids=["missing", "unreadable", "NaN", "one sample", "flat"],
)
def test_a_bad_recording_is_one_line(tmp_path, content, message):
    path = tmp_path / "bad.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        np.savez(path, **content)
    assert message in one_line(spikeloom("train", "--recording", path, "--out", tmp_path / "run"))
    assert not (tmp_path / "run" / "spikes").exists()


def foreign(tmp_path, hidden=(256, 256)):
    path = tmp_path / "foreign.onnx"
    write(random_graph(np.random.default_rng(0), 48, hidden, 5, "INT8", "matmul"), path)
    return path


def test_a_graph_with_an_unsupported_node_is_one_line(tmp_path):
    model = onnx.load(foreign(tmp_path, (8,)))
    next(node for node in model.graph.node if node.op_type == "BatchNormalization").op_type = "InstanceNormalization"
    onnx.save(model, tmp_path / "foreign.onnx")
    result = spikeloom("hw", "--model", tmp_path / "foreign.onnx", "--out", tmp_path / "run")
    assert "InstanceNormalization" in one_line(result)


def test_a_device_too_small_is_one_line(tmp_path):
    result = spikeloom("hw", "--model", foreign(tmp_path), "--device", "hx1k", "--out", tmp_path / "run")
    assert "does not fit at any speed: hx1k holds" in one_line(result)


def test_an_unknown_device_is_one_line(tmp_path):
    result = spikeloom("hw", "--model", foreign(tmp_path), "--device", "up6k", "--out", tmp_path / "run")
    assert "'up6k' is not known; known are up5k" in one_line(result)


def test_a_simulated_recording_is_never_left_half_written(tmp_path):
    assert "there is no folder" in one_line(spikeloom("simulate", tmp_path / "missing" / "a.npz"))
    path = tmp_path / "a.npz"
    assert spikeloom("simulate", path, "--duration-s", 2).exit_code == 0
    assert "is there already" in one_line(spikeloom("simulate", path))
    assert list(tmp_path.iterdir()) == [path]

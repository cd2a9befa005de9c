"""From a graph to a board's bitstream, through the command line, with the real tools."""

import json
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from flows import steps
from flows.cli import app
from flows.commands.session import Session
from flows.settings import Settings
from flows.settings.board import ChipSettings
from flows.steps import bitstream
from hw.boards.board import BOARDS, board_named
from hw.errors import NoResult
from hw.tools.nextpnr import CriticalPath, PathStep, Placement
from hw.tools.yosys import CellCounts
from tests.hw.graphs import random_graph, write

SUFFIX = {"icebreaker": "bin", "ulx3s-25f": "bit"}


def spikeloom(*words):
    return CliRunner().invoke(app, [str(word) for word in words], obj=Session(Console(width=200), steps))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    return write(random_graph(np.random.default_rng(0), 12, (16, 8), 3, "INT8", "matmul"), folder / "small.onnx")


def summary(run, step):
    return json.loads((run / step / "summary.json").read_text())


@pytest.mark.synth
@pytest.mark.verify("simulated")
@pytest.mark.parametrize(
    ("board", "transport"), [("icebreaker", "uart"), ("icebreaker", "spi"), ("ulx3s-25f", "uart")]
)
def test_a_small_network_becomes_a_bitstream(tmp_path, model, board, transport, record_property):
    """Mapped chips of small networks sort spikes through their pins as the network does; then they are packed."""
    words = ("bitstream", "--model", model, "--board", board, "--transport", transport, "--random-inputs", 500)
    result = spikeloom(*words, "--out", tmp_path / "run")
    assert result.exit_code == 0, result.output
    file = tmp_path / "run" / "bitstream" / f"spikeloom_{board}.{SUFFIX[board]}"
    assert file.stat().st_size > 10_000
    assert file.name in result.output.splitlines()[-1]
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    (simulation,) = report["simulations"]
    record_property("spikes", simulation["n_spikes"])
    record_property("mismatches", simulation["class_mismatches"])
    assert (simulation["n_spikes"], simulation["class_mismatches"]) == (60, 0)
    placed = report["placed"]
    assert placed["fmax"]["value"] > placed["clock"]["value"] == board_named(board).clock_mhz
    assert placed["fmax"]["provenance"] == "placed and routed"
    assert placed["critical_path"] and all(part["part"] for part in placed["critical_path"])
    assert spikeloom("program", "--out", tmp_path / "run").output.strip().endswith(str(file))
    again = spikeloom(*words, "--spikes", 0, "--out", tmp_path / "again")
    assert again.exit_code == 0, again.output
    assert (tmp_path / "again" / "bitstream" / file.name).read_bytes() == file.read_bytes()


@pytest.mark.synth
@pytest.mark.verify("simulated")
def test_generated_spikes_through_the_pins_of_a_board(tmp_path, record_property):
    """A network that was trained on a generated recording sorts its test spikes through the mapped chip's pins."""
    small = ("--duration-s", 30, "--hidden", "32,32", "--epochs", 20, "--seeds", "0")
    assert spikeloom("train", *small, "--out", tmp_path).exit_code == 0
    result = spikeloom("bitstream", "--random-inputs", 5000, "--to", "pins", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    (simulation,) = json.loads((tmp_path / "report.json").read_text())["simulations"]
    record_property("spikes", simulation["n_spikes"])
    record_property("mismatches", simulation["class_mismatches"])
    assert simulation["vectors"] == "test spikes"
    assert simulation["n_spikes"] >= 50
    assert simulation["class_mismatches"] == 0


@pytest.mark.synth
def test_a_board_of_another_vendor_gets_all_that_its_tool_needs(tmp_path, model):
    words = (
        "bitstream",
        "--model",
        model,
        "--board",
        "arty-a7-35",
        "--random-inputs",
        500,
        "--out",
        tmp_path / "run",
    )
    result = spikeloom(*words)
    assert result.exit_code == 0, result.output
    assert "No bitstream of board arty-a7-35: it is made by the vendor's tool, with build.tcl" in result.output
    names = {path.name for path in (tmp_path / "run" / "handover").iterdir()}
    assert names == {"spikeloom_chip.v", "arty-a7-35.xdc", "build.tcl", "summary.json"}
    refused = spikeloom("program", "--out", tmp_path / "run")
    assert "made by the vendor's tool" in refused.stderr


@pytest.fixture
def quick_tools(monkeypatch):
    """Synthesis that makes nothing and a placement that reaches 30 MHz and the seed, in place of the tools."""
    counts = CellCounts(luts=1, flip_flops=1, block_rams=1)

    def synthesise(rtlil, top, device, folder, mapped, native):
        (folder / mapped).write_text("{}")
        (folder / "statistics.json").write_text("{}")
        return counts

    def place(mapped, device, folder, *, seed, result, **others):
        (folder / result).write_text("placed")
        way = CriticalPath("clk", (PathStep("link.accelerator.layer0.sum$1_LC", 1.5, 2.0),))
        return Placement(seed, {"clk": 30.0 + seed}, {"LC": (1, 2)}, (way,))

    def pack(placed, device, folder, bitstream, native):
        (folder / bitstream).write_text("bits")

    monkeypatch.setattr(bitstream.yosys, "synthesise", synthesise)
    monkeypatch.setattr(bitstream.yosys, "write_verilog", lambda rtlil, verilog, folder, native: None)
    monkeypatch.setattr(bitstream.pack, "pack", pack)
    monkeypatch.setattr(bitstream.nextpnr, "place_and_route", place)


def test_a_clock_that_is_missed_is_one_line(tmp_path, model, quick_tools):
    """The clock that would be met is one that the UART can be made from: 32 and 31 MHz are not."""
    words = ("bitstream", "--model", model, "--random-inputs", 500, "--out", tmp_path / "run", "--spikes", 0)
    result = spikeloom(*words, "--clock-mhz", 48, "--attempts", 2, "--baud", 3_000_000)
    assert result.exit_code == 1
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert line == (
        "error: board icebreaker: 48 MHz is not met, seeds 1, 2 reach 32.00 MHz at most (seed 2); --clock-mhz 30 "
        "would be met. In the way: layer 1 (matmul_1): adder tree (2.0 ns of logic, 1.5 ns of wires)"
    )
    assert "bitstream yet" in spikeloom("program", "--out", tmp_path / "run").stderr


def test_the_next_seed_is_tried_where_one_misses(tmp_path, model, quick_tools):
    words = ("bitstream", "--model", model, "--random-inputs", 500, "--out", tmp_path / "run", "--spikes", 0)
    result = spikeloom(*words, "--clock-mhz", 32, "--to", "place")
    assert result.exit_code == 0, result.output
    placed = summary(tmp_path / "run", "place")["report"]["placed"]
    assert (placed["seed"], placed["missed_seeds"], placed["fmax"]["value"]) == (2, [1], 32.0)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--clock-mhz", 13), "the output of an iCE40 PLL of 13 MHz is not within 16 to 275 MHz"),
        (("--board", "arty-a7-35", "--clock-mhz", 50), "board arty-a7-35: a clock of 50 MHz cannot be made"),
        (("--baud", 2_100_000), "UART: 2100000 baud from 12000000 Hz is +5.0% off"),
        (("--transport", "spi", "--baud", 9600), "--baud 9600: with --transport spi, none is wanted"),
    ],
)
def test_what_a_board_cannot_do_is_refused_before_anything_is_made(tmp_path, model, words, line):
    result = spikeloom("bitstream", "--model", model, "--out", tmp_path / "run", *words)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {line}"), result.stderr
    assert not (tmp_path / "run").exists()


def test_a_run_that_changes_its_board_has_what_the_last_one_got(tmp_path, model, quick_tools):
    words = ("bitstream", "--model", model, "--random-inputs", 500, "--out", tmp_path / "a run", "--spikes", 0)
    loads = f"iceprog '{tmp_path}/a run/bitstream/spikeloom_icebreaker.bin'"
    assert "No bitstream of board arty-a7-35" in spikeloom(*words, "--board", "arty-a7-35").output
    assert f"Onto the board: {loads}" in spikeloom(*words).output
    assert spikeloom("program", "--out", tmp_path / "a run").output == f"{loads}\n"
    assert "No bitstream of board arty-a7-35" in spikeloom(*words, "--board", "arty-a7-35").output
    assert "made by the vendor's tool" in spikeloom("program", "--out", tmp_path / "a run").stderr


def test_a_machine_without_a_compiler_gets_a_bitstream_that_says_so_until_there_is_one(
    tmp_path, model, quick_tools, monkeypatch
):
    words = ("bitstream", "--model", model, "--random-inputs", 500, "--out", tmp_path / "run")
    monkeypatch.setattr("flows.steps.missing_tools", lambda: ["g++"])
    without = spikeloom(*words)
    assert without.exit_code == 0, without.output
    assert "not simulated through its pins: it takes g++, which this machine lacks" in without.output
    assert json.loads((tmp_path / "run" / "report.json").read_text())["simulations"] == []
    monkeypatch.setattr("flows.steps.missing_tools", list)

    def sorts(*given):
        raise NoResult("simulated after all")

    monkeypatch.setattr(bitstream, "compile_mapped", sorts)
    assert "simulated after all" in spikeloom(*words).stderr


def test_native_tools_are_told_by_their_own_version(tmp_path, model, quick_tools, monkeypatch):
    monkeypatch.setattr(
        "hw.tools.run.Tool.version", lambda tool, native=False: "0.1 of this machine" if native else "1"
    )
    words = ("bitstream", "--model", model, "--random-inputs", 500, "--out", tmp_path / "run", "--spikes", 0)
    result = spikeloom(*words, "--native-tools", "--to", "chip")
    assert result.exit_code == 0, result.output
    resources = summary(tmp_path / "run", "chip")["report"]["resources"]
    assert {row["synthesised"]["note"] for row in resources} == {"yosys 0.1 of this machine"}


def test_a_run_of_a_chip_is_sent_to_as_the_chip_was_built(tmp_path, model, quick_tools, monkeypatch):
    words = ("bitstream", "--model", model, "--random-inputs", 500, "--out", tmp_path, "--to", "chip")

    def opens(port, baud):
        raise NoResult(f"opened with {baud} baud")

    monkeypatch.setattr("flows.steps.sending.open_port", opens)
    to_board = ("send", tmp_path, "--port", "x")
    assert spikeloom(*words, "--baud", 115_200).exit_code == 0
    assert "opened with 115200 baud" in spikeloom(*to_board).stderr
    assert "opened with 9600 baud" in spikeloom(*to_board, "--baud", 9600).stderr
    assert spikeloom(*words, "--transport", "spi").exit_code == 0
    refused = spikeloom(*to_board).stderr
    assert refused == f"error: the chip of {tmp_path} talks over SPI; to send to it, make it with --transport uart\n"


def test_another_native_tool_makes_a_step_anew_though_it_tells_no_version(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for name in ("yosys", "nextpnr-ice40", "icepack"):
        (tmp_path / name).write_text("#!/bin/sh\necho 1.0\n")
        (tmp_path / name).chmod(0o755)
    settings = Settings(chip=ChipSettings(native_tools=True))
    before, same = (steps.build(settings, "bitstream")[-1].parameters for _ in range(2))
    (tmp_path / "icepack").write_text("#!/bin/sh\necho 1.1\n")
    after = steps.build(settings, "bitstream")[-1].parameters
    assert before == same != after
    assert before["native_tools"] == {**after["native_tools"], "icepack": before["native_tools"]["icepack"]}


def test_pins_of_a_board_take_part_in_what_decides_whether_a_step_is_made_anew(tmp_path, monkeypatch):
    board = replace(board_named("icebreaker"), file=tmp_path / "icebreaker.pcf")
    board.file.write_bytes(board_named("icebreaker").file.read_bytes())
    monkeypatch.setitem(BOARDS, "icebreaker", board)
    made = [
        step for step in steps.build(Settings(), "bitstream") if step.name in ("chip", "place", "pins", "bitstream")
    ]
    assert len(made) == 4
    assert all(step.inputs == (board.file,) for step in made)

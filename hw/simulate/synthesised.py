"""Spikes through the netlist that synthesis has mapped onto a device's cells, compiled by Verilator.

The cells are those of Yosys's libraries, block memories of ECP5 and the 7 series those of `hw.simulate.blockram`. A
mapped netlist has no layers any more: only what comes out of its ports is seen.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.accelerator.accelerator import Accelerator
from hw.devices import Device, device_named
from hw.netlist import Netlist, emit
from hw.simulate.blockram.cells import MODEL, with_plain_memories
from hw.simulate.compiled import run_spikes
from hw.simulate.result import Answers, results_of
from hw.simulate.streams import Pauses
from hw.simulate.verilator.bench import Bench
from hw.simulate.verilator.program import check_compiler, compile_program
from hw.simulate.verilator.run import Waveforms
from hw.simulate.waveforms import check_stretch
from hw.tools.yosys import cell_library, synthesis_flow, synthesise, write_mapped_verilog, yosys_version


def simulate(
    accelerator: Accelerator,
    spikes: NDArray[np.integer],
    *,
    cache: Path,
    frame: bytes = b"",
    pauses: Pauses = Pauses(),
    vcd: Path | None = None,
    vcd_spikes: range | None = None,
    progress: Callable[[float], None] | None = None,
) -> Answers:
    """Run spike windows through the accelerator as it is mapped onto the device of its schedule.

    The first spike goes alone, which counts the latency; the others follow back to back.

    Args:
        accelerator: what to synthesise and simulate.
        spikes: integers `[n, n_inputs]` in the input format, at least one.
        cache: folder for mapped netlists and compiled programs, each under the digest of what it was made from.
        frame: weights that are loaded before the first spike, as `hw.accelerator.load` makes it.
        pauses: random gaps and stalls of source and sink.
        vcd: file for a waveform dump.
        vcd_spikes: the dump lasts from when these spikes are to go in until their results are out; None dumps all.
        progress: called with the fraction of spikes done; synthesis and compiling are not counted.

    Raises:
        BadInput: if the spikes do not fit the network's input, there are none such to dump, a block memory is set up
            in a way that is not modelled, or the machine lacks a compiler.
        ToolError: if synthesis fails.
        CompileError: if compiling fails.
        StreamError: if the netlist breaks the stream contract, or results are missing or too many.
    """
    accelerator.network.check_inputs(spikes)
    check_stretch(vcd_spikes, len(spikes))
    netlist = emit(accelerator)
    device = device_named(accelerator.schedule.device)
    bench = Bench(netlist.top, netlist.ports, accelerator.held_inputs)
    program = compiled(netlist, bench, device, cache, waveforms=vcd is not None)
    waveforms = None if vcd is None else Waveforms(vcd, vcd_spikes)
    frames = (frame,) if frame else ()
    records = run_spikes(program, bench, accelerator, spikes, pauses, waveforms, progress, frames)
    return Answers(*results_of(netlist.ports, records.words), records.starts, records.clocks)


def compiled(netlist: Netlist, bench: Bench, device: Device, cache: Path, *, waveforms: bool = False) -> Path:
    """A program of the bench around a netlist as it is mapped onto a device.

    Raises:
        BadInput: if a block memory is set up in a way that is not modelled, or the machine lacks a compiler.
        ToolError: if synthesis fails.
        CompileError: if compiling fails.
    """
    check_compiler()  # before synthesis, which may take minutes
    module = json.loads(mapped(netlist, device, cache).read_text(encoding="utf-8"))["modules"][netlist.top]
    library = cell_library(device)
    sources = {
        "bench.sv": bench.verilog,
        "mapped.v": verilog_of(netlist.top, with_plain_memories(module)),
        MODEL.name: MODEL.read_text(encoding="utf-8"),
    }
    # Of a library only the cells that the netlist has are compiled.
    options = ("-v", str(library), f"-I{library.parent}")
    return compile_program(sources, cache, cells=len(module["cells"]), waveforms=waveforms, options=options)


def mapped(netlist: Netlist, device: Device, cache: Path) -> Path:
    """The file of a netlist as it is mapped onto a device, in Yosys's JSON; from the cache if it is there.

    Raises:
        ToolError: if synthesis fails.
    """
    parts = netlist.digest, yosys_version(), synthesis_flow(netlist.top, device)
    path = cache / f"{hashlib.sha256(repr(parts).encode()).hexdigest()}.json"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=cache, prefix=".partial-") as name:
            folder = Path(name)
            (folder / "top.il").write_text(netlist.rtlil, encoding="utf-8")
            synthesise("top.il", netlist.top, device, folder, "mapped.json")
            (folder / "mapped.json").rename(path)
    return path


def verilog_of(top: str, module: Mapping[str, Any]) -> str:
    """Verilog that instantiates the cells of a module in Yosys's JSON, numbered: nets keep their names.

    Synthesis names a cell after all that it comes from, and Verilator fails to dump waveforms of such long names.

    Raises:
        ToolError: if Yosys fails.
    """
    cells = {f"cell{number}": cell for number, cell in enumerate(module["cells"].values())}
    modules = {top: {**module, "cells": cells}}
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "module.json").write_text(json.dumps({"modules": modules}), encoding="utf-8")
        write_mapped_verilog("module.json", "module.v", folder)
        return (folder / "module.v").read_text(encoding="utf-8")

"""Spikes through an accelerator's Verilog, compiled by Verilator: the same answers, some hundred times faster.

The netlist is the one that is handed over. A module around it brings every layer's output to a port, so that the
layers can be watched as in Amaranth's simulator.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hw.accelerator.accelerator import Accelerator
from hw.netlist import Netlist, emit
from hw.simulate.result import Simulation, layers_of, results_of
from hw.simulate.streams import Pauses, StreamError
from hw.simulate.verilator.bench import Bench, Tap
from hw.simulate.verilator.program import compile_program
from hw.simulate.verilator.run import Records, Stimulus, Waveforms, run
from hw.simulate.waveforms import check_stretch

_CHUNK_SPIKES = 4096  # packed at a time


def simulate(
    accelerator: Accelerator,
    spikes: NDArray[np.integer],
    *,
    cache: Path,
    pauses: Pauses = Pauses(),
    vcd: Path | None = None,
    vcd_spikes: range | None = None,
    progress: Callable[[float], None] | None = None,
) -> Simulation:
    """Run spike windows through the accelerator's compiled Verilog.

    The first spike goes alone, which counts the latency; the others follow back to back.

    Args:
        accelerator: what to simulate.
        spikes: integers `[n, n_inputs]` in the input format, at least one.
        cache: folder for compiled programs, each under the digest of what it was made from.
        pauses: random gaps and stalls of source and sink; other ones than Amaranth's simulator draws from the seed.
        vcd: file for a waveform dump.
        vcd_spikes: the dump lasts from when these spikes are to go in until their results are out; None dumps all.
        progress: called with the fraction of spikes done; compiling is not counted.

    Raises:
        BadInput: if the spikes do not fit the network's input, there are none such to dump, or the machine lacks a
            compiler.
        CompileError: if compiling fails.
        StreamError: if the circuit breaks the stream contract, or words are missing or too many.
    """
    accelerator.network.check_inputs(spikes)
    n = len(spikes)
    check_stretch(vcd_spikes, n)
    netlist = emit(accelerator)
    bench = watching_layers(netlist, accelerator)
    sources = {"bench.sv": bench.verilog, f"{netlist.top}.il": netlist.rtlil}
    cells = netlist.rtlil.count("\n  cell ")
    program = compile_program(sources, cache, cells=cells, waveforms=vcd is not None)
    waveforms = None if vcd is None else Waveforms(vcd, vcd_spikes)
    records = run_spikes(program, bench, accelerator, spikes, pauses, waveforms, progress)
    layers = layers_of(accelerator, n, records.tapped)
    return Simulation(*results_of(netlist.ports, records.words), records.starts, records.clocks, layers)


def run_spikes(
    program: Path,
    bench: Bench,
    accelerator: Accelerator,
    spikes: NDArray[np.integer],
    pauses: Pauses,
    waveforms: Waveforms | None,
    progress: Callable[[float], None] | None,
    frames: Sequence[bytes] = (),
) -> Records:
    """Spike windows through a compiled bench: the first alone, the others back to back.

    Raises:
        StreamError: if the circuit breaks the stream contract, or results are missing or too many.
    """
    n = len(spikes)
    stimulus = Stimulus(
        n,
        accelerator.words_per_spike,
        accelerator.schedule.quiet_cycles,
        hold_after=1,
        pauses=pauses,
        frames=frames,
        waveforms=waveforms,
    )
    records = run(program, bench, packed(accelerator, spikes), stimulus, progress)
    if len(records.words) != n:
        raise StreamError(f"the compiled circuit gave {len(records.words)} results for {n} spikes")
    return records


def watching_layers(netlist: Netlist, accelerator: Accelerator) -> Bench:
    """A bench that taps every layer's output."""
    taps = (Tap(f"accelerator.layer{i}.o", word.bits) for i, (word, _) in enumerate(accelerator.outputs))
    return Bench(netlist.top, netlist.ports, accelerator.held_inputs, tuple(taps))


def packed(accelerator: Accelerator, spikes: NDArray[np.integer]) -> Iterator[NDArray[np.uint8]]:
    """Words of spike windows, some windows at a time."""
    for first in range(0, len(spikes), _CHUNK_SPIKES):
        yield accelerator.input_format.pack_bytes(spikes[first : first + _CHUNK_SPIKES])

"""Spikes through an accelerator in Amaranth's simulator, every layer's output word watched."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hw.accelerator.accelerator import Accelerator
from hw.accelerator.top import Ports, PortStyle
from hw.components.words import bytes_of
from hw.simulate.result import Simulation, layers_of, results_of
from hw.simulate.streams import Pauses, run_stream
from hw.simulate.waveforms import check_stretch


def simulate(
    accelerator: Accelerator,
    spikes: NDArray[np.integer],
    *,
    pauses: Pauses = Pauses(),
    vcd: Path | None = None,
    vcd_spikes: range | None = None,
    progress: Callable[[float], None] | None = None,
) -> Simulation:
    """Run spike windows through the accelerator's circuit.

    The first spike goes alone, which counts the latency; the others follow back to back, which counts the initiation
    interval (both without pauses).

    Args:
        accelerator: what to simulate.
        spikes: integers `[n, n_inputs]` in the input format, at least one.
        pauses: random gaps and stalls of source and sink.
        vcd: file for a waveform dump.
        vcd_spikes: the dump lasts from when these spikes are to go in until their results are out; None dumps all.
        progress: called with the fraction of spikes done.

    Raises:
        BadInput: if the spikes do not fit the network's input, or there are none such to dump.
        StreamError: if the circuit breaks the stream contract, or words are missing or too many.
    """
    accelerator.network.check_inputs(spikes)
    n, per_spike = len(spikes), accelerator.words_per_spike
    check_stretch(vcd_spikes, n)
    circuit = accelerator.circuit()
    run = run_stream(
        circuit,
        [word for spike in accelerator.input_format.pack(spikes) for word in spike],
        n,
        source="spikes",
        sink="units",
        taps=circuit.outputs,
        held=accelerator.held_inputs,
        hold_after=per_spike,
        pauses=pauses,
        quiet_cap=accelerator.schedule.quiet_cycles,
        vcd=vcd,
        vcd_words=None if vcd_spikes is None else (vcd_spikes.start * per_spike, vcd_spikes.stop),
        progress=progress,
    )
    formats = (word for word, _ in accelerator.outputs)
    tapped = [bytes_of(words, word.bits) for word, words in zip(formats, run.tapped, strict=True)]
    ports = Ports.of(accelerator, PortStyle.PLAIN)
    classes, best_scores = results_of(ports, bytes_of(run.words, ports.result_bits))
    starts = np.array(run.cycles_in[::per_spike], dtype=np.int64)
    ends = np.array(run.cycles_out, dtype=np.int64)
    return Simulation(classes, best_scores, starts, ends, layers_of(accelerator, n, tapped))

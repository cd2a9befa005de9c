"""Spikes through the mapped netlist, in and out through its ports."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw.accelerator.accelerator import Accelerator
from hw.accelerator.top import Ports
from hw.simulate.mapped import MappedNetlist, MappedSimulator, Toggles
from hw.simulate.streams import IDLE_CYCLES, StreamError


@dataclass(frozen=True, eq=False)
class NetlistRun:
    """What the mapped netlist answered, and its toggles.

    Attributes:
        classes: int64 `[n]`, index of the unit.
        best_scores: int64 `[n]`.
        toggles: while the pipeline was full: from the first result to the last before the spikes ran out.
        inferences: results in that stretch; 0 for too few spikes.
    """

    classes: NDArray[np.int64]
    best_scores: NDArray[np.int64]
    toggles: Toggles
    inferences: int


def run_netlist(
    netlist: MappedNetlist,
    ports: Ports,
    accelerator: Accelerator,
    spikes: NDArray[np.integer],
    progress: Callable[[float], None] | None = None,
) -> NetlistRun:
    """Run spike windows back to back through a mapped netlist.

    Args:
        netlist: the mapped netlist.
        ports: its port names.
        accelerator: what the netlist was made from.
        spikes: integers `[n, n_inputs]` in the input format.
        progress: called with the fraction of spikes done.

    Raises:
        BadInput: if the spikes do not fit the network's input.
        StreamError: if results are missing or too many.
    """
    accelerator.network.check_inputs(spikes)
    words = [word for spike in accelerator.input_format.pack(spikes) for word in spike]
    simulator = MappedSimulator(netlist)
    for _ in range(2):
        simulator.clock({ports.reset: ports.reset_active, **accelerator.held_inputs})
    results = _stream(simulator, ports, words, len(spikes), accelerator.schedule.quiet_cycles, progress)
    fields = [ports.split_result(result.word) for result in results]
    full = [result.toggles for result in results if result.words_left]
    return NetlistRun(
        np.array([unit for unit, _ in fields], dtype=np.int64),
        np.array([score for _, score in fields], dtype=np.int64),
        full[-1] - full[0] if full else Toggles(),
        max(0, len(full) - 1),
    )


@dataclass(frozen=True)
class _Result:
    """A word that came out, the toggles up to then, and how many input words were still to come."""

    word: int
    toggles: Toggles
    words_left: int


def _stream(
    simulator: MappedSimulator,
    ports: Ports,
    words: list[int],
    n_results: int,
    quiet_cap: int,
    progress: Callable[[float], None] | None,
) -> list[_Result]:
    spike_data, spike_valid, spike_ready = ports.spike_stream
    unit_data, unit_valid, unit_ready = ports.unit_stream
    results: list[_Result] = []
    sent, quiet = 0, 0
    simulator.clock({ports.reset: 1 - ports.reset_active, spike_valid: 1, spike_data: words[0], unit_ready: 1})
    while len(results) < n_results:
        quiet += 1
        if sent < len(words) and simulator.get(spike_ready):
            sent, quiet = sent + 1, 0
        if simulator.get(unit_valid):
            results.append(_Result(simulator.get(unit_data), simulator.toggles, len(words) - sent))
            quiet = 0
            if progress:
                progress(len(results) / n_results)
        if quiet > quiet_cap:
            raise StreamError(f"the mapped netlist gave {len(results)} of {n_results} results, and nothing moves")
        offered = {spike_valid: 1, spike_data: words[sent]} if sent < len(words) else {spike_valid: 0}
        simulator.clock(offered)
    for _ in range(IDLE_CYCLES):
        if simulator.get(unit_valid):
            raise StreamError(f"the mapped netlist gave a result after the last one expected ({n_results})")
        simulator.clock({spike_valid: 0})
    return results

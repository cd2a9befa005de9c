"""Spikes through the mapped netlist, in and out through its ports."""

from collections.abc import Callable, Mapping
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
    _reset(simulator, ports, accelerator)
    results = _stream(simulator, ports, words, len(spikes), accelerator.schedule.quiet_cycles, progress)
    fields = [ports.split_result(result.word) for result in results]
    full = [result.toggles for result in results if result.words_left]
    return NetlistRun(
        np.array([unit for unit, _ in fields], dtype=np.int64),
        np.array([score for _, score in fields], dtype=np.int64),
        full[-1] - full[0] if full else Toggles(),
        max(0, len(full) - 1),
    )


@dataclass(frozen=True, eq=False)
class SpacedRun:
    """What the mapped netlist answered to spikes that come one by one, and its toggles.

    Attributes:
        classes: int64 `[n]`, index of the unit.
        best_scores: int64 `[n]`.
        busy: toggles while a spike was inside: from its first word offered to its result taken.
        idle: toggles between a result and the next spike, inputs at rest and the clock running.
        changes_by_part: changes of wires in both, by the part of the accelerator that drives them.
    """

    classes: NDArray[np.int64]
    best_scores: NDArray[np.int64]
    busy: Toggles
    idle: Toggles
    changes_by_part: Mapping[str, int]

    @property
    def n_spikes(self) -> int:
        """Spikes that were run."""
        return len(self.classes)


def run_spaced(
    netlist: MappedNetlist,
    ports: Ports,
    accelerator: Accelerator,
    spikes: NDArray[np.integer],
    idle_clocks: int,
    progress: Callable[[float], None] | None = None,
) -> SpacedRun:
    """Run spike windows through a mapped netlist, each after the result of the one before and an idle stretch.

    Args:
        netlist: the mapped netlist.
        ports: its port names.
        accelerator: what the netlist was made from.
        spikes: integers `[n, n_inputs]` in the input format.
        idle_clocks: clocks between a result and the next spike, beside those that watch for a result too many.
        progress: called with the fraction of spikes done.

    Raises:
        BadInput: if the spikes do not fit the network's input.
        StreamError: if results are missing or too many.
    """
    accelerator.network.check_inputs(spikes)
    simulator = MappedSimulator(netlist)
    _reset(simulator, ports, accelerator)
    fields, busy, idle, of_reset = [], Toggles(), Toggles(), simulator.changes_by_part
    for index, words in enumerate(accelerator.input_format.pack(spikes)):
        before = simulator.toggles
        (result,) = _stream(simulator, ports, list(words), 1, accelerator.schedule.quiet_cycles, None)
        for _ in range(idle_clocks):
            simulator.clock({})
        fields.append(ports.split_result(result.word))
        busy += result.toggles - before
        idle += simulator.toggles - result.toggles
        if progress:
            progress((index + 1) / len(spikes))
    return SpacedRun(
        np.array([unit for unit, _ in fields], dtype=np.int64),
        np.array([score for _, score in fields], dtype=np.int64),
        busy,
        idle,
        simulator.changes_by_part - of_reset,
    )


def _reset(simulator: MappedSimulator, ports: Ports, accelerator: Accelerator) -> None:
    for _ in range(2):
        simulator.clock({ports.reset: ports.reset_active, **accelerator.held_inputs})


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

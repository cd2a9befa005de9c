"""Spikes through an accelerator in Amaranth's simulator, every layer's output word watched."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hw.accelerator.accelerator import Accelerator
from hw.simulate.streams import Pauses, StreamError, run_stream


@dataclass(frozen=True, eq=False)
class Simulation:
    """What the gateware answered, and when.

    Attributes:
        classes: int64 `[n]`, index of the unit.
        best_scores: int64 `[n]`, the winner's score as it left the circuit.
        words: for each hidden layer bool `[n, rows]`, True for +1.
        scores: int64 `[n, classes]`, the score layer's output.
        latency_cycles: clocks from the first word of the first spike taken, by an empty pipeline, to its result.
        cycles_between_results: int64, clocks between neighbouring results while spikes came back to back; empty for
            fewer than three spikes.
        cycles: clocks in all.
    """

    classes: NDArray[np.int64]
    best_scores: NDArray[np.int64]
    words: list[NDArray[np.bool_]]
    scores: NDArray[np.int64]
    latency_cycles: int
    cycles_between_results: NDArray[np.int64]
    cycles: int

    @property
    def initiation_interval_cycles(self) -> int | None:
        """The longest of the latter half of `cycles_between_results`, when every buffer has filled; None if empty."""
        settled = self.cycles_between_results[self.cycles_between_results.size // 2 :]
        return int(settled.max()) if settled.size else None


def simulate(
    accelerator: Accelerator,
    spikes: NDArray[np.integer],
    *,
    pauses: Pauses = Pauses(),
    vcd: Path | None = None,
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
        progress: called with the fraction of spikes done.

    Raises:
        BadInput: if the spikes do not fit the network's input.
        StreamError: if the circuit breaks the stream contract, or words are missing or too many.
    """
    accelerator.network.check_inputs(spikes)
    circuit = accelerator.circuit()
    n = len(spikes)
    run = run_stream(
        circuit,
        [word for spike in accelerator.input_format.pack(spikes) for word in spike],
        n,
        source="spikes",
        sink="units",
        taps=[layer.o for layer in circuit.layers],
        hold_after=accelerator.words_per_spike,
        pauses=pauses,
        quiet_cap=accelerator.schedule.quiet_cycles,
        vcd=vcd,
        progress=progress,
    )
    layers = [_vectors(accelerator, index, words, n) for index, words in enumerate(run.tapped)]
    classes, best_scores = _results(accelerator, run.words)
    # The first result came from an empty pipeline; the stream of neighbours begins with the second.
    finished = np.array(run.cycles_out[1:], dtype=np.int64)
    return Simulation(
        classes=classes,
        best_scores=best_scores,
        words=[layer > 0 for layer in layers[:-1]],
        scores=layers[-1],
        latency_cycles=run.cycles_out[0] - run.cycles_in[0],
        cycles_between_results=finished[1:] - finished[:-1],
        cycles=run.cycles_out[-1] + 1,
    )


def _vectors(accelerator: Accelerator, index: int, words: list[int], n: int) -> NDArray[np.int64]:
    unit = accelerator.units[index]
    if len(words) != n * unit.row_groups:
        raise StreamError(f"layer {unit.name}: {len(words)} words passed, expected {n * unit.row_groups}")
    return unit.output_format.unpack(words).reshape(n, -1)


def _results(accelerator: Accelerator, words: list[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    layout = accelerator.argmax.result_layout
    results = [layout.from_bits(word) for word in words]
    return (
        np.array([result.unit for result in results], dtype=np.int64),
        np.array([result.score for result in results], dtype=np.int64),
    )

"""What a simulation of an accelerator answered, whichever engine ran it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw.accelerator.accelerator import Accelerator
from hw.simulate.streams import StreamError, StreamRun


@dataclass(frozen=True, eq=False)
class Simulation:
    """What the gateware answered, and when.

    Attributes:
        classes: int64 `[n]`, index of the unit.
        best_scores: int64 `[n]`, the winner's score as it left the circuit.
        words: outputs of each hidden layer, int64 `[n, rows]`.
        scores: int64 `[n, classes]`, the score layer's output.
        latency_cycles: clocks from the first word of the first spike taken, by an empty pipeline, to its result.
        cycles_between_results: int64, clocks between neighbouring results while spikes came back to back; empty for
            fewer than three spikes.
        cycles: clocks from the first word that went in to the last result.
    """

    classes: NDArray[np.int64]
    best_scores: NDArray[np.int64]
    words: list[NDArray[np.int64]]
    scores: NDArray[np.int64]
    latency_cycles: int
    cycles_between_results: NDArray[np.int64]
    cycles: int

    @classmethod
    def of(cls, accelerator: Accelerator, n: int, run: StreamRun) -> "Simulation":
        """Read a run of `n` spikes whose taps are the layers' outputs, first layer first.

        Raises:
            StreamError: if a layer passed too few or too many words.
        """
        layers = [_vectors(accelerator, index, words, n) for index, words in enumerate(run.tapped)]
        classes, best_scores = _results(accelerator, run.words)
        # The first result came from an empty pipeline; the stream of neighbours begins with the second.
        finished = np.array(run.cycles_out[1:], dtype=np.int64)
        return cls(
            classes=classes,
            best_scores=best_scores,
            words=layers[:-1],
            scores=layers[-1],
            latency_cycles=run.cycles_out[0] - run.cycles_in[0],
            cycles_between_results=finished[1:] - finished[:-1],
            cycles=run.cycles_out[-1] - run.cycles_in[0] + 1,
        )

    @property
    def initiation_interval_cycles(self) -> int | None:
        """The longest of the latter half of `cycles_between_results`, when every buffer has filled; None if empty."""
        settled = self.cycles_between_results[self.cycles_between_results.size // 2 :]
        return int(settled.max()) if settled.size else None


def _vectors(accelerator: Accelerator, index: int, words: list[int], n: int) -> NDArray[np.int64]:
    output, words_per_spike = accelerator.outputs[index]
    if len(words) != n * words_per_spike:
        name = accelerator.network.layers[index].name
        raise StreamError(f"layer {name}: {len(words)} words passed, expected {n * words_per_spike}")
    return output.unpack(words).reshape(n, -1)


def _results(accelerator: Accelerator, words: list[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    layout = accelerator.result_layout
    results = [layout.from_bits(word) for word in words]
    return (
        np.array([result.unit for result in results], dtype=np.int64),
        np.array([result.score for result in results], dtype=np.int64),
    )

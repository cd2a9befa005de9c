"""What a simulation of an accelerator answered, whichever engine ran it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hw.accelerator.accelerator import Accelerator
from hw.accelerator.top import Ports
from hw.components.words import WordFormat, integers_of
from hw.simulate.streams import StreamError


@dataclass(frozen=True, eq=False)
class Answers:
    """What came out of the ports, and when.

    Attributes:
        classes: int64 `[n]`, index of the unit.
        best_scores: int64 `[n]`, the winner's score as it left the circuit.
        starts: int64 `[n]`, clock in which the first word of each spike was taken.
        ends: int64 `[n]`, clock in which its result was taken.
    """

    classes: NDArray[np.int64]
    best_scores: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    @property
    def latency_cycles(self) -> int:
        """Clocks from the first word of the first spike taken, by an empty pipeline, to its result."""
        return int(self.ends[0] - self.starts[0])

    @property
    def cycles_between_results(self) -> NDArray[np.int64]:
        """Clocks between neighbouring results while spikes came back to back; empty for fewer than three spikes.

        The first result came from an empty pipeline; the stream of neighbours begins with the second.
        """
        return np.diff(self.ends[1:])

    @property
    def initiation_interval_cycles(self) -> int | None:
        """The longest of the latter half of `cycles_between_results`, when every buffer has filled; None if empty."""
        settled = self.cycles_between_results[self.cycles_between_results.size // 2 :]
        return int(settled.max()) if settled.size else None

    @property
    def cycles(self) -> int:
        """Clocks from the first word that went in to the last result."""
        return int(self.ends[-1] - self.starts[0]) + 1

    def part(self, spikes: slice) -> "Answers":
        """What came of some of the spikes; a latency in it is not an empty pipeline's."""
        return Answers(self.classes[spikes], self.best_scores[spikes], self.starts[spikes], self.ends[spikes])


@dataclass(frozen=True, eq=False)
class LayerWords:
    """A layer's output words as they passed, a bit for a bit; an hour of spikes would not fit as integers.

    Attributes:
        format: of a word.
        packed: uint8 `[n, words, bytes]`, low byte first.
    """

    format: WordFormat
    packed: NDArray[np.uint8]

    @property
    def vectors(self) -> NDArray[np.int64]:
        """The layer's outputs, int64 `[n, rows]`."""
        return self.format.unpack_bytes(self.packed).reshape(len(self.packed), -1)


@dataclass(frozen=True, eq=False)
class Simulation(Answers):
    """What the gateware answered, every layer's words with it.

    Attributes:
        layers: what each layer gave, the score layer last.
    """

    layers: tuple[LayerWords, ...]

    @cached_property
    def words(self) -> list[NDArray[np.int64]]:
        """Outputs of each hidden layer, int64 `[n, rows]`."""
        return [layer.vectors for layer in self.layers[:-1]]

    @cached_property
    def scores(self) -> NDArray[np.int64]:
        """The score layer's outputs, int64 `[n, classes]`."""
        return self.layers[-1].vectors

    def part(self, spikes: slice) -> "Simulation":
        """What came of some of the spikes, as in `Answers`."""
        answers = super().part(spikes)
        layers = tuple(LayerWords(layer.format, layer.packed[spikes]) for layer in self.layers)
        return Simulation(answers.classes, answers.best_scores, answers.starts, answers.ends, layers)


def results_of(ports: Ports, words: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Units and scores, each int64 `[n]`, of result words `[n, bytes]` as a port carries them, low byte first."""
    bits = np.unpackbits(words, axis=-1, bitorder="little", count=ports.result_bits)
    units, scores = np.split(bits, [ports.unit_bits], axis=-1)
    return integers_of(units, signed=False), integers_of(scores, signed=True)


def layers_of(accelerator: Accelerator, n: int, tapped: Sequence[NDArray[np.uint8]]) -> tuple[LayerWords, ...]:
    """Words `[words, bytes]` that passed each layer's output while `n` spikes were run, spike by spike.

    Raises:
        StreamError: if a layer passed too few or too many words.
    """
    taps = zip(accelerator.network.layers, accelerator.outputs, tapped, strict=True)
    layers = []
    for layer, (output, words_per_spike), words in taps:
        if len(words) != n * words_per_spike:
            raise StreamError(f"layer {layer.name}: {len(words)} words passed, expected {n * words_per_spike}")
        layers.append(LayerWords(output, words.reshape(n, words_per_spike, output.size)))
    return tuple(layers)

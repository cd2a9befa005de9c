"""The first difference between what was expected and what was seen: spike, layer, neuron, sum and thresholds."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hw.diagnosis.outputs import Outputs
from hw.network.decide import UNSORTED
from hw.network.types import Network, ThresholdLayer


@dataclass(frozen=True)
class Row:
    """What a neuron gave, and why.

    Attributes:
        output: its activation, or its score.
        accumulator: `W x`; None where it could not be seen.
        constants: what the accumulator is held against, in the order in which it is passed: the thresholds of a
            hidden neuron; of a score the offset alone. None where they could not be seen.
    """

    output: int
    accumulator: int | None
    constants: tuple[int, ...] | None


@dataclass(frozen=True)
class RowDifference:
    """A layer's output differs, and no earlier layer's does for this spike.

    Attributes:
        spike: index of the spike.
        layer_index: of the layer among all, the scores last.
        layer: its name.
        neuron: first row of the layer whose output differs.
        n_neurons: rows of the layer.
        n_different: how many of them differ.
        is_score: whether the outputs are scores.
        rising: whether the neuron's output rises with its accumulator.
        expected: the neuron as it should be.
        seen: the neuron as it was.
        unseen_because: why accumulator and constants are not known; empty where they are.
    """

    spike: int
    layer_index: int
    layer: str
    neuron: int
    n_neurons: int
    n_different: int
    is_score: bool
    rising: bool
    expected: Row
    seen: Row
    unseen_because: str = ""

    @property
    def place(self) -> tuple[object, ...]:
        """Where it is, for a comparison with another run's."""
        return self.layer_index, self.neuron

    def in_run(self, first: int) -> "RowDifference":
        """The same of a longer run, in which the first spike here had the index `first`."""
        return replace(self, spike=first + self.spike)

    @property
    def held(self) -> str:
        """What the constants are."""
        if self.is_score:
            return "offset"
        several = len(self.expected.constants or self.seen.constants or ()) != 1
        return f"{'' if self.rising else 'falling '}threshold{'s' * several}"

    @property
    def line(self) -> str:
        """One line about it."""
        sides = (
            f"{name} {_told(row, self.held)}" for name, row in (("expected", self.expected), ("seen", self.seen))
        )
        why = f"; {self.unseen_because}" if self.unseen_because else ""
        return (
            f"spike {self.spike}, layer {self.layer}, neuron {self.neuron}: {', '.join(sides)}; "
            f"{self.n_different} of {self.n_neurons} neurons differ there{why}"
        )


def _told(row: Row, held: str) -> str:
    """`-1 (accumulator 12, thresholds 13)`, of which what is not known is left out."""
    parts = [] if row.accumulator is None else [f"accumulator {row.accumulator}"]
    if row.constants is not None:
        parts.append(f"{held} {' '.join(map(str, row.constants))}")
    return f"{row.output} ({', '.join(parts)})" if parts else str(row.output)


@dataclass(frozen=True)
class Winner:
    """A result: the unit's index, the number of units for unsorted, and the score beside it."""

    unit: int
    score: int


@dataclass(frozen=True)
class WinnerDifference:
    """Every layer's output is right, and the answer is wrong.

    Attributes:
        spike: index of the spike.
        scores: of all units, as they should be and as they were.
        margin: lead of the best score below which an answer is unsorted.
        unit_names: of the units.
        expected: the answer as it should be.
        seen: the answer as it was.
    """

    spike: int
    scores: tuple[int, ...]
    margin: int
    unit_names: tuple[str, ...]
    expected: Winner
    seen: Winner

    @property
    def place(self) -> tuple[object, ...]:
        """Where it is, for a comparison with another run's."""
        return ("winner",)

    def in_run(self, first: int) -> "WinnerDifference":
        """The same of a longer run, in which the first spike here had the index `first`."""
        return replace(self, spike=first + self.spike)

    @property
    def line(self) -> str:
        """One line about it."""
        expected, seen = (f"{self.name_of(w)} (score {w.score})" for w in (self.expected, self.seen))
        scores = " ".join(map(str, self.scores))
        return (
            f"spike {self.spike}, winner: expected {expected}, seen {seen}; the scores {scores} are right, "
            f"the margin is {self.margin}"
        )

    def name_of(self, winner: Winner) -> str:
        """A result in words."""
        names = (*(f"unit {name}" for name in self.unit_names), UNSORTED)
        return names[winner.unit] if 0 <= winner.unit < len(names) else f"unit {winner.unit}, which there is none of"


Difference = RowDifference | WinnerDifference


def first_difference(
    network: Network, spikes: NDArray[np.integer], expected: Outputs, seen: Outputs
) -> Difference | None:
    """The first spike with a difference, and there the first layer; None where all are equal.

    What the seen neuron added up is not in its answers, and None in the difference.

    Args:
        network: whose layers and thresholds are told.
        spikes: integers `[n, n_inputs]`.
        expected: what `network` gives for them, or what it should give.
        seen: what was given.
    """
    wrong = [np.any(ours != theirs, axis=1) for ours, theirs in zip(seen.layers, expected.layers, strict=True)]
    wrong.append((seen.units != expected.units) | (seen.best_scores != expected.best_scores))
    by_spike = np.stack(wrong, axis=1)
    if not by_spike.any():
        return None
    spike = int(np.argmax(by_spike.any(axis=1)))
    place = int(np.argmax(by_spike[spike]))
    if place < len(network.layers):
        return _row_difference(network, spikes, expected, seen, spike, place)
    winners = (Winner(int(side.units[spike]), int(side.best_scores[spike])) for side in (expected, seen))
    scores = tuple(expected.layers[-1][spike].tolist())
    return WinnerDifference(spike, scores, network.margin, network.unit_names, *winners)


def _row_difference(
    network: Network, spikes: NDArray[np.integer], expected: Outputs, seen: Outputs, spike: int, index: int
) -> RowDifference:
    layer = network.layers[index]
    given = seen.layers[index][spike]
    different = np.flatnonzero(given != expected.layers[index][spike])
    row = int(different[0])
    x = network.elements(spikes[spike : spike + 1]) if index == 0 else expected.layers[index - 1][spike : spike + 1]
    is_hidden = isinstance(layer, ThresholdLayer)
    constants = layer.thresholds[row] if isinstance(layer, ThresholdLayer) else layer.offsets[row : row + 1]
    return RowDifference(
        spike=spike,
        layer_index=index,
        layer=layer.name,
        neuron=row,
        n_neurons=layer.rows,
        n_different=len(different),
        is_score=not is_hidden,
        rising=bool(layer.rising[row]) if isinstance(layer, ThresholdLayer) else True,
        expected=Row(
            int(expected.layers[index][spike, row]), int(layer.accumulate(x)[0, row]), tuple(constants.tolist())
        ),
        seen=Row(int(given[row]), None, None),
    )

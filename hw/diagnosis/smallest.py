"""The smallest run of spikes that still shows a difference."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw.diagnosis.difference import Difference, first_difference
from hw.diagnosis.outputs import Outputs
from hw.network.types import Network
from hw.simulate.result import Simulation
from hw.simulate.streams import Pauses, StreamError

Simulate = Callable[[NDArray[np.integer], Pauses], Simulation]
"""Runs spikes `[n, n_inputs]` through the gateware from its reset."""


@dataclass(frozen=True)
class Stretch:
    """Neighbouring spikes of a run.

    Attributes:
        first: index of the first spike.
        end: index behind the last one.
        pauses: of source and sink while they are run.
    """

    first: int
    end: int
    pauses: Pauses


def smallest(
    network: Network, simulate: Simulate, spikes: NDArray[np.integer], pauses: Pauses, difference: Difference
) -> Stretch:
    """The spike alone if that shows the difference, else with as few neighbours as it needs; without pauses, if so.

    A run shows it if the spike is the first one that goes wrong, in the same layer and neuron. Neighbours are added
    in steps that double, on both sides, then left out again by halving: those behind first, then those before. What
    is given was run and shows the difference; one spike fewer before it does not.

    Args:
        network: what is expected.
        simulate: what showed the difference.
        spikes: those of the run in which it was found.
        pauses: of that run.
        difference: the first one of that run.
    """

    def shows(stretch: Stretch) -> bool:
        part = spikes[stretch.first : stretch.end]
        try:
            seen = Outputs.of_simulation(simulate(part, stretch.pauses))
        except StreamError:
            return False  # another fault
        found = first_difference(network, part, Outputs.of_network(network, part), seen)
        return found is not None and (found.spike + stretch.first, found.place) == (
            difference.spike,
            difference.place,
        )

    whole = Stretch(0, len(spikes), pauses)
    start = next((s for s in _growing(len(spikes), difference.spike, pauses) if shows(s)), whole)
    end = _least(difference.spike + 1, start.end, lambda end: shows(Stretch(start.first, end, start.pauses)))
    before = _least(
        0,
        difference.spike - start.first,
        lambda before: shows(Stretch(difference.spike - before, end, start.pauses)),
    )
    return Stretch(difference.spike - before, end, start.pauses)


def _growing(n: int, spike: int, pauses: Pauses) -> list[Stretch]:
    """The spike with more and more neighbours up to all `n`; all of that at full speed, then with the pauses."""
    reaches = [0]
    while reaches[-1] < max(spike, n - 1 - spike):
        reaches.append(max(1, 2 * reaches[-1]))
    return [
        Stretch(max(0, spike - reach), min(n, spike + 1 + reach), used)
        for used in dict.fromkeys((Pauses(), pauses))
        for reach in reaches
    ]


def _least(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The least number from low to high that holds, by halving; `high` does."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return high

"""From a run that went wrong to its case: what differs first, why, and the smallest run that shows it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hw.accelerator.accelerator import Accelerator
from hw.diagnosis.difference import Difference, RowDifference, first_difference
from hw.diagnosis.outputs import Outputs
from hw.diagnosis.smallest import Simulate, smallest
from hw.diagnosis.sums import with_sums
from hw.simulate.result import Simulation
from hw.simulate.streams import Pauses


@dataclass(frozen=True, eq=False)
class GatewareCase:
    """The smallest run that shows a difference between gateware and network.

    Attributes:
        accelerator: the gateware.
        spikes: integers `[n, n_inputs]`, run from the reset.
        pauses: of source and sink.
        first_spike: which one of the original run the first of them was.
        difference: the first one; its spike counts within `spikes`.
    """

    accelerator: Accelerator
    spikes: NDArray[np.integer]
    pauses: Pauses
    first_spike: int
    difference: Difference


def diagnose(
    accelerator: Accelerator,
    spikes: NDArray[np.integer],
    seen: Simulation,
    simulate: Simulate,
    pauses: Pauses = Pauses(),
) -> GatewareCase | None:
    """The smallest case of what went wrong in a simulation; None if nothing did.

    Args:
        accelerator: what was run.
        spikes: integers `[n, n_inputs]`.
        seen: what came out.
        simulate: runs spikes once more.
        pauses: of that run.
    """
    network = accelerator.network
    expected = Outputs.of_network(network, spikes)
    difference = first_difference(network, spikes, expected, Outputs.of_simulation(seen))
    if difference is None:
        return None
    stretch = smallest(network, simulate, spikes, pauses, difference)
    case = GatewareCase(
        accelerator,
        spikes[stretch.first : stretch.end],
        stretch.pauses,
        stretch.first,
        difference.in_run(-stretch.first),
    )
    # Of another run than the one that was given, the values may be others too.
    return replace(case, difference=replay(case, simulate) or case.difference)


def replay(case: GatewareCase, simulate: Simulate) -> Difference | None:
    """Run a case again: the first difference, with what the circuit added up; None if all is as expected.

    Raises:
        StreamError: if the circuit breaks the stream contract, or words are missing or too many.
    """
    network = case.accelerator.network
    seen = Outputs.of_simulation(simulate(case.spikes, case.pauses))
    found = first_difference(network, case.spikes, Outputs.of_network(network, case.spikes), seen)
    if isinstance(found, RowDifference):
        return with_sums(found, case.accelerator, case.spikes, case.pauses)
    return found

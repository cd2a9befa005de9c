"""Where the integer network differs from the ONNX graph that it was lowered from."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hw.diagnosis.difference import Difference, RowDifference, first_difference
from hw.diagnosis.outputs import Outputs
from hw.network.reference import Reference, ReferenceRun
from hw.network.types import Network


@dataclass(frozen=True, eq=False)
class LoweringCase:
    """One spike that a network and its graph answer differently.

    Attributes:
        model: the .onnx file's bytes.
        margin: of 'unsorted', in the network's scores.
        spikes: integers `[1, n_inputs]`.
        first_spike: which one of the original run it was.
        difference: the first one.
    """

    model: bytes
    margin: int
    spikes: NDArray[np.integer]
    first_spike: int
    difference: Difference


def difference_from_graph(
    network: Network, reference: Reference, spikes: NDArray[np.integer], run: ReferenceRun
) -> Difference | None:
    """The first difference between the graph, which is right, and the network; None if there is none.

    The expected accumulator is the graph's own; it holds no integer thresholds to compare the network's with.

    Args:
        network: the lowered graph.
        reference: the graph.
        spikes: integers `[n, n_inputs]`.
        run: what the graph gives for them.
    """
    expected, seen = Outputs.of_reference(network, run, spikes), Outputs.of_network(network, spikes)
    found = first_difference(network, spikes, expected, seen)
    if not isinstance(found, RowDifference):
        return found
    ours = replace(found.expected, output=found.seen.output)
    spike = spikes[found.spike : found.spike + 1]
    accumulator = int(reference.accumulators(spike, found.layer_index)[0, found.neuron])
    graphs = replace(found.expected, accumulator=accumulator, constants=None)
    return replace(found, expected=graphs, seen=ours)

"""Whether a network can take another's place in a circuit whose weights change."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.errors import BadInput
from hw.network.types import Network, ScoreLayer, ThresholdLayer


def check_alike(built: Network, other: Network, any_margin: bool) -> None:
    """Hold a network against the one that a circuit was built from: all but weights, thresholds and offsets.

    Args:
        built: what the circuit was built from.
        other: what may take its place.
        any_margin: whether the circuit takes its margin from an input, so that the networks' may differ.

    Raises:
        BadInput: if the other differs in anything else that the circuit is made of.
    """
    if other.input_format != built.input_format:
        raise BadInput(f"the network takes {other.input_format.name}, the circuit {built.input_format.name}")
    if (other.front is None) != (built.front is None) or (
        other.front is not None
        and built.front is not None
        and (other.front.output != built.front.output or not np.array_equal(other.front.values, built.front.values))
    ):
        raise BadInput("the network begins with another input table than the circuit")
    if other.margin != built.margin and not any_margin:
        raise BadInput(f"the network's margin is {other.margin}, the circuit's {built.margin}")
    if len(other.layers) != len(built.layers):
        raise BadInput(f"the network has {len(other.layers)} layers, the circuit {len(built.layers)}")
    for ours, theirs in zip(built.layers, other.layers, strict=True):
        if (shape := _shape(theirs)) != (wanted := _shape(ours)):
            raise BadInput(f"layer {theirs.name} of the network: {shape}; in the circuit: {wanted}")


def same_constants(one: ThresholdLayer | ScoreLayer, other: ThresholdLayer | ScoreLayer) -> bool:
    """Whether two layers of one shape have the same weights, and the same thresholds or offsets."""
    return all(np.array_equal(a, b) for a, b in zip(_constants(one), _constants(other), strict=True))


def _constants(layer: ThresholdLayer | ScoreLayer) -> tuple[NDArray[Any], ...]:
    if isinstance(layer, ScoreLayer):
        return layer.weights, layer.offsets
    return layer.weights, layer.thresholds, layer.rising


def _shape(layer: ThresholdLayer | ScoreLayer) -> str:
    size = f"{layer.rows} x {layer.columns} weights"
    if isinstance(layer, ScoreLayer):
        return f"{size}, {layer.fraction_bits} fraction bits"
    return f"{size}, {layer.steps} thresholds a row, {layer.output.name} from {layer.lowest}"

"""Steps from a QONNX file to an integer network that equals it."""

from collections.abc import Iterator, Mapping
from functools import partial, reduce
from operator import add
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.errors import NotEqualError
from flows.pipeline import StepContext
from flows.report.assemble import contribution
from flows.report.model import ReferenceCheck
from flows.settings.check import SpikeCount
from flows.steps import files
from flows.steps.differences import difference_from_graph
from hw.network.check import Comparison, compare
from hw.network.lower import lower
from hw.network.reference import Reference
from hw.network.types import Network
from hw.network.vectors import random_inputs
from qat.spikes.spikeset import TEST, SpikeSet

_STRETCH_VALUES = 2**23
"""Of random inputs compared at a time: 64 MB."""


def lower_graph(context: StepContext, path: Path | None) -> Mapping[str, Any]:
    """Lower the user's graph, or the one that the run exported."""
    model = model_of(context, path)
    network = lower(model, margin=context.parameters["unsorted_margin"])
    (context.folder / files.NETWORK).write_text(network.to_json(), encoding="utf-8", newline="\n")
    return {"source": model.name, "source_digest": network.source_digest, "digest": network.digest}


def check_network(context: StepContext, path: Path | None) -> Mapping[str, Any]:
    """Compare network and reference on the test spikes, if there are any, and on random inputs.

    Raises:
        NotEqualError: if they differ anywhere.
    """
    network = load_network(context)
    model = model_of(context, path)
    n_random = context.parameters["random_inputs"]
    reference = Reference.open(model)
    spikes = None if path else _test_spikes(context)
    n_spikes = 0 if spikes is None else len(spikes)
    parts: list[Comparison] = []
    for inputs in _stretches(network, spikes, n_random, context.parameters["seed"]):
        done = sum(part.n for part in parts)
        parts.append(compare(network, reference, inputs, partial(_tell, context, done, n_spikes + n_random)))
        if not parts[-1].equal:
            counts = NotEqualError(f"the integer network and the ONNX reference differ: {parts[-1]}")
            raise difference_from_graph(context, network, model, inputs, done) or counts
    compared = reduce(add, parts)
    check = ReferenceCheck(
        n_spikes=n_spikes,
        n_random=n_random,
        class_mismatches=compared.class_mismatches,
        layer_word_mismatches=compared.word_mismatches,
        score_mismatches=compared.score_mismatches,
    )
    return contribution(reference_check=check)


def _stretches(
    network: Network, spikes: NDArray[Any] | None, n_random: int, seed: int
) -> Iterator[NDArray[np.integer]]:
    """The spikes, if there are any, then random inputs in stretches that fit in memory at any width."""
    if spikes is not None and len(spikes):
        yield spikes
    most = max(1, _STRETCH_VALUES // network.n_inputs)
    for index, first in enumerate(range(0, n_random, most)):
        yield random_inputs(network.input_format, network.n_inputs, min(most, n_random - first), (seed, index))


def _tell(context: StepContext, before: int, n: int, done: int) -> None:
    context.progress((before + done) / n)


def load_network(context: StepContext) -> Network:
    """What `lower_graph` left."""
    return Network.from_json((context.of("lower") / files.NETWORK).read_text(encoding="utf-8"))


def model_of(context: StepContext, path: Path | None) -> Path:
    """The ONNX reference's file: the user's graph, or the one that the run exported."""
    return path or context.of("export") / files.MODEL


def vectors(context: StepContext, network: Network, n: SpikeCount, from_spikes: bool) -> tuple[NDArray[Any], str]:
    """Inputs to run, and what they are: at most `n` test spikes of the run, or all its spikes; else random inputs."""
    if n == "all":
        return _spikes(context).inputs(), "spikes, all that were cut"
    if from_spikes:
        return _test_spikes(context)[:n], "test spikes"
    return random_inputs(network.input_format, network.n_inputs, n, context.parameters["seed"]), "random inputs"


def _test_spikes(context: StepContext) -> NDArray[Any]:
    return _spikes(context).inputs(TEST)


def _spikes(context: StepContext) -> SpikeSet:
    return SpikeSet.load(context.of("spikes") / files.SPIKES)

"""From a QONNX file to the network of integers that computes the same."""

from itertools import pairwise
from pathlib import Path

from hw.errors import BadInput
from hw.network.formats import IntegerFormat
from hw.network.front import front_of
from hw.network.graph import Graph, read_graph
from hw.network.layers import ThresholdLayer
from hw.network.line import line_of
from hw.network.scores import score_layer
from hw.network.stage import stage_of
from hw.network.thresholds import activations_of, threshold_layer
from hw.network.types import Network


def lower(path: str | Path, input_format: IntegerFormat | None = None, margin: int | None = None) -> Network:
    """Read a QONNX graph and give the network of integers that equals it on every input.

    Args:
        path: the .onnx file: a line of fully connected layers with weights of ±s and activations of 1 to 4 bits, in
            any of the dialects of docs/graphs.md. It ends in ArgMax, in TopK, or in its scores: then the class is
            the index of the largest score, the lowest one on ties.
        input_format: what the input takes, for a file that does not state it.
        margin: lead of the best score below which an input is unsorted; None takes what the file's metadata
            state under "unsorted", and 0 where they state nothing.

    Raises:
        BadInput: for a file that cannot be read, whose input format is unknown or contradicted, or for a margin
            that the scores cannot reach.
        UnsupportedGraph: for a node that cannot be mapped exactly, by name and with what is accepted.
    """
    graph = read_graph(path)
    line = line_of(graph)
    front = front_of(graph, line, input_format)
    reads, hidden = front.elements, list[ThresholdLayer]()
    for layer, reader in pairwise(line.layers):
        stage, gives = stage_of(graph, layer, reads), activations_of(graph, layer, reader)
        hidden.append(threshold_layer(graph, stage, gives, reader))
        reads = gives
    head = stage_of(graph, line.layers[-1], reads)
    return Network(
        input_format=front.source,
        hidden=tuple(hidden),
        head=score_layer(graph, head),
        unit_names=_unit_names(graph, head.rows),
        metadata=graph.metadata,
        source_digest=graph.digest,
        margin=_stated_margin(graph) if margin is None else margin,
        front=front.table,
    )


def _unit_names(graph: Graph, n_units: int) -> tuple[str, ...]:
    names = graph.metadata.get("units")
    if names is None:
        return tuple(str(unit) for unit in range(n_units))
    if not isinstance(names, list) or len(names) != n_units:
        raise BadInput(f"metadata 'units': expected a list of {n_units} names, one for each class")
    return tuple(str(name) for name in names)


def _stated_margin(graph: Graph) -> int:
    record = graph.metadata.get("unsorted", {"margin": 0})
    known = isinstance(record, dict) and set(record) - {"calibration"} == {"margin"}
    if not known or type(record["margin"]) is not int:
        raise BadInput(
            "metadata 'unsorted': expected {\"margin\": N}, N a whole number of the integer scores, and beside it at "
            'most a "calibration", which is not read'
        )
    margin: int = record["margin"]
    return margin

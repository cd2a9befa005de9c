"""From a QONNX file to the network of integers that computes the same."""

from pathlib import Path

from hw.errors import BadInput
from hw.network.chain import stages_of
from hw.network.graph import Graph, read_graph
from hw.network.thresholds import score_layer, threshold_layer
from hw.network.types import BIPOLAR, IntegerFormat, Network


def lower(path: str | Path, input_format: IntegerFormat | None = None, margin: int | None = None) -> Network:
    """Read a QONNX graph and give the network of integers that equals it on every input.

    Args:
        path: the .onnx file: a chain of fully connected layers with weights ±s, BipolarQuant
            activations and a final ArgMax.
        input_format: what the input takes, for a file that does not state it.
        margin: lead of the best score below which an input is unsorted; None takes what the file's metadata
            state under "unsorted", and 0 where they state nothing.

    Raises:
        BadInput: for a file that cannot be read, whose input format is unknown or contradicted, or for a margin
            that the scores cannot reach.
        UnsupportedGraph: for a node that cannot be mapped exactly, by name and with what is accepted.
    """
    graph = read_graph(path)
    values = _input_format(graph, input_format)
    *hidden, head = stages_of(graph, values)
    formats = [values, *[BIPOLAR] * len(hidden)]
    return Network(
        input_format=values,
        hidden=tuple(threshold_layer(graph, stage, takes) for stage, takes in zip(hidden, formats, strict=False)),
        head=score_layer(graph, head, formats[-1]),
        unit_names=_unit_names(graph, head.rows),
        metadata=graph.metadata,
        source_digest=graph.digest,
        margin=_stated_margin(graph) if margin is None else margin,
    )


def _input_format(graph: Graph, stated: IntegerFormat | None) -> IntegerFormat:
    if graph.input_datatype is None:
        if stated is None:
            raise BadInput(
                f"input {graph.input_name!r} states no integer format: annotate it with a QONNX datatype such "
                "as INT8, or state the input format"
            )
        return stated
    annotated = IntegerFormat.from_name(graph.input_datatype)
    if stated is not None and stated != annotated:
        raise BadInput(f"input {graph.input_name!r} is annotated {annotated.name}, but {stated.name} was stated")
    return annotated


def _unit_names(graph: Graph, n_units: int) -> tuple[str, ...]:
    names = graph.metadata.get("units")
    if names is None:
        return tuple(str(unit) for unit in range(n_units))
    if not isinstance(names, list) or len(names) != n_units:
        raise BadInput(f"metadata 'units': expected a list of {n_units} names, one for each class")
    return tuple(str(name) for name in names)


def _stated_margin(graph: Graph) -> int:
    record = graph.metadata.get("unsorted", {"margin": 0})
    if not isinstance(record, dict) or set(record) != {"margin"} or type(record["margin"]) is not int:
        raise BadInput("metadata 'unsorted': expected {\"margin\": N}, N a whole number of the integer scores")
    return record["margin"]

"""What stands before the first product: the integers that come in, and what the first layer reads for each."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from hw.errors import BadInput
from hw.network.elements import Elements, as_read, check_binary, elements_of, granularity
from hw.network.elementwise import check_elementwise
from hw.network.formats import MAX_INPUT_BITS, InputTable, IntegerFormat
from hw.network.graph import Graph, execute
from hw.network.limits import MAX_BATCH_ELEMENTS
from hw.network.line import Line
from hw.network.nodes import QUANTIZERS, SHAPING, unsupported
from hw.network.quantizers import inputs_for, own_format, own_integers, values_of


@dataclass(frozen=True, eq=False)
class Front:
    """How integers enter the graph.

    Attributes:
        source: the format of the integers that come in.
        feeds: float32 `[n_source_values]`, what the graph is fed for each, lowest first.
        elements: what the first product reads.
        table: from the integers to the elements; None where they are the same.
    """

    source: IntegerFormat
    feeds: NDArray[np.float32]
    elements: Elements
    table: InputTable | None


def front_of(graph: Graph, line: Line, stated: IntegerFormat | None) -> Front:
    """Run the nodes before the first product on every value that may come in.

    A graph whose input is annotated with an integer type takes those integers. One that is not, but quantizes its
    input itself, takes the quantizer's own integers; for each of them the graph is fed a float that its own
    quantizer takes there, which is seen by running it.

    Args:
        graph: the graph.
        line: its parts.
        stated: the format of the input, for a graph that does not annotate it.

    Raises:
        BadInput: where the format is unknown or contradicted.
        UnsupportedGraph: for pre-processing that is not the same for all elements of an input, or gives no integers
            times a power of two.
    """
    nodes = tuple(node for node in line.front if node.op_type not in SHAPING)
    graph = _one_for_all(graph, nodes)
    for node in nodes:
        check_elementwise(graph, node, 1)
    source = _annotated(graph, stated)
    if source is not None:
        feeds = _values(source).astype(np.float32)
    else:
        source, feeds = _own_feeds(graph, nodes)
    product = line.layers[0].product
    given = _run(graph, nodes, feeds)
    check_binary(product, given)
    elements = _elements(source, nodes[-1] if nodes else product, as_read(product, given.astype(np.float64)))
    table = elements.of_values(as_read(product, given)).astype(np.int64)
    same = elements.format == source and np.array_equal(table, _values(source))
    return Front(source, feeds, elements, None if same else InputTable(source, table, elements.format))


def _one_for_all(graph: Graph, nodes: tuple[NodeProto, ...]) -> Graph:
    """The graph with one value in the place of parameters that repeat one for every element of an input."""
    constants = dict(graph.constants)
    for node in nodes:
        shape = graph.shapes[node.output[0]]
        for name in set(node.input) & set(constants):
            value = constants[name]
            if node.op_type == "MultiThreshold":
                # Of other shapes QONNX takes another dimension for the channels.
                if value.ndim == 2 and len(shape) in (2, 4) and len(value) == shape[1] and np.all(value == value[0]):
                    constants[name] = value[:1]
            elif value.size > 1 and np.all(value == value.flat[0]):
                constants[name] = value.reshape(-1)[:1]
    return replace(graph, constants=constants)


def _annotated(graph: Graph, stated: IntegerFormat | None) -> IntegerFormat | None:
    if graph.input_datatype in (None, "FLOAT32"):
        return stated
    annotated = IntegerFormat.from_name(str(graph.input_datatype))
    if stated is not None and stated != annotated:
        raise BadInput(f"input {graph.input_name!r} is annotated {annotated.name}, but {stated.name} was stated")
    return annotated


def _values(source: IntegerFormat) -> NDArray[np.int64]:
    return np.arange(source.minimum, source.maximum + 1, source.step)


def _run(graph: Graph, nodes: tuple[NodeProto, ...], feeds: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the element-wise nodes make of each value."""
    if not nodes:
        return feeds
    start = graph.tensor_into(nodes[0])
    chain, tensor = [], start
    for node in nodes:  # what reshapes between them is left out
        link = NodeProto()
        link.CopyFrom(node)
        link.input[list(node.input).index(graph.tensor_into(node))], tensor = tensor, node.output[0]
        chain.append(link)
    # MultiThreshold compares every value with every threshold.
    held = sum(graph.constants[node.input[1]].size for node in chain if node.op_type == "MultiThreshold") + len(chain)
    stretches = np.array_split(feeds, -(-len(feeds) * held // MAX_BATCH_ELEMENTS))
    return np.concatenate([_executed(graph, chain, start, tensor, stretch) for stretch in stretches])


def _executed(
    graph: Graph, chain: list[NodeProto], start: str, end: str, feeds: NDArray[np.float32]
) -> NDArray[np.float32]:
    model = graph.section(chain, start, (len(feeds), 1))
    output: NDArray[np.float32] = execute(model, {start: feeds[:, np.newaxis]})[end]
    return output.reshape(-1)


def _own_feeds(graph: Graph, nodes: tuple[NodeProto, ...]) -> tuple[IntegerFormat, NDArray[np.float32]]:
    """The integers of the graph's own input quantizer, and floats that it takes to them."""
    index = next((index for index, node in enumerate(nodes) if node.op_type in QUANTIZERS), None)
    if index is None:
        raise BadInput(
            f"input {graph.input_name!r} states no integer format: annotate it with a QONNX datatype such "
            "as INT8, or state the input format"
        )
    quantizer, constants = nodes[index], graph.constants
    source, own = own_format(quantizer, constants), own_integers(quantizer, constants)
    integers = _values(source)
    # The nodes before it are taken to be a line, which the check below would contradict.
    at_zero, at_one = _run(graph, nodes[:index], np.array([0, 1], np.float32)).astype(np.float64)
    slope = at_one - at_zero
    wanted = inputs_for(quantizer, constants, integers)
    feeds = ((wanted - at_zero) / (slope if slope else 1.0)).astype(np.float32)
    expected = values_of(quantizer, constants)[:, 0][np.searchsorted(own, np.clip(integers, own[0], own[-1]))]
    wrong = np.flatnonzero(_run(graph, nodes[: index + 1], feeds) != expected)
    if len(wrong):
        raise unsupported(
            quantizer,
            f"no input was found that it takes to {integers[wrong[0]]}: annotate the input {graph.input_name!r} with "
            "an integer datatype, or put only Mul and Add before it",
        )
    return source, feeds


def _elements(source: IntegerFormat, node: NodeProto, values: NDArray[np.float64]) -> Elements:
    distinct = np.unique(values)
    if node.op_type == "Sign" and 0 in values:
        raise unsupported(node, "gives -1, 0 and 1: use BipolarQuant, or add less than a step before it")
    if not np.all(np.isfinite(values)) or len(distinct) < 2:
        raise unsupported(node, f"gives {len(distinct)} value for all inputs: expected two or more")
    elements = elements_of(distinct, MAX_INPUT_BITS)
    if elements is not None and elements.format.bipolar:
        return elements
    # The integers that come in need no table where the values lie on a line over them.
    integers = _values(source)
    scale = (values[1] - values[0]) / source.step
    offset = values[0] - scale * integers[0]
    if scale > 0 and scale == granularity(np.array([scale])) and np.array_equal(scale * integers + offset, values):
        return Elements(source, source.minimum, source.maximum, float(scale), float(offset))
    if elements is None:
        smallest = np.abs(values[values != 0]).min()
        raise unsupported(
            node,
            f"gives values such as {smallest:.9g}, no integers of up to {MAX_INPUT_BITS} bits "
            "times a power of two: float32 sums of them would round; use a scale that is a power of two",
        )
    return elements

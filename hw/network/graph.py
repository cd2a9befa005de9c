"""Read a QONNX file with care, and run it, or a section of it, in QONNX's executor."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError, Message
from numpy.typing import NDArray
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper
from onnx.checker import ValidationError
from onnx.shape_inference import InferenceError
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    RuntimeException,
)
from onnxruntime.capi.onnxruntime_pybind11_state import (
    NotImplemented as NotImplementedInRuntime,
)
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes

from hw.errors import BadInput, UnsupportedGraph
from hw.network.limits import MAX_ELEMENTS, MAX_FILE_BYTES, MAX_NODES
from hw.network.nodes import (
    ACCEPTED,
    CONSTANT,
    INPUT_COUNTS,
    KNOWN,
    QONNX_DOMAIN,
    QONNX_DOMAINS,
    QONNX_OPERATORS,
    REASONS,
    unsupported,
)
from hw.network.quantizers import check_attributes, check_parameters

# 9: BatchNormalization and Dropout in today's form; 26: the newest that onnxruntime runs.
OPSETS = range(9, 27)

METADATA_KEY = "spikeloom"


@dataclass(frozen=True, eq=False)
class Graph:
    """A checked graph of known nodes, its constant subgraphs evaluated.

    Attributes:
        nodes: those that depend on the input, in topological order.
        constants: initialisers and what constant subgraphs gave, by tensor name.
        shapes: of every other tensor at batch size 1.
        opset: of the standard operators.
        input_name: the graph's one input that is no initialiser.
        input_shape: its dimensions without the batch.
        input_datatype: QONNX's annotation of the input (`INT8`), None where there is none.
        output_names: the graph's outputs.
        metadata: the file's own `spikeloom` record, {} where there is none.
        digest: sha256 of the file, 64 hexadecimal digits.
    """

    nodes: tuple[NodeProto, ...]
    constants: Mapping[str, NDArray[Any]]
    shapes: Mapping[str, tuple[int, ...]]
    opset: int
    input_name: str
    input_shape: tuple[int, ...]
    input_datatype: str | None
    output_names: tuple[str, ...]
    metadata: Mapping[str, Any]
    digest: str

    @property
    def n_elements(self) -> int:
        """Elements that QONNX's executor holds for one input, which MultiThreshold compares with each threshold."""
        return sum(
            prod(self.shapes[name]) * self._copies(node) for node in self.nodes for name in node.output if name
        )

    def _copies(self, node: NodeProto) -> int:
        return 1 + self.constants[node.input[1]].shape[1] if node.op_type == "MultiThreshold" else 1

    def tensor_into(self, node: NodeProto) -> str:
        """What a node of a line reads that is no constant."""
        return next(name for name in node.input if name and name not in self.constants)

    def section(self, nodes: Sequence[NodeProto], start: str, shape: tuple[int, ...]) -> ModelWrapper:
        """Consecutive nodes as a model whose input is the tensor `start` of that shape, batch first."""
        names = {name for node in nodes for name in node.input if name in self.constants}
        constants = {name: self.constants[name] for name in sorted(names)}
        for node in nodes:
            if node.op_type == "Reshape":
                target = constants[node.input[1]].copy()
                target[0] = shape[0]
                constants[node.input[1]] = target
        value = helper.make_tensor_value_info(start, TensorProto.FLOAT, shape)
        return _executable(nodes, [value], constants, self.opset)


def execute(model: ModelWrapper, feeds: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[Any]]:
    """Every tensor of the model by name, computed by QONNX's executor.

    Raises:
        UnsupportedGraph: where onnxruntime refuses a node that ONNX's own checks let pass.
    """
    try:
        context: dict[str, NDArray[Any]] = execute_onnx(model, dict(feeds), return_full_exec_context=True)
    except (Fail, InvalidArgument, InvalidGraph, NotImplementedInRuntime, RuntimeException) as error:
        raise UnsupportedGraph(f"onnxruntime refuses the graph: {_one_line(error)}") from error
    return context


def read_graph(path: str | Path) -> Graph:
    """Read and check an .onnx file; nothing of it is executed but its constant subgraphs.

    Quantization annotations of inner tensors are dropped: they describe values, and QONNX's executor
    would round to them.

    Raises:
        BadInput: for a file that is missing, damaged, larger than 256 MB, or refers to data elsewhere.
        UnsupportedGraph: for an operator, tensor or shape that has no place here, by name.
    """
    path = Path(path)
    content = _content(path)
    proto = _parsed(content, path)
    _refuse_hidden_parts(proto, path)
    opset = _opset(proto, path)
    nodes = [_known(node, index) for index, node in enumerate(proto.graph.node)]
    entry = _entry(proto.graph, path)
    shapes = _checked_shapes(proto, nodes, entry, opset, path)
    dynamic, constant = _split(nodes, entry.name)
    if not dynamic:
        raise UnsupportedGraph(f"{path}: no node reads the input {entry.name!r}")
    return Graph(
        nodes=tuple(dynamic),
        constants=_constants(_initializers(proto.graph, path), constant, opset),
        shapes=shapes,
        opset=opset,
        input_name=entry.name,
        input_shape=shapes[entry.name][1:],
        input_datatype=_annotation(proto.graph, entry.name),
        output_names=tuple(value.name for value in proto.graph.output),
        metadata=_metadata(proto, path),
        digest=hashlib.sha256(content).hexdigest(),
    )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadInput(f"{path}: larger than {MAX_FILE_BYTES >> 20} MB, no graph that could be mapped")
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); expected a QONNX file") from error


def _parsed(content: bytes, path: Path) -> ModelProto:
    try:
        proto = onnx.load_from_string(content)
    except DecodeError as error:
        raise BadInput(f"{path}: not an ONNX file, or a damaged one") from error
    if not proto.graph.node:
        raise BadInput(f"{path}: not an ONNX file, or one without nodes")
    if len(proto.graph.node) > MAX_NODES:
        raise UnsupportedGraph(f"{path}: {len(proto.graph.node)} nodes, more than {MAX_NODES} are refused")
    # protobuf decodes names when they are read, and hands out bytes for what is no UTF-8.
    if not all(isinstance(text, str) for text in _texts(proto)):
        raise BadInput(f"{path}: a damaged ONNX file, its names are not text")
    return proto


def _texts(message: Message) -> Iterator[str | bytes]:
    """Every string in a protobuf message."""
    for field, value in message.ListFields():
        items = [value] if isinstance(value, (Message, str, bytes)) else value
        if field.type == field.TYPE_STRING:
            yield from items
        elif field.type == field.TYPE_MESSAGE:
            for item in items:
                yield from _texts(item)


def _refuse_hidden_parts(proto: ModelProto, path: Path) -> None:
    """Nothing may lie outside the plain list of nodes and initialisers."""
    attributes = [item for node in proto.graph.node for item in node.attribute]
    graphs = (AttributeProto.GRAPH, AttributeProto.GRAPHS)
    if proto.functions or proto.training_info or any(item.type in graphs for item in attributes):
        raise UnsupportedGraph(f"{path}: holds functions or subgraphs; export one flat graph")
    if proto.graph.sparse_initializer or any(item.HasField("sparse_tensor") for item in attributes):
        raise UnsupportedGraph(f"{path}: holds sparse tensors; store them dense")
    tensors = [*proto.graph.initializer, *(item.t for item in attributes)]
    tensors += [tensor for item in attributes for tensor in item.tensors]
    if any(tensor.data_location == TensorProto.EXTERNAL or tensor.external_data for tensor in tensors):
        raise BadInput(f"{path}: keeps tensors in other files; save it with the data inside")
    for tensor in tensors:
        _check_size(f"{path}: tensor {tensor.name!r} has", prod(tensor.dims))


def _check_size(what: str, elements: int) -> None:
    if elements > MAX_ELEMENTS:
        raise UnsupportedGraph(f"{what} {elements} elements, more than {MAX_ELEMENTS} are refused")


def _opset(proto: ModelProto, path: Path) -> int:
    versions = {item.domain.replace("ai.onnx", ""): item.version for item in proto.opset_import}
    version = int(versions.get("", 0))
    if version not in OPSETS:
        raise UnsupportedGraph(f"{path}: operator set {version}; {OPSETS.start} to {OPSETS.stop - 1} can be executed")
    return version


def _known(node: NodeProto, index: int) -> NodeProto:
    """A copy with a name and a plain domain; UnsupportedGraph for an operator without a place here."""
    copy = NodeProto()
    copy.CopyFrom(node)
    copy.name = node.name or f"{node.op_type}_{index}"
    standard = node.domain in ("", "ai.onnx") and node.op_type not in QONNX_OPERATORS
    if node.op_type not in KNOWN or not (standard or node.domain in QONNX_DOMAINS):
        raise unsupported(copy, f"{REASONS.get(node.op_type, 'not mapped')}; {ACCEPTED}")
    names = [item.name for item in node.attribute]
    if len(set(names)) < len(names):
        raise unsupported(copy, "an attribute is given twice, of which tools take one or the other")
    copy.domain = "" if standard else QONNX_DOMAIN
    check_attributes(copy)
    return copy


def _entry(graph: GraphProto, path: Path) -> onnx.ValueInfoProto:
    """The one true input, at batch size 1."""
    stored = {tensor.name for tensor in graph.initializer}
    entries = [value for value in graph.input if value.name not in stored]
    if len(entries) != 1:
        raise UnsupportedGraph(f"{path}: {len(entries)} inputs; a graph with one can be mapped")
    entry = onnx.ValueInfoProto()
    entry.CopyFrom(entries[0])
    kind = entry.type.tensor_type
    if kind.elem_type != TensorProto.FLOAT:
        raise UnsupportedGraph(f"input {entry.name!r}: not float32, which is QONNX's carrier of integers")
    sizes = [dim.dim_value for dim in kind.shape.dim]
    if len(sizes) < 2 or min(sizes[1:]) < 1:
        raise UnsupportedGraph(f"input {entry.name!r}: expected [batch, fixed sizes], got {sizes}")
    _check_size(f"input {entry.name!r} has", prod(sizes[1:]))
    kind.shape.dim[0].dim_value = 1
    return entry


def _checked_shapes(
    proto: ModelProto, nodes: list[NodeProto], entry: onnx.ValueInfoProto, opset: int, path: Path
) -> dict[str, tuple[int, ...]]:
    """Shapes of all tensors at batch size 1, after ONNX's own checks of structure, types and shapes."""
    plain = [equivalent for node in nodes for equivalent in _shape_equivalents(node)]
    # Stated shapes are left out: they hold for the batch size of the export only.
    outputs = [onnx.ValueInfoProto(name=value.name) for value in proto.graph.output]
    graph = helper.make_graph(plain, "shapes", [entry], outputs, initializer=proto.graph.initializer)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    try:
        inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
        onnx.checker.check_model(inferred)
    except (ValidationError, InferenceError, ValueError) as error:
        raise UnsupportedGraph(f"{path}: not a valid graph at batch size 1: {_one_line(error)}") from error
    kinds = {value.name: value.type.tensor_type for value in inferred.graph.value_info}
    kinds |= {value.name: value.type.tensor_type for value in [entry, *inferred.graph.output]}
    for node in nodes:
        for name in filter(None, node.output):
            if name not in kinds or not kinds[name].HasField("shape"):
                raise unsupported(node, f"the shape of its output {name!r} is not fixed")
    shapes = {name: tuple(dim.dim_value for dim in kind.shape.dim) for name, kind in kinds.items()}
    for name, shape in shapes.items():
        if 0 in shape:
            raise UnsupportedGraph(f"tensor {name!r}: its shape is not fixed, or it is empty")
        _check_size(f"tensor {name!r} has", prod(shape))
    _check_size(f"{path}: all tensors together have", sum(map(prod, shapes.values())))
    return shapes


def _shape_equivalents(node: NodeProto) -> list[NodeProto]:
    """Standard nodes through which shapes and types go as through a node of QONNX, unknown to ONNX's checks."""
    if node.domain != QONNX_DOMAIN:
        return [node]
    if len(node.input) != INPUT_COUNTS[node.op_type][0] or len(node.output) != 1:
        raise unsupported(node, f"expected {INPUT_COUNTS[node.op_type][0]} inputs and one output")
    if node.op_type == "XnorPopcountMatMul":
        return [helper.make_node("MatMul", node.input, node.output, name=node.name)]
    if node.op_type == "MultiThreshold":
        return [helper.make_node("Identity", node.input[:1], node.output, name=node.name)]
    # A scale, a zero point and a bit width go through the tensor one after the other.
    parts = [node.input[0], *(f"{node.output[0]}/{name}" for name in node.input[2:]), node.output[0]]
    return [
        helper.make_node("Mul", [part, name], [after], name=f"{node.name}/{name}")
        for part, name, after in zip(parts, node.input[1:], parts[1:], strict=False)
    ]


def _split(nodes: list[NodeProto], entry: str) -> tuple[list[NodeProto], list[NodeProto]]:
    """Nodes that depend on the input, and constant ones (the order is topological: checked)."""
    dynamic: list[NodeProto] = []
    constant: list[NodeProto] = []
    tensors = {entry}
    for node in nodes:
        if tensors.isdisjoint(node.input):
            constant.append(node)
            continue
        if any(node.name == other.name for other in dynamic):
            raise unsupported(node, "another node has the same name")
        dynamic.append(node)
        tensors.update(set(node.output) - {""})
    return dynamic, constant


def _initializers(graph: GraphProto, path: Path) -> dict[str, NDArray[Any]]:
    try:
        return {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    except (ValueError, TypeError, KeyError) as error:
        raise BadInput(f"{path}: a stored tensor is damaged ({_one_line(error)})") from error


def _constants(given: dict[str, NDArray[Any]], nodes: list[NodeProto], opset: int) -> dict[str, NDArray[Any]]:
    """Initialisers, and the outputs of constant nodes as QONNX's executor computes them."""
    for node in nodes:
        if node.op_type not in CONSTANT:
            raise unsupported(node, f"cannot be evaluated ahead; constants may use {', '.join(sorted(CONSTANT))}")
    if not nodes:
        return given
    context = execute(_executable(nodes, [], given, opset), {})
    constants = given | {name: context[name] for node in nodes for name in node.output}
    for node in nodes:
        check_parameters(node, constants)
    return constants


def _executable(
    nodes: Sequence[NodeProto],
    inputs: list[onnx.ValueInfoProto],
    constants: Mapping[str, NDArray[Any]],
    opset: int,
) -> ModelWrapper:
    """A model for QONNX's executor; all its tensors are inner ones, read from the execution context."""
    initializer = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "section", inputs, [], initializer=initializer)
    imports = [helper.make_opsetid("", opset), helper.make_opsetid(QONNX_DOMAIN, 1)]
    model = ModelWrapper(helper.make_model(graph, opset_imports=imports))
    return model.transform(InferShapes(), cleanup=False)


def _annotation(graph: GraphProto, tensor: str) -> str | None:
    pairs = [
        pair
        for item in graph.quantization_annotation
        if item.tensor_name == tensor
        for pair in item.quant_parameter_tensor_names
    ]
    names = [str(pair.value) for pair in pairs if pair.key == "finn_datatype"]
    if len(names) > 1:
        raise BadInput(
            f"input {tensor!r} is annotated {len(names)} times: {', '.join(names)}; expected one data type"
        )
    return names[0] if names else None


def _metadata(proto: ModelProto, path: Path) -> dict[str, Any]:
    texts = [prop.value for prop in proto.metadata_props if prop.key == METADATA_KEY]
    if not texts:
        return {}
    try:
        record = json.loads(texts[0])
        # Python reads NaN and halves of characters, which no file could be written with.
        json.dumps(record, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path}: its {METADATA_KEY!r} metadata is not JSON") from error
    if not isinstance(record, dict):
        raise BadInput(f"{path}: its {METADATA_KEY!r} metadata is not a JSON object")
    return record

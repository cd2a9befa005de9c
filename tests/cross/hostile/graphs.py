"""QONNX files that nobody should have to trust."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from tests.cross.hostile.case import Case
from tests.cross.hostile.damage import BYTES, FOREIGN
from tests.cross.hostile.fields import change_field
from tests.hw.graphs import DIALECTS, ENDS, FRONTS, HEADS, MULTI_BIT_DIALECTS, GraphBuilder, random_graph

Change = Callable[[np.random.Generator, ModelProto], None]

MODEL = "model.onnx"
COMMAND = ("sim", "--model", MODEL, "--out", "run", "--spikes", "4", "--random-inputs", "50")
MADE = "lower"
"""Folder of the first step that reads the file: the accelerator comes after it."""


def cases(seed: int, rounds: int) -> Iterator[Case]:
    """Every kind of damage `rounds` times, each time to another graph."""
    for turn in range(rounds):
        for index, (name, write, malformed) in enumerate(_kinds()):
            rng = np.random.default_rng((seed, turn, index))
            yield Case(f"{name}, {turn}", COMMAND, _bound(write, rng), malformed, MADE)


def _bound(write: Callable[[np.random.Generator, Path], None], rng: np.random.Generator) -> Callable[[Path], None]:
    return lambda folder: write(rng, folder)


def _kinds() -> Iterator[tuple[str, Callable[[np.random.Generator, Path], None], bool]]:
    for name, damage in BYTES.items():
        yield f"bytes {name}", _bytes(damage), False
    for index in range(FIELDS):
        yield f"field {index} changed at random", _changed(change_field), False
    for name, content in FOREIGN.items():
        yield f"{name} for a graph", _bytes(lambda rng, _, content=content: content), True
    for name, change in MALFORMED.items():
        yield name, _changed(change), True
    for name, change in PERHAPS.items():
        yield name, _changed(change), False
    for name, place in PLACES.items():
        yield name, place, True


def some_graph(rng: np.random.Generator) -> ModelProto:
    """A small graph of any dialect, with two hidden layers or one."""
    dialect = str(rng.choice(DIALECTS))
    front = str(rng.choice(("none", "pixels", "image") if dialect == "xnor" else FRONTS))
    datatype = "UINT8" if front == "pixels" else "UINT1" if dialect == "xnor" else str(rng.choice(["INT8", "UINT3"]))
    return random_graph(
        rng,
        6,
        [4] if rng.random() < 0.5 else [5, 4],
        3,
        datatype,
        dialect,
        int(rng.integers(1, 4)) if dialect in MULTI_BIT_DIALECTS else 1,
        front,
        str(rng.choice(HEADS)),
        str(rng.choice(ENDS)),
    )


def _bytes(damage: Callable[[np.random.Generator, bytes], bytes]) -> Callable[[np.random.Generator, Path], None]:
    def write(rng: np.random.Generator, folder: Path) -> None:
        (folder / MODEL).write_bytes(damage(rng, some_graph(rng).SerializeToString()))

    return write


def _changed(change: Change) -> Callable[[np.random.Generator, Path], None]:
    def write(rng: np.random.Generator, folder: Path) -> None:
        model = some_graph(rng)
        change(rng, model)
        (folder / MODEL).write_bytes(model.SerializeToString())

    return write


def _product(model: ModelProto) -> NodeProto:
    return next(node for node in model.graph.node if node.op_type in ("Gemm", "MatMul", "XnorPopcountMatMul"))


def _parameters(model: ModelProto) -> list[TensorProto]:
    """Stored tensors of numbers with a fraction: all but shapes."""
    return [tensor for tensor in model.graph.initializer if tensor.data_type == TensorProto.FLOAT]


def _wide(model: ModelProto) -> TensorProto:
    """The stored weights of the first product."""
    return max(_parameters(model), key=lambda tensor: int(np.prod(tensor.dims)))


def _some(rng: np.random.Generator, items: Any) -> Any:
    return items[int(rng.integers(len(items)))]


def _with_dims(*dims: int) -> Change:
    def change(rng: np.random.Generator, model: ModelProto) -> None:
        tensor = _wide(model)
        del tensor.dims[:]
        tensor.dims.extend(dims)

    return change


def _with_type(kind: int) -> Change:
    def change(rng: np.random.Generator, model: ModelProto) -> None:
        _wide(model).data_type = kind

    return change


def _with_input(*dims: int) -> Change:
    def change(rng: np.random.Generator, model: ModelProto) -> None:
        shape = model.graph.input[0].type.tensor_type.shape
        del shape.dim[:]
        for size in dims:
            shape.dim.add(dim_value=size)

    return change


def _with_value(value: float, everywhere: bool) -> Change:
    """Write a value into a threshold, a scale, a BatchNorm parameter or an offset, which take finite ones only."""

    def change(rng: np.random.Generator, model: ModelProto) -> None:
        builder = _tail_of(model)
        constant = np.full(3, value) if everywhere else np.array([0.5, value, 0.5])
        _insert(model, builder, "Add" if rng.random() < 0.5 else "Mul", constant)

    return change


def _tail_of(model: ModelProto) -> NodeProto:
    """The last product, whose scores take one more node."""
    products = [node for node in model.graph.node if node.op_type in ("Gemm", "MatMul", "XnorPopcountMatMul")]
    return products[-1]


def _insert(model: ModelProto, after: NodeProto, op_type: str, *constants: Any, **attributes: Any) -> None:
    """Put a node behind another one, on the same line."""
    names = [f"inserted_{len(model.graph.initializer) + index}" for index in range(len(constants))]
    for name, value in zip(names, constants, strict=True):
        stored = value if isinstance(value, TensorProto) else numpy_helper.from_array(np.asarray(value, np.float32))
        stored.name = name
        model.graph.initializer.append(stored)
    old, new = after.output[0], f"{after.output[0]}_before"
    after.output[0] = new
    node = helper.make_node(op_type, [new, *names], [old], name=f"inserted_{op_type}", **attributes)
    model.graph.node.insert(list(model.graph.node).index(after) + 1, node)


def _in_chain(op_type: str, *constants: Any, **attributes: Any) -> Change:
    def change(rng: np.random.Generator, model: ModelProto) -> None:
        _insert(model, _tail_of(model), op_type, *constants, **attributes)

    return change


def _with_op(op_type: str, domain: str = "") -> Change:
    def change(rng: np.random.Generator, model: ModelProto) -> None:
        node = _product(model)
        node.op_type, node.domain = op_type, domain

    return change


def _with_attribute(**attributes: Any) -> Change:
    def change(rng: np.random.Generator, model: ModelProto) -> None:
        node = _product(model)
        for name, value in attributes.items():
            node.attribute.append(helper.make_attribute(name, value))

    return change


def _attribute_twice(rng: np.random.Generator, model: ModelProto) -> None:
    node = model.graph.node[0]
    node.attribute.extend(helper.make_attribute("signed", value) for value in (0, 1))


def _spare_tensor(rng: np.random.Generator, model: ModelProto) -> None:
    model.graph.initializer.append(TensorProto(name="spare", data_type=-1, dims=[1], raw_data=bytes(4)))


def _external(location: str, offset: str = "0", length: str = "96") -> Change:
    def change(rng: np.random.Generator, model: ModelProto) -> None:
        tensor = _wide(model)
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", location), ("offset", offset), ("length", length)):
            tensor.external_data.add(key=key, value=value)

    return change


def _subgraph(depth: int) -> Change:
    def change(rng: np.random.Generator, model: ModelProto) -> None:
        inner = helper.make_graph([helper.make_node("Identity", ["spikes"], ["x"])], "inner", [], [])
        for _ in range(depth):
            wrapped = helper.make_node("If", ["spikes"], ["x"], then_branch=inner, else_branch=inner)
            inner = helper.make_graph([wrapped], "inner", [], [])
        _product(model).attribute.append(helper.make_attribute("body", inner))

    return change


def _annotated(name: str) -> Change:
    def change(rng: np.random.Generator, model: ModelProto) -> None:
        del model.graph.quantization_annotation[:]
        note = model.graph.quantization_annotation.add(tensor_name="spikes")
        note.quant_parameter_tensor_names.add(key="finn_datatype", value=name)

    return change


def _annotated_twice(rng: np.random.Generator, model: ModelProto) -> None:
    _annotated("INT8")(rng, model)
    model.graph.quantization_annotation.add().CopyFrom(model.graph.quantization_annotation[0])
    model.graph.quantization_annotation[1].quant_parameter_tensor_names[0].value = "INT4"


def _metadata(text: str) -> Change:
    def change(rng: np.random.Generator, model: ModelProto) -> None:
        helper.set_model_props(model, {"spikeloom": text})

    return change


def _opsets(*versions: tuple[str, int]) -> Change:
    def change(rng: np.random.Generator, model: ModelProto) -> None:
        del model.opset_import[:]
        model.opset_import.extend(helper.make_opsetid(*version) for version in versions)

    return change


def _cycle(rng: np.random.Generator, model: ModelProto) -> None:
    _product(model).input[0] = model.graph.node[-1].output[0]


def _own_input(rng: np.random.Generator, model: ModelProto) -> None:
    node = _product(model)
    node.input[0] = node.output[0]


def _back_to_front(rng: np.random.Generator, model: ModelProto) -> None:
    nodes = list(model.graph.node)[::-1]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _same_output(rng: np.random.Generator, model: ModelProto) -> None:
    model.graph.node[-1].output[0] = model.graph.node[-2].output[0]


def _same_node_names(rng: np.random.Generator, model: ModelProto) -> None:
    for node in model.graph.node:
        node.name = "node"


def _same_initializer(rng: np.random.Generator, model: ModelProto) -> None:
    twin = model.graph.initializer.add()
    twin.CopyFrom(_wide(model))
    twin.raw_data = bytes(rng.permutation(np.frombuffer(twin.raw_data, np.uint8)))


def _output_named_as_parameter(rng: np.random.Generator, model: ModelProto) -> None:
    _product(model).output[0] = _wide(model).name


def _lost_parameter(rng: np.random.Generator, model: ModelProto) -> None:
    used = {name for node in model.graph.node for name in node.input}
    stored = [tensor for tensor in model.graph.initializer if tensor.name in used]
    model.graph.initializer.remove(_some(rng, stored))


def _lost_node(rng: np.random.Generator, model: ModelProto) -> None:
    model.graph.node.remove(_product(model))


def _no_nodes(rng: np.random.Generator, model: ModelProto) -> None:
    del model.graph.node[:]


def _no_inputs(rng: np.random.Generator, model: ModelProto) -> None:
    del model.graph.input[:]


def _no_outputs(rng: np.random.Generator, model: ModelProto) -> None:
    del model.graph.output[:]


def _two_inputs(rng: np.random.Generator, model: ModelProto) -> None:
    model.graph.input.append(helper.make_tensor_value_info("second", TensorProto.FLOAT, [1, 6]))


def _input_of_type(kind: int) -> Change:
    def change(rng: np.random.Generator, model: ModelProto) -> None:
        model.graph.input[0].type.tensor_type.elem_type = kind

    return change


def _sequence_input(rng: np.random.Generator, model: ModelProto) -> None:
    kind = helper.make_sequence_type_proto(helper.make_tensor_type_proto(TensorProto.FLOAT, [1, 6]))
    model.graph.input[0].type.CopyFrom(kind)


def _too_little_data(rng: np.random.Generator, model: ModelProto) -> None:
    tensor = _wide(model)
    tensor.raw_data = tensor.raw_data[: int(rng.integers(len(tensor.raw_data)))]


def _too_much_data(rng: np.random.Generator, model: ModelProto) -> None:
    _wide(model).raw_data += bytes(4 * int(rng.integers(1, 9)))


def _data_twice(rng: np.random.Generator, model: ModelProto) -> None:
    _wide(model).float_data.extend([1.0] * 24)


def _weights_that_broadcast(rng: np.random.Generator, model: ModelProto) -> None:
    _insert(model, _product(model), "Add", np.zeros((2, 1, 1, 1)))


def _sparse(rng: np.random.Generator, model: ModelProto) -> None:
    values = numpy_helper.from_array(np.ones(1, np.float32), "sparse")
    indices = numpy_helper.from_array(np.zeros(1, np.int64), "indices")
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [10**9, 10**9]))


def _function(rng: np.random.Generator, model: ModelProto) -> None:
    node = helper.make_node("Identity", ["a"], ["b"])
    function = helper.make_function("evil", "Gemm", ["a"], ["b"], [node], [helper.make_opsetid("", 17)])
    model.functions.append(function)


def _outer_products(rng: np.random.Generator, model: ModelProto) -> None:
    """Constants of 256 MB each, out of a few kilobytes."""
    side = np.ones(2**13, np.float32)
    model.graph.initializer.append(numpy_helper.from_array(side[:, None], "tall"))
    model.graph.initializer.append(numpy_helper.from_array(side[None, :], "flat"))
    for index in range(40):
        model.graph.node.insert(0, helper.make_node("Mul", ["tall", "flat"], [f"outer_{index}"]))


def _many_nodes(op_type: str, count: int) -> Change:
    def change(rng: np.random.Generator, model: ModelProto) -> None:
        product = _tail_of(model)
        start, tensor = product.output[0], f"{product.output[0]}_0"
        product.output[0] = tensor
        place = list(model.graph.node).index(product) + 1
        tail = list(model.graph.node)[place:]
        del model.graph.node[place:]
        for index in range(count):
            after = start if index == count - 1 else f"{start}_{index + 1}"
            model.graph.node.append(helper.make_node(op_type, [tensor], [after]))
            tensor = after
        model.graph.node.extend(tail)

    return change


def _many_constants(rng: np.random.Generator, model: ModelProto) -> None:
    for index in range(20_000):
        model.graph.node.insert(0, helper.make_node("Identity", [_wide(model).name], [f"copy_{index}"]))


def _no_opset(rng: np.random.Generator, model: ModelProto) -> None:
    del model.opset_import[:]


def _wrong_weights(value: float) -> Change:
    """Weights that are no two opposite numbers, stored without a quantizer before them."""

    def change(rng: np.random.Generator, model: ModelProto) -> None:
        node = _product(model)
        columns = 6
        weights = rng.choice([-1.0, 1.0], (columns, columns)).astype(np.float32)
        weights[0, 0] = value
        del model.graph.node[:]
        model.graph.initializer.append(numpy_helper.from_array(weights, "stored"))
        del model.graph.output[:]
        model.graph.node.append(helper.make_node("MatMul", ["spikes", "stored"], ["scores"], name=node.name))
        _with_input(1, columns)(rng, model)
        _annotated("INT8")(rng, model)
        model.graph.output.append(helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, columns]))

    return change


def _thresholds(rows: Any) -> Change:
    return _rebuilt(lambda builder: builder.multithreshold(rows))


def _norm(gamma: float, beta: float, mean: float, variance: float) -> Change:
    def append(builder: GraphBuilder) -> None:
        builder.batch_norm([1, gamma], [0, beta], [0, mean], [1, variance])
        builder.activation()

    return _rebuilt(append)


def _scale(value: float) -> Change:
    return _rebuilt(lambda builder: builder.activation(value))


def _quant(**parameters: Any) -> Change:
    return _rebuilt(lambda builder: builder.quant(**{"bits": 2, "signed": True, "narrow": True, **parameters}))


def _rebuilt(append: Callable[[GraphBuilder], None], columns: int = 3, datatype: str = "INT4") -> Change:
    """A layer, what `append` puts behind it, and a head, in place of the graph."""

    def change(rng: np.random.Generator, model: ModelProto) -> None:
        builder = GraphBuilder()
        builder.weights(rng.standard_normal((2, columns)), "gemm")
        append(builder)
        builder.weights(rng.standard_normal((2, 2)), "gemm")
        model.CopyFrom(builder.model([1, columns], datatype, 2))

    return change


def _named(name: bytes) -> Change:
    """The product's name in bytes that no exporter writes, in a graph that is refused for another reason."""

    def change(rng: np.random.Generator, model: ModelProto) -> None:
        place = "x" * len(name)
        node = _product(model)
        node.name, node.op_type = place, "Conv"
        content = model.SerializeToString().replace(place.encode(), name)
        model.Clear()
        model.MergeFromString(content)

    return change


HUGE = 10**9
FIELDS = 40
"""Changes of one field in a round; every fifth or so leaves a valid graph."""

MALFORMED: Mapping[str, Change] = {
    "weights of 10^9 x 10^9": _with_dims(HUGE, HUGE),
    "weights of 2^62 elements": _with_dims(2**31, 2**31),
    "weights of 2^64 elements": _with_dims(2**32, 2**32),
    "weights of 2 GB claimed": _with_dims(2**16, 2**13),
    "weights of a negative size": _with_dims(-6, 4),
    "weights of two negative sizes": _with_dims(-6, -4),
    "weights of size 0": _with_dims(0, 4),
    "weights without shape": _with_dims(),
    "weights of three dimensions": _with_dims(2, 3, 4),
    "weights of 1000 dimensions": _with_dims(*[1] * 1000),
    "weights of another shape": _with_dims(7, 11),
    "weights of a type that is none": _with_type(99),
    "weights of undefined type": _with_type(0),
    "weights as text": _with_type(TensorProto.STRING),
    "weights as complex numbers": _with_type(TensorProto.COMPLEX64),
    "weights as int64": _with_type(TensorProto.INT64),
    "weights as float8": _with_type(TensorProto.FLOAT8E4M3FN),
    "input of 10^9 x 10^9": _with_input(1, HUGE, HUGE),
    "input of 2^63": _with_input(1, 2**63 - 1),
    "input of 2^22": _with_input(1, 2**22),
    "input of a negative size": _with_input(1, -6),
    "input without dimensions": _with_input(),
    "input of batch only": _with_input(1),
    "input as double": _input_of_type(TensorProto.DOUBLE),
    "input as text": _input_of_type(TensorProto.STRING),
    "input of a type that is none": _input_of_type(77),
    "input as a sequence": _sequence_input,
    "input annotated INT999999": _annotated("INT999999"),
    "input annotated INT0": _annotated("INT0"),
    "input annotated INT-3": _annotated("INT-3"),
    "input annotated INT33": _annotated("INT33"),
    "input annotated TERNARY": _annotated("TERNARY"),
    "input annotated FIXED": _annotated("FIXED<8,99>"),
    "input annotated with nothing": _annotated(""),
    "input annotated in another script": _annotated("INT８"),
    "input annotated with a number of 5000 digits": _annotated("INT" + "9" * 5000),
    "input annotated twice": _annotated_twice,
    "NaN among the offsets": _with_value(np.nan, False),
    "infinity among the offsets": _with_value(np.inf, False),
    "offsets all NaN": _with_value(np.nan, True),
    "offsets all infinite": _with_value(-np.inf, True),
    "weights with a NaN": _wrong_weights(np.nan),
    "weights with an infinity": _wrong_weights(np.inf),
    "weights with a zero": _wrong_weights(0.0),
    "weights with a denormal": _wrong_weights(1e-40),
    "weights with another scale": _wrong_weights(2.0),
    "thresholds NaN": _thresholds([[np.nan]]),
    "no thresholds": _thresholds(np.zeros((1, 0))),
    "thresholds of three dimensions": _thresholds(np.zeros((1, 1, 1))),
    "too many thresholds": _thresholds([list(range(1000))]),
    "BatchNorm with gamma NaN": _norm(np.nan, 0, 0, 1),
    "BatchNorm with beta infinite": _norm(1, np.inf, 0, 1),
    "BatchNorm with mean NaN": _norm(1, 0, np.nan, 1),
    "BatchNorm with negative variance": _norm(1, 0, 0, -1),
    "BatchNorm with variance NaN": _norm(1, 0, 0, np.nan),
    "BatchNorm with variance infinite": _norm(1, 0, 0, np.inf),
    "scale NaN": _scale(np.nan),
    "scale infinite": _scale(np.inf),
    "scale 0": _scale(0.0),
    "scale denormal": _scale(1e-42),
    "Quant of NaN bits": _quant(bits=np.nan),
    "Quant of infinite bits": _quant(bits=np.inf),
    "Quant of 10^9 bits": _quant(bits=HUGE),
    "Quant of -1 bits": _quant(bits=-1),
    "Quant with scale NaN": _quant(scale=np.nan),
    "Quant with zero point infinite": _quant(zero_point=np.inf),
    "Quant rounding in another way": _quant(mode="\u2603"),
    "operator that is none": _with_op("Foo"),
    "operator without a name": _with_op(""),
    "operator Conv": _with_op("Conv"),
    "operator LSTM": _with_op("LSTM"),
    "operator If": _with_op("If"),
    "operator Loop": _with_op("Loop"),
    "operator of another domain": _with_op("MatMul", "com.example"),
    "operator of a domain of code": _with_op("os.system", "qonnx.custom_op.general"),
    "operator with dots for a domain": _with_op("MatMul", "../../tmp"),
    "TopK in the middle": _with_op("TopK"),
    "attribute twice": _attribute_twice,
    "attribute transA twice": _with_attribute(transA=1, alpha=[1.0, 2.0]),
    "attribute with a tensor of 10^18": _with_attribute(
        value=TensorProto(data_type=TensorProto.FLOAT, dims=[HUGE, HUGE])
    ),
    "subgraph": _subgraph(0),
    "subgraphs in subgraphs": _subgraph(5),
    "function of the same name": _function,
    "sparse weights of 10^18": _sparse,
    "external data, absolute": _external("/etc/passwd"),
    "external data outside": _external("../secret.bin"),
    "external data far outside": _external("../../../../../../etc/passwd"),
    "external data through a link": _external("link.bin"),
    "external data in a folder": _external("."),
    "external data nowhere": _external(""),
    "external data of 2^62": _external("weights.bin", "0", str(2**62)),
    "external data at a negative place": _external("weights.bin", "-1", "-1"),
    "external data that is there": _external("weights.bin"),
    "external data in a pipe": _external("../pipe"),
    "external data over the network": _external("http://example.com/weights.bin"),
    "cycle": _cycle,
    "node that reads itself": _own_input,
    "nodes back to front": _back_to_front,
    "two nodes of one output": _same_output,
    "nodes of one name": _same_node_names,
    "parameter stored twice": _same_initializer,
    "output named as a parameter": _output_named_as_parameter,
    "parameter lost": _lost_parameter,
    "product lost": _lost_node,
    "no nodes": _no_nodes,
    "no inputs": _no_inputs,
    "no outputs": _no_outputs,
    "two inputs": _two_inputs,
    "too little data": _too_little_data,
    "too much data": _too_much_data,
    "data twice": _data_twice,
    "parameter that broadcasts": _weights_that_broadcast,
    "no operator set": _no_opset,
    "operator set 0": _opsets(("", 0)),
    "operator set of the future": _opsets(("", 2**31)),
    "operator set negative": _opsets(("", -5)),
    "operator set of another domain": _opsets(("com.example", 17)),
    "name with an escape sequence": _named(b"\x1b[2J\x1b[31mevil"),
    "name with new lines": _named(b"a\nerror: b\r\nTraceback"),
    "name of 100 kB": _named(b"n" * 100_000),
    "name that runs from right to left": _named("\u202egnp.exe".encode()),
    "name that is no text": _named(b"\xff\xfe\xfd\xfc"),
    "metadata that are no JSON": _metadata("{"),
    "metadata of 100000 brackets": _metadata("[" * 100_000),
    "metadata a list": _metadata("[]"),
    "metadata null": _metadata("null"),
    "metadata with NaN": _metadata('{"lsb": NaN}'),
    "metadata with half a character": _metadata('{"units": ["\\ud800", "b", "c"]}'),
    "metadata with a number of 10000 digits": _metadata('{"n": ' + "9" * 10_000 + "}"),
    "units no list": _metadata('{"units": 3}'),
    "units too many": _metadata(json.dumps({"units": ["u"] * 1000})),
    "units an object": _metadata('{"units": {"a": 1}}'),
    "margin as text": _metadata('{"unsorted": {"margin": "1"}}'),
    "margin negative": _metadata('{"unsorted": {"margin": -1}}'),
    "margin of 10^100": _metadata('{"unsorted": {"margin": ' + str(10**100) + "}}"),
    "margin true": _metadata('{"unsorted": {"margin": true}}'),
    "margin null": _metadata('{"unsorted": null}'),
    "reshape to 10^18": _in_chain("Reshape", numpy_helper.from_array(np.array([HUGE, HUGE]))),
    "reshape to -1 x -1": _in_chain("Reshape", numpy_helper.from_array(np.array([-1, -1]))),
    "expand to 10^18": _in_chain("Expand", numpy_helper.from_array(np.array([HUGE, HUGE]))),
    "constant of 10^18": _in_chain("ConstantOfShape", value=numpy_helper.from_array(np.ones(1, np.float32))),
    "transpose of the scores": _in_chain("Transpose", perm=[5, 9]),
    "40 constants of 256 MB": _outer_products,
    "20000 constants": _many_constants,
    "100000 nodes": _many_nodes("Identity", 100_000),
    "2000 nodes": _many_nodes("Relu", 2_000),
}

PERHAPS: Mapping[str, Change] = {
    "300 nodes": _many_nodes("Relu", 300),
    "attribute that is unknown": _with_attribute(evil=1),
    "attribute of another type": _with_attribute(transB="yes"),
    "type of a spare tensor that is none": _spare_tensor,
}


def _linked(target: str) -> Callable[[np.random.Generator, Path], None]:
    return lambda rng, folder: (folder / MODEL).symlink_to(target)


def _folder(rng: np.random.Generator, folder: Path) -> None:
    (folder / MODEL).mkdir()


def _pipe(rng: np.random.Generator, folder: Path) -> None:
    os.mkfifo(folder / MODEL)


def _sparse_file(size: int) -> Callable[[np.random.Generator, Path], None]:
    def write(rng: np.random.Generator, folder: Path) -> None:
        (folder / MODEL).write_bytes(some_graph(rng).SerializeToString())
        os.truncate(folder / MODEL, size)

    return write


PLACES: Mapping[str, Callable[[np.random.Generator, Path], None]] = {
    "graph that is not there": lambda rng, folder: None,
    "graph that is a folder": _folder,
    "graph that is a pipe": _pipe,
    "link to nothing": _linked("nothing.onnx"),
    "link to itself": _linked(MODEL),
    "link to endless zeros": _linked("/dev/zero"),
    "graph of 2 GB": _sparse_file(2**31),
    "graph of a terabyte": _sparse_file(2**40),
}


def stand_outside(folder: Path) -> None:
    """What external data of a graph could point to: weights, a pipe that keeps whoever opens it, and a link."""
    (folder.parent / "secret.bin").write_bytes(np.ones(24, np.float32).tobytes())
    (folder / "weights.bin").write_bytes(np.ones(24, np.float32).tobytes())
    os.mkfifo(folder.parent / "pipe")
    (folder / "link.bin").symlink_to("../secret.bin")

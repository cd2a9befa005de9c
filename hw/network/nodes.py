"""Which operators are known and for what, and the error that names a node."""

from typing import Any

from onnx import NodeProto, helper

from hw.errors import UnsupportedGraph

QONNX_DOMAIN = "qonnx.custom_op.general"
# Its operators came from FINN, finn-base too, and from Brevitas, which have written them in domains of their own.
QONNX_DOMAINS = (QONNX_DOMAIN, "finn.custom_op.general", "finn", "onnx.brevitas")

QUANT = frozenset({"Quant", "IntQuant"})  # one operator, by its earlier and its later name
QONNX_OPERATORS = QUANT | {"BipolarQuant", "MultiThreshold", "XnorPopcountMatMul"}
QUANTIZERS = QUANT | {"BipolarQuant", "MultiThreshold", "Sign"}
PRODUCTS = frozenset({"MatMul", "Gemm", "XnorPopcountMatMul"})
ARITHMETIC = frozenset({"Mul", "Add", "Sub", "Div"})
SHAPING = frozenset({"Flatten", "Reshape"})
ELEMENTWISE = ARITHMETIC | QUANTIZERS | {"BatchNormalization", "Identity", "Dropout", "Relu", "Clip"}
CLOSING = frozenset({"ArgMax", "TopK"})
# What may be computed ahead, from constants alone.
CONSTANT = ARITHMETIC | QUANT | {"BipolarQuant", "Sign", "Constant", "Identity", "Transpose", "Reshape", "Pow"}
KNOWN = PRODUCTS | SHAPING | ELEMENTWISE | CLOSING | CONSTANT
# How many inputs a node of the line may have, the tensor itself included.
INPUT_COUNTS = {
    "MatMul": (2,),
    "Gemm": (2, 3),
    "XnorPopcountMatMul": (2,),
    "BatchNormalization": (5,),
    "Mul": (2,),
    "Add": (2,),
    "Sub": (2,),
    "Div": (2,),
    "Identity": (1,),
    "Dropout": (1, 2, 3),
    "Relu": (1,),
    "Clip": (1, 2, 3),
    "BipolarQuant": (2,),
    "Quant": (4,),
    "IntQuant": (4,),
    "MultiThreshold": (2,),
    "Sign": (1,),
    "ArgMax": (1,),
    "TopK": (2,),
    "Flatten": (1,),
    "Reshape": (2,),
}
ACCEPTED = (
    "accepted is a line of pre-processing, then MatMul, Gemm or XnorPopcountMatMul by weights of ±s, "
    "BatchNormalization/Mul/Add/Sub/Div and BipolarQuant, Quant, MultiThreshold or Sign for every layer, "
    "and ArgMax, TopK or the scores at the end"
)
_SOFTMAX = "the class is the same without it: let the graph end in its scores, or in ArgMax"
_CONVOLUTION = "convolutions cannot be mapped, only fully connected layers"
REASONS = {
    "Conv": _CONVOLUTION,
    "ConvTranspose": _CONVOLUTION,
    "Softmax": _SOFTMAX,
    "LogSoftmax": _SOFTMAX,
    "Trunc": "Quant rounds in its place",
}


def unsupported(node: NodeProto, why: str) -> UnsupportedGraph:
    """The error that names a node: `node 'conv1' (Conv): why`."""
    operator = node.op_type if node.op_type.isidentifier() else repr(node.op_type)
    return UnsupportedGraph(f"node {node.name!r} ({operator}): {why}")


def attribute(node: NodeProto, name: str, default: Any) -> Any:
    """A node's attribute by name, the default where it is not given."""
    for item in node.attribute:
        if item.name == name:
            return helper.get_attribute_value(item)
    return default

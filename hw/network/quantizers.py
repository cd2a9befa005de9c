"""The nodes that quantize: what they may look like, and the values that they can give."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from hw.network.formats import BIPOLAR, MAX_INPUT_BITS, IntegerFormat
from hw.network.nodes import QUANT, attribute, unsupported

# QONNX's rounding modes, and by how much to leave an integer to be in the middle of what rounds to it.
ROUNDING = {
    "ROUND": 0.0,
    "HALF_EVEN": 0.0,
    "HALF_UP": 0.0,
    "HALF_DOWN": 0.0,
    "FLOOR": 0.5,
    "CEIL": -0.5,
    "DOWN": 0.5,
    "UP": -0.5,
}
TOWARDS_ZERO = ("DOWN", "UP")
# QONNX swaps the channels, which it finds by this name, with the second dimension: here they are the second.
LAYOUTS = ("", "NC", "NCW", "NCHW")
INTEGER_NAME = "BIPOLAR|BINARY|UINT[1-8]|INT[2-8]"

Constants = Mapping[str, NDArray[Any]]


def check_attributes(node: NodeProto) -> None:
    """Raise UnsupportedGraph for attributes with which QONNX's executor would stop, or read something else."""
    if node.op_type in QUANT:
        for name in ("signed", "narrow"):
            value = attribute(node, name, None)
            if not isinstance(value, int) or value not in (0, 1):
                raise unsupported(node, f"expected the attribute {name}=0 or {name}=1")
        _rounding_mode(node)
    if node.op_type == "MultiThreshold":
        if _text(node, "data_layout", "") not in LAYOUTS:
            raise unsupported(node, "expected data_layout='NC': channels are the second dimension")
        for name, default in (("out_scale", 1.0), ("out_bias", 0.0)):
            value = attribute(node, name, default)
            if not isinstance(value, float) or not np.isfinite(value):
                raise unsupported(node, f"expected a float as its attribute {name}, such as 1.0")


def check_parameters(node: NodeProto, constants: Constants) -> None:
    """Raise UnsupportedGraph for parameters that quantize to one bit by another rule than ±1, or to none."""
    if node.op_type in QUANT:
        bits = constants[node.input[3]]
        if bits.size != 1 or bits.item() not in range(1, MAX_INPUT_BITS + 1):
            raise unsupported(node, f"expected one whole bit width of 2 to {MAX_INPUT_BITS}")
        if bits.item() == 1:
            raise unsupported(
                node, "Quant of 1 bit means different things to different tools: use BipolarQuant, or 2 bits or more"
            )
        if not np.all(constants[node.input[1]] > 0) or np.any(constants[node.input[2]] % 1):
            raise unsupported(node, "expected scales > 0 and whole zero points")
    elif node.op_type == "MultiThreshold":
        _check_out_dtype(node, constants[node.input[1]].shape[1])


def values_of(node: NodeProto, constants: Constants) -> NDArray[np.float32]:
    """Every value that a quantizer can give, as QONNX computes it, `[n, channels]` (one channel where all are alike).

    A Sign's zero is not among them: it is no quantized value.
    """
    integers = own_integers(node, constants).astype(np.float32)[:, np.newaxis]
    if node.op_type == "Sign":
        return integers
    if node.op_type == "BipolarQuant":
        return integers * constants[node.input[1]].reshape(1, -1)
    if node.op_type == "MultiThreshold":
        scaled: NDArray[np.float32] = attribute(node, "out_scale", 1.0) * integers + attribute(node, "out_bias", 0.0)
        return scaled
    scale, zero_point = (constants[name].reshape(1, -1) for name in node.input[1:3])
    return (integers - zero_point) * scale


def own_integers(node: NodeProto, constants: Constants) -> NDArray[np.int64]:
    """What a quantizer counts in, rising: ±1, what Quant rounds to, or how many thresholds are passed."""
    if node.op_type in QUANT:
        low, high = _quant_range(node, constants)
        return np.arange(low, high + 1)
    if node.op_type == "MultiThreshold":
        return np.arange(constants[node.input[1]].shape[1] + 1)
    return np.array([-1, 1])


def own_format(node: NodeProto, constants: Constants) -> IntegerFormat:
    """The narrowest format of `own_integers`; it may hold one or more beside them."""
    if node.op_type in QUANT:
        return IntegerFormat(int(constants[node.input[3]].item()), bool(attribute(node, "signed", 1)))
    if node.op_type == "MultiThreshold":
        return IntegerFormat(int(constants[node.input[1]].shape[1]).bit_length(), signed=False)
    return BIPOLAR


def inputs_for(node: NodeProto, constants: Constants, integers: NDArray[np.int64]) -> NDArray[np.float64]:
    """For each of the quantizer's own integers a number that it takes to it, or to the nearest that it has.

    One scale, zero point or row of thresholds for all channels is assumed.
    """
    if node.op_type == "MultiThreshold":
        thresholds = np.sort(constants[node.input[1]][0].astype(np.float64))
        between = (thresholds[1:] + thresholds[:-1]) / 2
        places = np.concatenate([thresholds[:1] - 1, between, thresholds[-1:] + 1])
        return places[np.minimum(integers, len(thresholds))]
    if node.op_type not in QUANT:
        return integers.astype(np.float64)
    mode = _rounding_mode(node)
    nudge = ROUNDING[mode] * (np.sign(integers) if mode in TOWARDS_ZERO else 1)
    scale, zero_point = (float(constants[name].item()) for name in node.input[1:3])
    return np.asarray((integers + nudge - zero_point) * scale, np.float64)


def _quant_range(node: NodeProto, constants: Constants) -> tuple[int, int]:
    """Smallest and largest integer of a Quant node (QONNX's specification of min_int and max_int)."""
    values, narrow = own_format(node, constants), attribute(node, "narrow", 0)
    return values.minimum + narrow * values.signed, values.maximum - narrow * (not values.signed)


def _rounding_mode(node: NodeProto) -> str:
    mode = _text(node, "rounding_mode", "ROUND").upper()
    if mode not in ROUNDING:
        raise unsupported(node, f"rounding_mode {mode!r}: expected one of {', '.join(ROUNDING)}")
    return mode


def _text(node: NodeProto, name: str, default: str) -> str:
    value = attribute(node, name, default.encode())
    return value.decode(errors="replace") if isinstance(value, bytes) else repr(value)


def _check_out_dtype(node: NodeProto, n_thresholds: int) -> None:
    """The stated data type must hold the values: other tools read the values by it."""
    scale, bias = attribute(node, "out_scale", 1.0), attribute(node, "out_bias", 0.0)
    name = _text(node, "out_dtype", "")
    ends = np.array([bias, scale * n_thresholds + bias])
    if not re.fullmatch(INTEGER_NAME, name) or np.any(ends % 1):
        return  # QONNX calls the output FLOAT32 where scale or bias is no integer, whatever is stated
    if not IntegerFormat.from_name(name).holds(ends).all():
        raise unsupported(node, f"gives {ends[0]:g} to {ends[1]:g}, but its out_dtype is {name}")

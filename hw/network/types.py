"""The integer network: frozen layers of ±1 weights and integer thresholds, executable and serialisable."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.errors import BadInput

# float32 counts integers exactly up to here; the ONNX graph accumulates in float32, so beyond it there is
# no exact reference any more.
EXACT_FLOAT32 = 2**24
MAX_INPUT_BITS = 16
MAX_FRACTION_BITS = 16
MAX_ACTIVATION_BITS = 4
JSON_SCHEMA = 2


@dataclass(frozen=True)
class IntegerFormat:
    """The values an integer may take: `bits` wide two's complement, unsigned, or bipolar {-1, +1}.

    Raises:
        BadInput: for a width below 1, a signed format of one bit, a bipolar format that is not
            one signed bit. Use the constant `BIPOLAR`.
    """

    bits: int
    signed: bool
    bipolar: bool = False

    def __post_init__(self) -> None:
        if self.bits < 1:
            raise BadInput(f"integer format of {self.bits} bits: 1 is the least")
        if self.bipolar and (self.bits != 1 or not self.signed):
            raise BadInput("a bipolar format is one signed bit: bits=1, signed=True")
        if self.bits == 1 and self.signed and not self.bipolar:
            raise BadInput("a signed format needs 2 bits or more; {-1, +1} is BIPOLAR")

    @classmethod
    def from_name(cls, name: str) -> "IntegerFormat":
        """Read `INT2`..`INT16`, `UINT1`..`UINT16`, `BINARY` (= `UINT1`) or `BIPOLAR`; else BadInput."""
        if name == "BIPOLAR":
            return BIPOLAR
        if name == "BINARY":
            return cls(bits=1, signed=False)
        match = re.fullmatch(r"(U?)INT([1-9][0-9]?)", name)
        if match is None:
            raise BadInput(f"input format {name!r} cannot be used: INT2 to INT16, UINT1 to UINT16 or BIPOLAR can")
        if int(match[2]) > MAX_INPUT_BITS:
            raise BadInput(f"input format {name}: 1 to {MAX_INPUT_BITS} bits can be used")
        return cls(bits=int(match[2]), signed=not match[1])

    @property
    def name(self) -> str:
        """QONNX's name of the data type: `INT8`, `UINT4`, `BIPOLAR`."""
        if self.bipolar:
            return "BIPOLAR"
        return f"{'INT' if self.signed else 'UINT'}{self.bits}"

    @property
    def minimum(self) -> int:
        """The smallest value."""
        if self.bipolar:
            return -1
        return -(2 ** (self.bits - 1)) if self.signed else 0

    @property
    def maximum(self) -> int:
        """The largest value."""
        if self.bipolar:
            return 1
        return int(2 ** (self.bits - 1) - 1) if self.signed else 2**self.bits - 1

    @property
    def step(self) -> int:
        """Distance between neighbouring values: 2 for bipolar, else 1."""
        return 2 if self.bipolar else 1


BIPOLAR = IntegerFormat(bits=1, signed=True, bipolar=True)


def accumulator_bounds(
    weights: NDArray[np.bool_], input_format: IntegerFormat
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Smallest and largest value of each row's sum of ±x; every `input_format.step`-th between occurs.

    Args:
        weights: `[rows, columns]`, True = +1.
        input_format: the values x takes.

    Returns:
        Two int64 arrays `[rows]`.
    """
    positive = weights.sum(axis=1, dtype=np.int64)
    negative = weights.shape[1] - positive
    low, high = input_format.minimum, input_format.maximum
    return positive * low - negative * high, positive * high - negative * low


def _frozen(array: NDArray[Any], dtype: type, shape: tuple[int, ...] | None, what: str) -> NDArray[Any]:
    """A read-only copy; BadInput unless dtype and shape are as stated."""
    if not isinstance(array, np.ndarray) or array.dtype != dtype:
        raise BadInput(f"{what}: expected an array of {np.dtype(dtype).name}")
    if shape is not None and array.shape != shape:
        raise BadInput(f"{what}: expected shape {list(shape)}, got {list(array.shape)}")
    copy = np.array(array, order="C")
    copy.setflags(write=False)
    return copy


@dataclass(frozen=True, eq=False)
class BinaryProduct:
    """`acc = W x` with weights of ±1: what both kinds of layer begin with.

    Attributes:
        name: of the graph's node that multiplies.
        weights: bool `[rows, columns]`, True = +1, False = -1.

    Raises:
        BadInput: for another dtype or shape.
    """

    name: str
    weights: NDArray[np.bool_]

    def __post_init__(self) -> None:
        weights = _frozen(self.weights, np.bool_, None, f"weights of layer {self.name!r}")
        if weights.ndim != 2 or 0 in weights.shape:
            raise BadInput(f"weights of layer {self.name!r}: expected [rows, columns], got {list(weights.shape)}")
        object.__setattr__(self, "weights", weights)

    @property
    def rows(self) -> int:
        """Number of outputs."""
        return int(self.weights.shape[0])

    @property
    def columns(self) -> int:
        """Number of inputs."""
        return int(self.weights.shape[1])

    def accumulate(self, x: NDArray[Any]) -> NDArray[np.int64]:
        """Accumulators `[n, rows]` of integer values x `[n, columns]`."""
        # A float32 matrix product is an order of magnitude faster than an integer one (BLAS), and exact
        # here: every partial sum, in whatever order, is an integer of magnitude <= columns * max|x| <= 2**24.
        signs = np.where(self.weights, np.float32(1), np.float32(-1))
        # Only the sums: a threshold may lie one beyond 2**24, where float32 has no odd numbers.
        return (x.astype(np.float32) @ signs.T).astype(np.int64)


@dataclass(frozen=True, eq=False)
class ThresholdLayer(BinaryProduct):
    """`acc = W x`; the output counts the thresholds that the accumulator has passed.

    With `n` the number of a row's thresholds t with `acc >= t` where rising, else with `acc <= t`, the output is
    `lowest + n * output.step`: one threshold and a bipolar output give a bit that means -1 or +1.

    A threshold that is never or always passed is legal (one above the largest accumulator value, or the smallest,
    where rising): so a row may be constant, and a level may be missing.

    Attributes:
        thresholds: int64 `[rows, steps]`; not falling along a rising row, not rising along a falling one.
        rising: bool `[rows]`.
        output: format of the outputs, of 1 to 4 bits.
        lowest: the output below the first threshold.

    Raises:
        BadInput: for another dtype or shape, thresholds out of order, or outputs that the format does not hold.
    """

    thresholds: NDArray[np.int64]
    rising: NDArray[np.bool_]
    output: IntegerFormat = BIPOLAR
    lowest: int = -1

    def __post_init__(self) -> None:
        super().__post_init__()
        what = f"of layer {self.name!r}"
        thresholds = _frozen(self.thresholds, np.int64, None, f"thresholds {what}")
        if thresholds.ndim != 2 or thresholds.shape[0] != self.rows or thresholds.shape[1] < 1:
            raise BadInput(f"thresholds {what}: expected [{self.rows}, steps], got {list(thresholds.shape)}")
        rising = _frozen(self.rising, np.bool_, (self.rows,), f"directions {what}")
        if np.any(np.where(rising[:, None], 1, -1) * np.diff(thresholds) < 0):
            raise BadInput(f"thresholds {what}: expected in the order in which the accumulator passes them")
        object.__setattr__(self, "thresholds", thresholds)
        object.__setattr__(self, "rising", rising)
        highest = self.lowest + self.output.step * self.steps
        if self.output.bits > MAX_ACTIVATION_BITS:
            raise BadInput(f"outputs {what}: {self.output.name}, 1 to {MAX_ACTIVATION_BITS} bits can be used")
        if self.lowest < self.output.minimum or highest > self.output.maximum:
            raise BadInput(f"outputs {what}: {self.lowest} to {highest} are not in the format {self.output.name}")

    @property
    def steps(self) -> int:
        """Thresholds of a row."""
        return int(self.thresholds.shape[1])

    def compute(self, x: NDArray[Any]) -> NDArray[np.int8]:
        """Outputs `[n, rows]` of integer values x `[n, columns]`."""
        acc = self.accumulate(x)
        passed = np.zeros(acc.shape, np.int8)
        for threshold in self.thresholds.T:
            passed += np.where(self.rising, acc >= threshold, acc <= threshold)
        return np.int8(self.lowest) + np.int8(self.output.step) * passed


@dataclass(frozen=True, eq=False)
class ScoreLayer(BinaryProduct):
    """`score = W x * 2**fraction_bits + offset`; the class is the largest score, lowest index first on ties.

    Attributes:
        offsets: int64 `[rows]`; a row is a class.
        fraction_bits: 0 to 16.
        rescaled: the graph's own scores are not these integers but another increasing function of them,
            the same one for every class, so that order and ties are the same.

    Raises:
        BadInput: for another dtype or shape, or fraction bits outside 0..16.
    """

    offsets: NDArray[np.int64]
    fraction_bits: int
    rescaled: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        offsets = _frozen(self.offsets, np.int64, (self.rows,), f"offsets of layer {self.name!r}")
        if not 0 <= self.fraction_bits <= MAX_FRACTION_BITS:
            raise BadInput(
                f"layer {self.name!r}: {self.fraction_bits} fraction bits, 0 to {MAX_FRACTION_BITS} can be used"
            )
        object.__setattr__(self, "offsets", offsets)

    def compute(self, x: NDArray[Any]) -> NDArray[np.int64]:
        """Scores `[n, rows]` of integer values x `[n, columns]`."""
        return (self.accumulate(x) << self.fraction_bits) + self.offsets


@dataclass(frozen=True, eq=False)
class Network:
    """A binarized network in integers: threshold layers, then scores, then the index of the largest.

    Attributes:
        input_format: what the first layer takes; every later layer takes the outputs of the one before.
        hidden: the threshold layers, first to last; may be empty.
        head: the scores.
        unit_names: one for each class.
        metadata: what the file states about itself (JSON-able), {} for a graph from elsewhere.
        source_digest: sha256 of the .onnx file's bytes, 64 hexadecimal digits.

    Raises:
        BadInput: where layers do not chain, a threshold lies out of its accumulator's range, or a layer's
            columns times the largest input magnitude exceed 2**24.
    """

    input_format: IntegerFormat
    hidden: tuple[ThresholdLayer, ...]
    head: ScoreLayer
    unit_names: tuple[str, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    source_digest: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "metadata", MappingProxyType(json.loads(json.dumps(dict(self.metadata)))))
        if self.input_format.bits > MAX_INPUT_BITS:
            raise BadInput(f"input format {self.input_format.name}: 1 to {MAX_INPUT_BITS} bits can be used")
        if len(self.unit_names) != self.head.rows:
            raise BadInput(f"{len(self.unit_names)} unit names for {self.head.rows} classes: expected as many")
        for previous, layer in zip(self.layers, self.layers[1:], strict=False):
            if layer.columns != previous.rows:
                raise BadInput(
                    f"layer {layer.name!r} takes {layer.columns} inputs, but {previous.name!r} before it gives "
                    f"{previous.rows}"
                )
        for index in range(len(self.layers)):
            self._check_range(index)

    def _check_range(self, index: int) -> None:
        layer, values = self.layers[index], self.format_into(index)
        magnitude = layer.columns * max(-values.minimum, values.maximum)
        if magnitude > EXACT_FLOAT32:
            raise BadInput(
                f"layer {layer.name!r}: {layer.columns} {values.name} inputs reach {magnitude}, beyond 2**24, "
                "where float32 no longer counts exactly: use fewer inputs or a narrower format"
            )
        if isinstance(layer, ThresholdLayer):
            low, high = (bound[:, None] for bound in accumulator_bounds(layer.weights, values))
            t, up = layer.thresholds, layer.rising[:, None]
            if np.any(np.where(up, (t < low) | (t > high + 1), (t < low - 1) | (t > high))):
                raise BadInput(f"layer {layer.name!r}: a threshold lies outside its accumulator's range")

    @property
    def layers(self) -> tuple[ThresholdLayer | ScoreLayer, ...]:
        """All layers, first to last: the hidden ones, then the head."""
        return (*self.hidden, self.head)

    def format_into(self, index: int) -> IntegerFormat:
        """The values that layer `index` of `layers` takes."""
        return self.input_format if index == 0 else self.hidden[index - 1].output

    @property
    def n_inputs(self) -> int:
        """Number of values in one input vector."""
        return self.layers[0].columns

    def words(self, x: NDArray[Any]) -> list[NDArray[np.int8]]:
        """Outputs of every hidden layer, each `[n, rows]`.

        Args:
            x: integers `[n, n_inputs]` within the input format.

        Raises:
            BadInput: for another shape or dtype, or a value that the input format does not have.
        """
        self.check_inputs(x)
        words: list[NDArray[np.int8]] = []
        for layer in self.hidden:
            words.append(layer.compute(words[-1] if words else x))
        return words

    def scores(self, x: NDArray[Any]) -> NDArray[np.int64]:
        """Integer scores `[n, units]`; arguments and errors as for `words`."""
        words = self.words(x)
        return self.head.compute(words[-1] if words else x)

    def classes(self, x: NDArray[Any]) -> NDArray[np.int64]:
        """Index of the largest score `[n]`, lowest index first on ties; as for `words`."""
        return classes_of(self.scores(x))

    def check_inputs(self, x: NDArray[Any]) -> None:
        """Raise BadInput unless x is an integer array `[n, n_inputs]` within the input format."""
        if not isinstance(x, np.ndarray) or x.dtype.kind not in "iu":
            raise BadInput("network input: expected an array of integers")
        if x.ndim != 2 or x.shape[1] != self.n_inputs:
            raise BadInput(f"network input: expected shape [n, {self.n_inputs}], got {list(x.shape)}")
        values = self.input_format
        outside = (x < values.minimum) | (x > values.maximum)
        if values.bipolar:
            outside |= x == 0
        if outside.any():
            raise BadInput(f"network input: the value {x[outside][0]} is not in the format {values.name}")

    def to_json(self) -> str:
        """Canonical JSON; a row of weights is a hexadecimal number whose bit i is column i (1 = +1)."""
        return json.dumps(
            {
                "schema": JSON_SCHEMA,
                "input_format": self.input_format.name,
                "hidden": [
                    {
                        "name": layer.name,
                        "columns": layer.columns,
                        "weights": _to_hex(layer.weights),
                        "thresholds": layer.thresholds.tolist(),
                        "rising": layer.rising.tolist(),
                        "output": layer.output.name,
                        "lowest": layer.lowest,
                    }
                    for layer in self.hidden
                ],
                "head": {
                    "name": self.head.name,
                    "columns": self.head.columns,
                    "weights": _to_hex(self.head.weights),
                    "offsets": self.head.offsets.tolist(),
                    "fraction_bits": self.head.fraction_bits,
                    "rescaled": self.head.rescaled,
                },
                "unit_names": list(self.unit_names),
                "metadata": dict(self.metadata),
                "source_digest": self.source_digest,
            },
            sort_keys=True,
            indent=1,
        )

    @classmethod
    def from_json(cls, text: str) -> "Network":
        """The network that `to_json` wrote; BadInput for anything else."""
        try:
            record = json.loads(text)
            if record["schema"] != JSON_SCHEMA:
                raise BadInput(f"network JSON of schema {record['schema']}: this version reads {JSON_SCHEMA}")
            head = record["head"]
            return cls(
                input_format=IntegerFormat.from_name(record["input_format"]),
                hidden=tuple(
                    ThresholdLayer(
                        name=layer["name"],
                        weights=_from_hex(layer["weights"], layer["columns"]),
                        thresholds=np.array(layer["thresholds"], np.int64),
                        rising=np.array(layer["rising"], np.bool_),
                        output=IntegerFormat.from_name(layer["output"]),
                        lowest=layer["lowest"],
                    )
                    for layer in record["hidden"]
                ),
                head=ScoreLayer(
                    name=head["name"],
                    weights=_from_hex(head["weights"], head["columns"]),
                    offsets=np.array(head["offsets"], np.int64),
                    fraction_bits=head["fraction_bits"],
                    rescaled=head["rescaled"],
                ),
                unit_names=tuple(record["unit_names"]),
                metadata=record["metadata"],
                source_digest=record["source_digest"],
            )
        except BadInput:
            raise
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise BadInput(f"not the JSON of a network: {type(error).__name__} {error}") from error

    @cached_property
    def digest(self) -> str:
        """sha256 of `to_json()`, 64 hexadecimal digits."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


def classes_of(scores: NDArray[Any]) -> NDArray[np.int64]:
    """Index of the largest score along the last axis, the lowest on ties."""
    return np.argmax(scores, axis=-1).astype(np.int64)


def _to_hex(weights: NDArray[np.bool_]) -> list[str]:
    return [np.packbits(row, bitorder="little").tobytes()[::-1].hex() for row in weights]


def _from_hex(rows: list[str], columns: int) -> NDArray[np.bool_]:
    weights = np.zeros((len(rows), columns), np.bool_)
    for row, digits in zip(weights, rows, strict=True):
        packed = np.frombuffer(bytes.fromhex(digits)[::-1], np.uint8)
        bits = np.unpackbits(packed, bitorder="little").astype(np.bool_)
        if len(packed) != -(-columns // 8) or bits[columns:].any():
            raise BadInput(f"a row of weights has other than {columns} columns: {digits[:20]}")
        row[:] = bits[:columns]
    return weights

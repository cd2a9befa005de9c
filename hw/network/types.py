"""The integer network: frozen layers of ±1 weights and integer thresholds, executable and serialisable."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.errors import BadInput
from hw.network.decide import decide
from hw.network.formats import BIPOLAR, MAX_INPUT_BITS, InputTable, IntegerFormat
from hw.network.layers import ScoreLayer, ThresholdLayer, accumulator_bounds

# All that a network consists of.
__all__ = [
    "BIPOLAR",
    "InputTable",
    "IntegerFormat",
    "Network",
    "ScoreLayer",
    "ThresholdLayer",
    "accumulator_bounds",
]

# float32 counts integers exactly up to here; the ONNX graph accumulates in float32, so beyond it there is
# no exact reference any more.
EXACT_FLOAT32 = 2**24
JSON_SCHEMA = 2


@dataclass(frozen=True, eq=False)
class Network:
    """A binarized network in integers: threshold layers, then scores, then the index of the largest.

    With a margin, an input whose largest score leads the second by less is 'unsorted' (`hw.network.decide`); the
    index of that answer is the number of units.

    Attributes:
        input_format: what comes in. The first layer takes it, through `front` where there is one; every later layer
            takes the outputs of the one before.
        hidden: the threshold layers, first to last; may be empty.
        head: the scores.
        unit_names: one for each class.
        metadata: what the file states about itself (JSON-able), {} for a graph from elsewhere.
        source_digest: sha256 of the .onnx file's bytes, 64 hexadecimal digits.
        front: from the values that come in to those that the first layer takes; None where they are the same.
        margin: lead of the best score below which an input is unsorted, in the head's integer scores; 0: never.

    Raises:
        BadInput: where layers do not chain, a front has another source than the input format, a threshold lies out of
            its accumulator's range, a layer's columns times the largest input magnitude exceed 2**24, or no lead can
            reach the margin.
    """

    input_format: IntegerFormat
    hidden: tuple[ThresholdLayer, ...]
    head: ScoreLayer
    unit_names: tuple[str, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    source_digest: str = ""
    front: InputTable | None = None
    margin: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "metadata", MappingProxyType(json.loads(json.dumps(dict(self.metadata)))))
        if self.input_format.bits > MAX_INPUT_BITS:
            raise BadInput(f"input format {self.input_format.name}: 1 to {MAX_INPUT_BITS} bits can be used")
        if self.front is not None and self.front.source != self.input_format:
            raise BadInput(f"input table of {self.front.source.name} for an input of {self.input_format.name}")
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
        self._check_margin()

    def _check_margin(self) -> None:
        low, high = self.score_bounds
        if isinstance(self.margin, bool) or not isinstance(self.margin, int) or not 0 <= self.margin <= high - low:
            raise BadInput(
                f"margin {self.margin!r} of 'unsorted': a whole number from 0 to {high - low} is wanted, "
                "as far apart as two scores of this network can lie"
            )

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
        if index > 0:
            return self.hidden[index - 1].output
        return self.input_format if self.front is None else self.front.output

    @property
    def score_bounds(self) -> tuple[int, int]:
        """Smallest and largest integer score of any class."""
        head = self.head
        low, high = accumulator_bounds(head.weights, self.format_into(len(self.hidden)))
        scores = [(bound << head.fraction_bits) + head.offsets for bound in (low, high)]
        return int(scores[0].min()), int(scores[1].max())

    @property
    def n_inputs(self) -> int:
        """Number of values in one input vector."""
        return self.layers[0].columns

    def elements(self, x: NDArray[Any]) -> NDArray[Any]:
        """What the first layer takes for the input x, of the same shape; arguments and errors as for `words`."""
        self.check_inputs(x)
        return x if self.front is None else self.front.compute(x)

    def words(self, x: NDArray[Any]) -> list[NDArray[np.int8]]:
        """Outputs of every hidden layer, each `[n, rows]`.

        Args:
            x: integers `[n, n_inputs]` within the input format.

        Raises:
            BadInput: for another shape or dtype, or a value that the input format does not have.
        """
        values: NDArray[Any] = self.elements(x)
        words: list[NDArray[np.int8]] = []
        for layer in self.hidden:
            values = layer.compute(values)
            words.append(values)
        return words

    def scores(self, x: NDArray[Any]) -> NDArray[np.int64]:
        """Integer scores `[n, units]`; arguments and errors as for `words`."""
        return self.head.compute(self.words(x)[-1] if self.hidden else self.elements(x))

    def classes(self, x: NDArray[Any]) -> NDArray[np.int64]:
        """Index of the largest score `[n]`, lowest first on ties, or of 'unsorted'; as for `words`."""
        return decide(self.scores(x), self.margin)

    def check_inputs(self, x: NDArray[Any]) -> None:
        """Raise BadInput unless x is an integer array `[n, n_inputs]` within the input format."""
        if not isinstance(x, np.ndarray) or x.dtype.kind not in "iu":
            raise BadInput("network input: expected an array of integers")
        if x.ndim != 2 or x.shape[1] != self.n_inputs:
            raise BadInput(f"network input: expected shape [n, {self.n_inputs}], got {list(x.shape)}")
        outside = ~self.input_format.holds(x)
        if outside.any():
            raise BadInput(f"network input: the value {x[outside][0]} is not in the format {self.input_format.name}")

    def to_json(self) -> str:
        """Canonical JSON; a row of weights is a hexadecimal number whose bit i is column i (1 = +1)."""
        return json.dumps(
            {
                "schema": JSON_SCHEMA,
                "input_format": self.input_format.name,
                "front": None
                if self.front is None
                else {"values": self.front.values.tolist(), "output": self.front.output.name},
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
                "margin": self.margin,
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
            head, front = record["head"], record["front"]
            input_format = IntegerFormat.from_name(record["input_format"])
            return cls(
                input_format=input_format,
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
                front=None
                if front is None
                else InputTable(
                    source=input_format,
                    values=np.array(front["values"], np.int64),
                    output=IntegerFormat.from_name(front["output"]),
                ),
                margin=record["margin"],
            )
        except BadInput:
            raise
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise BadInput(f"not the JSON of a network: {type(error).__name__} {error}") from error

    @cached_property
    def digest(self) -> str:
        """sha256 of `to_json()`, 64 hexadecimal digits."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


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

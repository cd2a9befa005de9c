"""One field of a protobuf message, somewhere in it, set to something else, taken out or doubled."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

_NUMBERS = (0, 1, -1, 2, 7, 2**31 - 1, -(2**31), 2**31, 2**62, -(2**63))
_FLOATS = (float("nan"), float("inf"), 0.0, -1.0, 1e-42, 3e38, 0.5)
_ODD: Mapping[int, tuple[Any, ...]] = {
    FieldDescriptor.TYPE_STRING: ("", "evil", "spikes", "tensor_0", "constant_0", "Gemm", "Quant", "INT8", "\x00"),
    FieldDescriptor.TYPE_BYTES: (b"", b"\xff", b"ROUND", b"NHWC", bytes(96)),
    FieldDescriptor.TYPE_FLOAT: _FLOATS,
    FieldDescriptor.TYPE_DOUBLE: _FLOATS,
}


def change_field(rng: np.random.Generator, message: Message) -> None:
    """Change a field at random, a message within the message too."""
    places = list(_places(message))
    owner, field = places[int(rng.integers(len(places)))]
    value = getattr(owner, field.name)
    many = isinstance(value, (list, tuple)) or hasattr(value, "append")
    if many and rng.random() < 0.5:
        _take_out_or_double(rng, value)
    elif field.type == FieldDescriptor.TYPE_MESSAGE or rng.random() < 0.2:
        owner.ClearField(field.name)
    else:
        _set(rng, owner, field, many)


def _places(message: Message) -> Iterator[tuple[Message, FieldDescriptor]]:
    """Every field that is set, with the message that it belongs to."""
    for field, value in message.ListFields():
        yield message, field
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            for part in [value] if isinstance(value, Message) else value:
                yield from _places(part)


def _take_out_or_double(rng: np.random.Generator, values: Any) -> None:
    index = int(rng.integers(len(values)))
    if rng.random() < 0.5:
        del values[index]
    else:
        values.extend([values[index]])


def _set(rng: np.random.Generator, owner: Message, field: FieldDescriptor, many: bool) -> None:
    odd = _ODD.get(field.type, _NUMBERS)
    value = odd[int(rng.integers(len(odd)))]
    try:
        if many:
            values = getattr(owner, field.name)
            values[int(rng.integers(len(values)))] = value
        else:
            setattr(owner, field.name, value)
    except ValueError:  # more than the field has bits for
        owner.ClearField(field.name)

"""From JSON back to frozen dataclasses, every type checked; `dataclasses.asdict` is the way there."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from flows.errors import BadInput

T = TypeVar("T")


def decode(cls: type[T], value: Any, where: str = "") -> T:
    """The dataclass `cls` that `value`, read from JSON, stands for; `where` names it in messages.

    Fields may be dataclasses, `X | None`, `tuple[X, ...]`, `Mapping[str, X]`, `Literal[...]`, plain types
    and `Any`. A whole number stands for a float too.

    Raises:
        BadInput: a field is missing, unknown or of another type; the message names it.
    """
    decoded: T = _decoded(cls, value, where or cls.__name__)
    return decoded


def _decoded(wanted: Any, value: Any, where: str) -> Any:
    if wanted is Any:
        return value
    if is_dataclass(wanted):
        return _dataclass(wanted, value, where)
    compound = _COMPOUND.get(get_origin(wanted))
    return compound(get_args(wanted), value, where) if compound else _plain(wanted, value, where)


def _dataclass(cls: Any, value: Any, where: str) -> Any:
    _checked(isinstance(value, Mapping), value, where, "an object")
    types = get_type_hints(cls)
    unknown = sorted(set(value) - set(types))
    required = {field.name for field in fields(cls) if field.default is field.default_factory is MISSING}
    missing = sorted(required - set(value))
    if unknown or missing:
        raise BadInput(f"{where}: unknown fields {unknown}, missing fields {missing}")
    return cls(**{name: _decoded(types[name], item, f"{where}.{name}") for name, item in value.items()})


def _union(alternatives: tuple[Any, ...], value: Any, where: str) -> Any:
    for alternative in alternatives:
        try:
            return _decoded(alternative, value, where)
        except BadInput:
            continue
    names = " or ".join(getattr(alternative, "__name__", str(alternative)) for alternative in alternatives)
    raise BadInput(f"{where} is {value!r}; expected {names}")


def _literal(choices: tuple[Any, ...], value: Any, where: str) -> Any:
    return _checked(value in choices, value, where, f"one of {', '.join(map(str, choices))}")


def _tuple(arguments: tuple[Any, ...], value: Any, where: str) -> Any:
    _checked(isinstance(value, (list, tuple)), value, where, "a list")
    return tuple(_decoded(arguments[0], item, f"{where}[{index}]") for index, item in enumerate(value))


def _mapping(arguments: tuple[Any, ...], value: Any, where: str) -> Any:
    _checked(isinstance(value, Mapping), value, where, "an object")
    return {name: _decoded(arguments[1], item, f"{where}.{name}") for name, item in value.items()}


def _plain(wanted: Any, value: Any, where: str) -> Any:
    # bool is an int in Python and must not pass for one; an int may stand for a float.
    same_kind = isinstance(value, bool) == (wanted is bool)
    accepted = (int, float) if wanted is float else wanted
    return _checked(same_kind and isinstance(value, accepted), value, where, f"a {wanted.__name__}")


def _checked(holds: bool, value: Any, where: str, expected: str) -> Any:
    if not holds:
        raise BadInput(f"{where} is {value!r}; expected {expected}")
    return value


_COMPOUND: Mapping[Any, Callable[[tuple[Any, ...], Any, str], Any]] = {
    UnionType: _union,
    Union: _union,  # of a Literal and None
    Literal: _literal,
    tuple: _tuple,
    Mapping: _mapping,
}

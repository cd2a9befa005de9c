import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pytest

from flows.decode import decode
from flows.errors import BadInput


@dataclass(frozen=True)
class Inner:
    count: int
    share: float | None = None


@dataclass(frozen=True)
class Outer:
    name: str
    kind: Literal["a", "b"]
    inner: tuple[Inner, ...]
    free: Mapping[str, Any]
    flag: bool = False
    other: Literal["c", "d"] | None = None


WHOLE = Outer("x", "b", (Inner(1, 0.5), Inner(2)), {"any": [1, None]}, True, "d")


def test_what_was_written_is_read_back():
    assert decode(Outer, json.loads(json.dumps(asdict(WHOLE)))) == WHOLE


def test_a_whole_number_stands_for_a_float():
    assert decode(Inner, {"count": 1, "share": 1}) == Inner(1, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": 5}, "Outer.name is 5; expected a str"),
        ({"kind": "c"}, "Outer.kind is 'c'; expected one of a, b"),
        ({"inner": [{"count": True}]}, r"Outer.inner\[0\].count is True; expected a int"),
        ({"inner": [{"count": 1, "share": "much"}]}, r"share is 'much'; expected float or NoneType"),
        ({"inner": {}}, "Outer.inner is {}; expected a list"),
        ({"free": []}, "expected an object"),
        ({"flag": 1}, "Outer.flag is 1; expected a bool"),
        ({"other": "a"}, "Outer.other is 'a'; expected "),
        ({"colour": 1}, r"unknown fields \['colour'\]"),
    ],
)
def test_a_wrong_field_is_named(change, message):
    with pytest.raises(BadInput, match=message):
        decode(Outer, {**asdict(WHOLE), **change})


def test_a_missing_field_is_named():
    with pytest.raises(BadInput, match=r"missing fields \['count'\]"):
        decode(Inner, {})

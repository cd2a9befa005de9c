"""Data sets from a user's files, as a TOML file lists them."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

from qat.datasets.dataset import DataSet
from qat.errors import BadInput
from qat.recordings.channels import only_channels
from qat.recordings.read import Prefer, read_source
from qat.recordings.source import LABEL_KINDS, LabelKind, RecordedSource, StoredWindows
from qat.spikes.spec import SpikeSpec

_TABLE = "recording"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class _Entry:
    """One `[[recording]]`; a field is a key."""

    name: str
    file: str
    read_as: Prefer = "auto"
    array: str | None = None
    channels: tuple[int, ...] | None = None
    leave_out: tuple[int, ...] = ()
    not_units: tuple[int, ...] = ()
    given_units: int | None = None
    realign: bool = False
    labels: LabelKind = "true units"


def data_sets_of(path: Path, folder: Path | None = None) -> tuple[DataSet, ...]:
    """The data sets that a TOML file lists, each of which is read once to see that it can be.

    The file holds one table `[[recording]]` for each, with the keys

    - `name`: letters, digits, `.`, `_`, `-`; different for each;
    - `file`: as `read_source` takes it, relative to `folder`;
    - `read_as`: "auto", "windows" or "raw", for a file that holds both;
    - `array`: the array of an `.npz` that holds the windows, if it is not called `waveforms`;
    - `channels`: numbers of the channels that are used, from 0 on; all without it;
    - `leave_out`: labels of windows that are dropped before anything else;
    - `not_units`: labels that stand for no single unit; their spikes are sorted, but count in no accuracy;
    - `given_units`: number of units that the pre-sorter is told; without it the data decide;
    - `realign`: true shifts windows that came cut onto their extrema;
    - `labels`: "true units", or "reference labels" for a sorting of somebody's that is no ground truth.

    Args:
        path: the TOML file.
        folder: what `file` is relative to; None = the TOML file's own folder.

    Raises:
        BadInput: the TOML file, or a file that it names, cannot be used; says which key of which recording.
    """
    entries = [_entry(path, number, table) for number, table in enumerate(_tables(path), start=1)]
    names = [entry.name for entry in entries]
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"{path}: two recordings have the name {name!r}; give each its own")
    return tuple(_data_set(path, entry, folder or path.parent) for entry in entries)


def _tables(path: Path) -> list[Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise BadInput(f"{path}: not TOML: {str(error).splitlines()[0]}") from error
    others = [key for key in content if key != _TABLE]
    if others:
        raise BadInput(f"{path}: {others[0]} is no key here; expected tables [[{_TABLE}]]")
    tables = content.get(_TABLE)
    if not isinstance(tables, list) or not tables:
        raise BadInput(f"{path}: lists no recording; expected one or more tables [[{_TABLE}]]")
    return tables


def _entry(path: Path, number: int, table: Any) -> _Entry:
    where = f"{path}: recording {number}"
    if not isinstance(table, dict):
        raise BadInput(f"{where} is no table; write [[{_TABLE}]] above its keys")
    where += f" ({table['name']})" if isinstance(table.get("name"), str) else ""
    known = [field.name for field in fields(_Entry)]
    for key in table:
        if key not in known:
            raise BadInput(f"{where}: unknown key {key}; the keys are {', '.join(known)}")
    missing = [key for key in ("name", "file") if key not in table]
    if missing:
        raise BadInput(f"{where}: lacks the key {missing[0]}")
    for key, (holds, wanted) in _checks(table).items():
        if not holds:
            raise BadInput(f"{where}: {key} = {table[key]!r}; expected {wanted}")
    checked: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
    }
    return _Entry(**checked)


def _checks(table: Mapping[str, Any]) -> dict[str, tuple[bool, str]]:
    """Whether the value of each key is one that it can have, and what that is."""
    checks = {
        "name": (_is_name(table.get("name")), "letters, digits, '.', '_' and '-'"),
        "file": (_is_text(table.get("file")), "the name of a file"),
        "read_as": _one_of(table.get("read_as"), get_args(Prefer)),
        "array": (_is_text(table.get("array")), "the name of an array"),
        "channels": (_are_numbers(table.get("channels")) and bool(table["channels"]), "a list of numbers from 0 on"),
        "leave_out": (_are_numbers(table.get("leave_out"), least=None), "a list of whole numbers"),
        "not_units": (_are_numbers(table.get("not_units"), least=None), "a list of whole numbers"),
        "given_units": (_are_numbers([table.get("given_units")], least=1), "a whole number from 1 on"),
        "realign": (isinstance(table.get("realign"), bool), "true or false"),
        "labels": _one_of(table.get("labels"), LABEL_KINDS),
    }
    return {key: checks[key] for key in table}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _one_of(value: object, choices: tuple[str, ...]) -> tuple[bool, str]:
    return isinstance(value, str) and value in choices, " or ".join(f'"{choice}"' for choice in choices)


def _are_numbers(values: object, least: int | None = 0) -> bool:
    return isinstance(values, list) and all(
        type(value) is int and (least is None or value >= least) for value in values
    )


def _data_set(path: Path, entry: _Entry, folder: Path) -> DataSet:
    file = folder / entry.file
    try:
        source = _read(file, entry, 0)
        if entry.realign and isinstance(source, RecordedSource):
            raise BadInput(f"{file}: realign is for windows that came cut; leave it out, detection aligns")
    except BadInput as error:
        raise BadInput(f"{path}: recording {entry.name!r}: {error}") from error
    return DataSet(
        name=entry.name,
        provenance=_in_words(source, entry),
        factors={"similarity": None, "noise": None, "units": None, "drift": None, "channels": source.n_channels},
        source=partial(_read, file, entry),
        given_units=entry.given_units,
        spec=SpikeSpec(realign=entry.realign),
    )


def _read(file: Path, entry: _Entry, seed: int) -> RecordedSource | StoredWindows:
    """The same for every seed, which has a say in the split only."""
    source = read_source(
        file, prefer=entry.read_as, not_units=entry.not_units, array=entry.array, leave_out=entry.leave_out
    )
    if entry.channels is not None:
        source = only_channels(source, entry.channels)
    return replace(source, labels_are=entry.labels)


def _in_words(source: RecordedSource | StoredWindows, entry: _Entry) -> str:
    labels = source.sorting if isinstance(source, RecordedSource) else source.true_unit
    told = {
        "channels": entry.channels,
        "left out labels": entry.leave_out,
        "no single units": entry.not_units,
    }
    parts = [f"{what} {', '.join(map(str, numbers))}" for what, numbers in told.items() if numbers]
    parts += ["windows aligned anew"] if entry.realign else []
    parts += [] if entry.given_units is None else [f"{entry.given_units} units given"]
    return "; ".join([source.provenance, *parts, "no labels" if labels is None else entry.labels])

"""Recordings that are studied beside the generated ones: published ones in a folder, and the user's own."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.digests import digest_of_input
from flows.errors import BadInput
from qat.datasets import DataSet, data_sets_of
from qat.recordings.source import RecordedSource

LIST = "study.toml"
"""List that a folder of recordings may hold; one without it is taken for the published recordings'."""
_PUBLISHED = Path(__file__).with_name("published.toml")


@dataclass(frozen=True)
class OwnFile:
    """A recording from a file, as one data set."""

    data_set: DataSet
    digest: str
    """SHA-256 of the file."""
    has_truth: bool
    """Whether its true units are known."""


def own_files(folder: Path | None, toml: Path | None) -> tuple[OwnFile, ...]:
    """Recordings of a folder, by its own list or that of the published ones, and those of a list of the user's.

    Raises:
        BadInput: a list or a file cannot be read, or two recordings have one name.
    """
    found: list[OwnFile] = []
    if folder is not None:
        if not folder.is_dir():
            raise BadInput(f"--data {folder}: is no folder; a folder of recordings is wanted")
        found += _listed(_list_of(folder), folder)
    if toml is not None:
        found += _listed(toml, toml.parent)
    names = [each.data_set.name for each in found]
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"--data and --files both list a recording {name!r}: give each its own name")
    return tuple(found)


def _list_of(folder: Path) -> Path:
    own_list = folder / LIST
    if own_list.is_file():
        return own_list
    for entry in _entries(_PUBLISHED):
        if not (folder / entry["file"]).exists():
            raise BadInput(
                f"--data {folder}: holds no {LIST}, the list of its recordings, and is not that of the published "
                f"ones: {entry['file']} is not there"
            )
    return _PUBLISHED


def _entries(toml: Path) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = tomllib.loads(toml.read_text(encoding="utf-8"))["recording"]
    return entries


def _listed(toml: Path, folder: Path) -> list[OwnFile]:
    data_sets = data_sets_of(toml, folder)
    files = {entry["name"]: folder / entry["file"] for entry in _entries(toml)}
    return [OwnFile(each, digest_of_input(files[each.name]), _has_truth(each)) for each in data_sets]


def _has_truth(data_set: DataSet) -> bool:
    source = data_set.source(0)
    return (source.sorting if isinstance(source, RecordedSource) else source.true_unit) is not None

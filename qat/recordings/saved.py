"""A recording that SpikeInterface saved as a folder, read without what its own reader would unpickle."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import BaseRecording, read_binary

from qat.errors import BadInput

RECORD = "binary.json"
_CLASS = "BinaryRecordingExtractor"
_ARGUMENTS = ("sampling_frequency", "dtype", "num_channels", "channel_ids", "time_axis", "file_offset")


def read_saved(folder: Path) -> BaseRecording:
    """Read the samples, their rate and their gains; other properties and probes are left alone.

    Raises:
        BadInput: the folder is another kind of extractor's, or its samples lie in no one file of the folder.
        OSError, ValueError, KeyError, TypeError, AttributeError, AssertionError: the folder is damaged.
    """
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    if not str(record["class"]).endswith(f".{_CLASS}"):
        raise BadInput(f"{folder}: {RECORD} describes a {record['class']}; expected a {_CLASS}")
    stated = dict(record["kwargs"])
    stated.setdefault("num_channels", stated.get("num_chan"))  # as it was called before
    _check(folder, stated)
    arguments = {name: stated[name] for name in _ARGUMENTS if name in stated}
    recording = read_binary(file_paths=[_samples(folder, stated["file_paths"])], **arguments)
    gains, offsets = _property(folder, stated, "gain_to_uV"), _property(folder, stated, "offset_to_uV")
    if gains is not None and offsets is not None:
        recording.set_channel_gains(gains)
        recording.set_channel_offsets(offsets)
    return recording


def _check(folder: Path, stated: dict[str, Any]) -> None:
    kind, channels, offset = np.dtype(stated["dtype"]), stated["num_channels"], stated.get("file_offset", 0)
    if kind.kind not in "iuf":
        raise BadInput(f"{folder}: {RECORD} states samples of type {kind}; expected numbers")
    if type(channels) is not int or channels < 1:
        raise BadInput(f"{folder}: {RECORD} states {channels!r} channels; expected a whole number from 1 on")
    if type(offset) is not int or offset < 0:
        raise BadInput(f"{folder}: {RECORD} states a file_offset of {offset!r}; expected a whole number from 0 on")
    if stated.get("time_axis", 0) not in (0, 1):
        raise BadInput(f"{folder}: {RECORD} states time_axis {stated['time_axis']!r}; expected 0 or 1")


def _samples(folder: Path, stated: Any) -> Path:
    """The one file of samples."""
    names = stated if isinstance(stated, list) else [stated]
    if len(names) != 1:
        raise BadInput(f"{folder}: {len(names)} segments; expected one, so save one by itself")
    path = (folder / names[0]).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise BadInput(f"{folder}: its samples are said to be in {names[0]!r}; expected a file of this folder")
    return path


def _property(folder: Path, stated: dict[str, Any], name: str) -> NDArray[np.float64] | None:
    """A number for each channel, from the properties that were saved, else from the record; None if unknown."""
    path = folder / "properties" / f"{name}.npy"
    given = np.load(path, allow_pickle=False) if path.is_file() else stated.get(name)
    if given is None:
        return None
    values = np.asarray(given, np.float64)
    if values.shape not in ((), (stated["num_channels"],)) or not np.isfinite(values).all():
        raise BadInput(f"{folder}: {name} has shape {values.shape}; expected a finite number for each channel")
    return np.broadcast_to(values, stated["num_channels"])

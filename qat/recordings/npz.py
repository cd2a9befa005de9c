"""The `.npz` layout: windows or a continuous trace, with labels where there are some."""

import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from lzma import LZMAError
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qat.errors import BadInput
from qat.recordings.build import (
    as_float32,
    recording_from_array,
    sorting_from_arrays,
    unit_labels,
    whole_numbers,
)
from qat.recordings.limits import MAX_UNPACKED_BYTES
from qat.recordings.source import RecordedSource, StoredWindows

CANNOT_LEAVE_OUT = (
    "spikes of a continuous recording cannot be left out by label, detection finds them; give the labels as no units"
)

_WINDOWS = ("waveforms_all_channels", "waveforms")
_KEYS = ("labels", "spike_times", "sampling_rate_hz", "overlap", "unit_of_measure")
LOADING_FAILS = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    EOFError,
    LZMAError,
    MemoryError,
    OverflowError,
    RuntimeError,
    SyntaxError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


def read_npz(
    path: Path, prefer: str, not_units: tuple[int, ...], array: str | None, leave_out: tuple[int, ...]
) -> RecordedSource | StoredWindows:
    """Read windows or a recording, see `read_source`.

    Raises:
        BadInput: the file is no such `.npz`, or lacks what is asked for.
    """
    signal, arrays = _load(path, prefer, array)
    if prefer == "raw" or signal == "raw":
        if leave_out:
            raise BadInput(f"{path.name}: {CANNOT_LEAVE_OUT}")
        return _recorded(path.name, signal, arrays, not_units)
    return _windows(path.name, signal, _without(path.name, arrays, signal, leave_out), not_units)


def save_recording(source: RecordedSource, path: Path) -> None:
    """Write a recording as `.npz` that `read_source` reads: `raw`, `spike_times`, `labels`, `sampling_rate_hz`.

    The extra `unit_of_measure` keeps a gain known. The same recording gives the same bytes. Labels number the
    units from 1; a recording without known units has neither labels nor times.
    """
    in_microvolts = source.unit_of_measure == "uV"
    raw = source.recording.get_traces(return_in_uV=in_microvolts).T
    truth: dict[str, NDArray[np.generic]] = {}
    if source.sorting is not None:
        spikes = source.sorting.to_spike_vector()
        truth = {
            "spike_times": spikes["sample_index"].astype(np.int64),
            "labels": (spikes["unit_index"] + 1).astype(np.int32),
        }
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            allow_pickle=False,
            raw=raw[0] if len(raw) == 1 else raw,
            sampling_rate_hz=np.float64(source.sampling_rate_hz),
            unit_of_measure=np.array(source.unit_of_measure),
            **truth,
        )


def _load(path: Path, prefer: str, array: str | None) -> tuple[str, Mapping[str, NDArray[np.generic]]]:
    """Name of the signal that is wanted; it and all that is known about it. Nothing is unpickled."""
    try:
        with np.load(path, allow_pickle=False) as file:
            signal = _signal_key(path.name, file.files, prefer, array)
            wanted = [key for key in (signal, *_KEYS) if key in file.files]
            _check_size(path, file.zip, wanted)
            arrays = {key: file[key] for key in wanted}
            # Of a member that is no array, NumPy gives the bytes.
            if not all(isinstance(array, np.ndarray) for array in arrays.values()):
                raise ValueError(f"no arrays among {', '.join(wanted)}")
            return signal, arrays
    except BadInput:
        raise
    except LOADING_FAILS as error:
        raise BadInput(f"{path}: not a readable .npz of plain arrays") from error


def _check_size(path: Path, archive: zipfile.ZipFile, keys: list[str]) -> None:
    """Refuse what unpacks to more than fits in memory; a member never gives more than its entry says."""
    size = sum(info.file_size for info in archive.infolist() if info.filename.removesuffix(".npy") in keys)
    if size > MAX_UNPACKED_BYTES:
        raise BadInput(
            f"{path}: its arrays unpack to {size} bytes, at most {MAX_UNPACKED_BYTES} are read; "
            "save a longer recording with SpikeInterface, as a folder"
        )


def _signal_key(name: str, keys: list[str], prefer: str, array: str | None) -> str:
    if array is not None:
        if array not in keys:
            raise BadInput(f"{name}: no array {array} among {', '.join(keys) or 'none'}")
        return array
    windows: list[str] = [key for key in _WINDOWS if key in keys]
    raw: list[str] = ["raw"] if "raw" in keys else []
    choices = {"windows": windows, "raw": raw, "auto": windows + raw}
    wanted = choices[prefer]
    if not wanted:
        expected = {"windows": "waveforms", "raw": "raw", "auto": "waveforms or raw"}[prefer]
        raise BadInput(f"{name}: no array {expected} among {', '.join(keys) or 'none'}")
    return wanted[0]


def _without(
    name: str, arrays: Mapping[str, NDArray[np.generic]], signal: str, leave_out: tuple[int, ...]
) -> Mapping[str, NDArray[np.generic]]:
    """The arrays of all spikes whose label is not left out."""
    if not leave_out:
        return arrays
    labels = whole_numbers(arrays.get("labels", np.zeros(0)), f"{name}: labels")
    there = sorted(set(labels.tolist()))
    unknown = [label for label in leave_out if label not in there]
    if unknown:
        raise BadInput(f"{name}: no spike has label {unknown[0]}, which is to be left out; the labels are {there}")
    keep = ~np.isin(labels, leave_out)
    of_spikes = [key for key in (signal, "labels", "spike_times", "overlap") if key in arrays]
    unequal = [key for key in of_spikes if arrays[key].shape[:1] != labels.shape]
    if unequal:
        shape = arrays[unequal[0]].shape
        raise BadInput(f"{name}: {labels.size} labels but {unequal[0]} of shape {shape}; expected one label a spike")
    return {**arrays, **{key: arrays[key][keep] for key in of_spikes}}


def _recorded(
    name: str, signal: str, arrays: Mapping[str, NDArray[np.generic]], not_units: tuple[int, ...]
) -> RecordedSource:
    recording = recording_from_array(arrays[signal], _rate_hz(name, arrays), name)
    in_microvolts = str(arrays.get("unit_of_measure", "")) == "uV"
    if in_microvolts:
        recording.set_channel_gains(1.0)
        recording.set_channel_offsets(0.0)
    return RecordedSource(
        name=name,
        recording=recording,
        sorting=sorting_from_arrays(arrays.get("spike_times"), arrays.get("labels"), not_units, recording, name),
        unit_of_measure="uV" if in_microvolts else "source units",
        provenance=f"continuous recording in {name}",
    )


def _windows(
    name: str, signal: str, arrays: Mapping[str, NDArray[np.generic]], not_units: tuple[int, ...]
) -> StoredWindows:
    waveforms = arrays[signal]
    if waveforms.ndim not in (2, 3) or waveforms.dtype.kind not in "iuf":
        raise BadInput(f"{name}: {signal} must be numbers [n_spikes, n_samples] or [n_spikes, n_channels, n_samples]")
    if min(waveforms.shape) < 1 or waveforms.shape[-1] < 2:
        raise BadInput(f"{name}: {signal} has shape {waveforms.shape}; spikes of at least 2 samples expected")
    waveforms = as_float32(waveforms, f"{name}: {signal}")
    units = unit_labels(arrays["labels"], not_units, name) if "labels" in arrays else None
    times = whole_numbers(arrays["spike_times"], f"{name}: spike_times") if "spike_times" in arrays else None
    overlap = whole_numbers(arrays["overlap"], f"{name}: overlap") if "overlap" in arrays else None
    for what, values in (("labels", units), ("spike_times", times), ("overlap", overlap)):
        if values is not None and len(values) != len(waveforms):
            raise BadInput(f"{name}: {len(waveforms)} {signal} but {len(values)} {what}; expected as many")
    return StoredWindows(
        name=name,
        waveforms=waveforms[:, None, :] if waveforms.ndim == 2 else waveforms,
        sample_index=times,
        sampling_rate_hz=_rate_hz(name, arrays),
        true_unit=None if units is None or (units < 0).all() else units,
        overlap=None if overlap is None else overlap != 0,
        unit_of_measure="uV" if str(arrays.get("unit_of_measure", "")) == "uV" else "source units",
        provenance=f"stored windows in {name}" + ("" if signal in _WINDOWS else f", array {signal}"),
    )


def _rate_hz(name: str, arrays: Mapping[str, NDArray[np.generic]]) -> float | None:
    if "sampling_rate_hz" not in arrays:
        return None
    stated = arrays["sampling_rate_hz"]
    if stated.size != 1 or stated.dtype.kind not in "iuf":
        raise BadInput(f"{name}: sampling_rate_hz is {stated.dtype} of shape {stated.shape}; expected one number")
    rate_hz = float(stated.reshape(()))
    if np.isnan(rate_hz):
        return None
    if not 0 < rate_hz < np.inf:
        raise BadInput(f"{name}: sampling_rate_hz is {rate_hz}; expected a positive number, NaN = unknown")
    return rate_hz

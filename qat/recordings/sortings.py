"""Sortings made elsewhere, read without what SpikeInterface's own readers would unpickle."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import BaseSorting, NumpySorting

from qat.errors import BadInput
from qat.recordings.build import check_rate, whole_numbers
from qat.recordings.formats import NWB
from qat.recordings.limits import SORTING_RECORD
from qat.recordings.npz import LOADING_FAILS
from qat.recordings.nwb import read_nwb_units

_SPIKES = "spikes.npy"
_DAMAGED = (*LOADING_FAILS, IndexError)


def read_sorting(path: Path, rate_hz: float | None) -> BaseSorting:
    """Read which unit fired when.

    Args:
        path: a folder that SpikeInterface saved, an `.npz` of its NpzSortingExtractor, or NWB with units.
        rate_hz: of the recording, in whose samples NWB's seconds are given; the others state their own.

    Raises:
        BadInput: the file is missing, of no such format, or damaged.
    """
    if not path.exists():
        raise BadInput(f"{path}: no such file or folder; expected a sorting")
    try:
        if path.is_dir() and (path / SORTING_RECORD).is_file():
            return _from_folder(path)
        if path.suffix.lower() == ".npz":
            return _from_npz(path)
        if path.suffix.lower() == NWB:
            return _from_nwb(path, rate_hz)
    except BadInput:
        raise
    except _DAMAGED as error:
        raise BadInput(f"{path}: not a sorting that can be read: {type(error).__name__}: {error}") from error
    raise BadInput(f"{path}: no sorting; expected a folder saved by SpikeInterface, its .npz, or .nwb with units")


def _from_folder(path: Path) -> BaseSorting:
    record = json.loads((path / SORTING_RECORD).read_text(encoding="utf-8"))
    spikes = np.load(path / _SPIKES, allow_pickle=False)
    _check_segments(path, int(record["num_segments"]))
    names = np.array([str(name) for name in record["unit_ids"]])
    index = whole_numbers(spikes["unit_index"], f"{path.name}: unit_index")
    if index.min(initial=0) < 0:
        raise BadInput(f"{path}: unit_index {index.min()}; expected indices into {names.size} units")
    return _built(path, record, spikes["sample_index"], names[index])


def _from_npz(path: Path) -> BaseSorting:
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    if "spike_indexes_seg0" not in arrays:
        raise BadInput(f"{path}: no spike_indexes_seg0; expected an .npz of SpikeInterface's NpzSortingExtractor")
    _check_segments(path, int(arrays["num_segment"][0]))
    record = {"sampling_frequency": arrays["sampling_frequency"][0], "unit_ids": arrays["unit_ids"].tolist()}
    return _built(path, record, arrays["spike_indexes_seg0"], arrays["spike_labels_seg0"].astype(str))


def _from_nwb(path: Path, rate_hz: float | None) -> BaseSorting:
    if rate_hz is None:
        raise BadInput(f"{path}: holds times in seconds, and the recording's sampling rate is not known")
    return read_nwb_units(path, rate_hz)


def _check_segments(path: Path, n_segments: int) -> None:
    if n_segments != 1:
        raise BadInput(f"{path}: {n_segments} segments; expected one, as the recording has")


def _built(path: Path, record: Mapping[str, Any], sample: NDArray[np.generic], unit: NDArray[np.str_]) -> BaseSorting:
    rate_hz = float(record["sampling_frequency"])
    check_rate(rate_hz, path.name)
    samples = whole_numbers(sample, f"{path.name}: times")
    if samples.shape != unit.shape:
        raise BadInput(f"{path}: {samples.size} times but {unit.size} labels; expected one label a spike")
    names = [str(name) for name in record["unit_ids"]]
    unknown = np.setdiff1d(unit, names)
    if unknown.size:
        raise BadInput(f"{path}: spikes of unit {unknown[0]}, which is not among its units {', '.join(names)}")
    order = np.argsort(samples, kind="stable")
    return NumpySorting.from_samples_and_labels([samples[order]], [unit[order]], rate_hz, unit_ids=names)

"""NWB files: nothing of their HDF5 is believed before it is checked."""

from functools import partial
from pathlib import Path

import h5py
import numpy as np
from spikeinterface import extractors
from spikeinterface.core import BaseRecording, BaseSorting

from qat.errors import BadInput
from qat.recordings.limits import MAX_SECONDS

_MOST_PACKED = 2000
"""Bytes that a stored byte may stand for: gzip packs up to 1032 zeros into one."""


def read_nwb(path: Path) -> BaseRecording:
    """The file's electrical series.

    Raises:
        BadInput: a part of the file lies elsewhere, or claims more than the file could hold.
        OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError: the file is damaged.
    """
    _check_content(path)
    return extractors.read_nwb_recording(path)


def nwb_units(path: Path, recording: BaseRecording, not_units: tuple[int, ...]) -> BaseSorting | None:
    """The units table, where there is one; its times within the recording become samples of it.

    Raises:
        BadInput: the table's times are no times, or are shared out to units in no order.
        OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError: the file is damaged.
    """
    with h5py.File(path) as file:
        if "units" not in file:
            return None
        _check_units(path, file["units"])
    sorting = extractors.read_nwb_sorting(
        path,
        sampling_frequency=recording.sampling_frequency,
        t_start=recording.get_start_time(segment_index=0),
    )
    excluded = {str(label) for label in not_units}  # a file may name its units in words
    units = sorting.select_units([unit for unit in sorting.unit_ids if str(unit) not in excluded])
    return units.frame_slice(0, recording.get_num_samples(0), check_spike_frames=False)


def read_nwb_units(path: Path, rate_hz: float) -> BaseSorting:
    """The units table of a file that is taken for its sorting; times become samples from second 0 on.

    Raises:
        BadInput: there is no units table, or its times are no times, or are shared out to units in no order.
        OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError: the file is damaged.
    """
    _check_content(path)
    with h5py.File(path) as file:
        if "units" not in file:
            raise BadInput(f"{path}: no units table; expected a sorting")
        _check_units(path, file["units"])
    return extractors.read_nwb_sorting(path, sampling_frequency=rate_hz, t_start=0.0)


def _check_units(path: Path, table: h5py.Group) -> None:
    times, ends = np.asarray(table["spike_times"]), np.asarray(table["spike_times_index"])
    if times.dtype.kind not in "iuf" or not (np.abs(times) < MAX_SECONDS).all():
        raise BadInput(f"{path}: units/spike_times are {times.dtype}; expected seconds below {MAX_SECONDS:g}")
    rising = ends.dtype.kind in "iu" and (np.diff(ends.astype(np.int64), prepend=0) >= 0).all()
    if not rising or ends.max(initial=0) > len(times):
        raise BadInput(
            f"{path}: units/spike_times_index does not rise from 0 to the number of spike_times, {len(times)}"
        )


def _check_content(path: Path) -> None:
    most = _MOST_PACKED * path.stat().st_size
    with h5py.File(path, "r") as file:
        # The first answer that is not None ends the walk.
        problem = file.visititems_links(_problem_of_link) or file.visititems(partial(_problem_of_item, most))
    if problem is not None:
        raise BadInput(f"{path}: {problem}")


def _problem_of_link(name: str, link: object) -> str | None:
    if isinstance(link, h5py.ExternalLink):
        return f"{name!r} lies in another file; save the recording with all data inside"
    return None


def _problem_of_item(most_bytes: int, name: str, item: object) -> str | None:
    if not isinstance(item, h5py.Dataset):
        return None
    if item.external or item.is_virtual:
        return f"{name!r} takes its data from another file; save them inside"
    if item.nbytes > most_bytes:
        return f"{name!r} claims {item.nbytes} bytes, more than the file can hold; save it anew"
    return None

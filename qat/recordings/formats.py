"""What SpikeInterface reads: NWB, recordings that it saved itself, and makers' formats."""

import struct
from collections.abc import Callable
from pathlib import Path

import h5py
from spikeinterface import extractors
from spikeinterface.core import BaseRecording, BaseSorting

from qat.errors import BadInput
from qat.recordings.build import check_rate
from qat.recordings.hdf5 import check_hdf5
from qat.recordings.saved import RECORD, read_saved
from qat.recordings.source import RecordedSource

Reader = Callable[[Path], BaseRecording]


def _read_nwb(path: Path) -> BaseRecording:
    check_hdf5(path)
    return extractors.read_nwb_recording(path)


FILES: dict[str, Reader] = {
    ".nwb": _read_nwb,
    ".rhd": extractors.read_intan,
    ".rhs": extractors.read_intan,
    ".ns5": extractors.read_blackrock,
    ".ns6": extractors.read_blackrock,
    ".plx": extractors.read_plexon,
    ".edf": extractors.read_edf,
    ".abf": extractors.read_axon,
    ".smr": extractors.read_spike2,
    ".smrx": extractors.read_ced,
}
"""Reader by the end of a file's name."""

FOLDERS: dict[str, Reader] = {
    RECORD: read_saved,
    "**/*.oebin": extractors.read_openephys,
    "**/*.ap.meta": extractors.read_spikeglx,
    "*.ncs": extractors.read_neuralynx,
}
"""Reader by a file that the folder holds. Formats that may hold pickles are left out on purpose."""

_READING_FAILS = (
    OSError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    ImportError,
    RuntimeError,
    struct.error,
)


def read_with_spikeinterface(path: Path, not_units: tuple[int, ...]) -> RecordedSource:
    """Read a recording, and an NWB file's units as its true units.

    Raises:
        BadInput: no reader knows the format, the reader fails, the recording has several segments or an impossible
            rate, or a part of it lies elsewhere.
    """
    recording = _attempt(path, _reader(path))
    check_rate(recording.sampling_frequency, path.name)
    if recording.get_num_segments() != 1:
        raise BadInput(f"{path}: {recording.get_num_segments()} segments; expected one, so save one by itself")
    if recording.get_num_samples(0) < 2:
        raise BadInput(f"{path}: {recording.get_num_samples(0)} samples; a recording needs more than one")
    return RecordedSource(
        name=path.name,
        recording=recording,
        sorting=_nwb_units(path, recording, not_units) if path.suffix.lower() == ".nwb" else None,
        unit_of_measure="uV" if recording.has_scaleable_traces() else "source units",
        provenance=f"{type(recording).__name__} of {path.name}",
    )


def _reader(path: Path) -> Reader:
    if path.is_dir():
        _refuse_links_outside(path)
        for pattern, reader in FOLDERS.items():
            if next(path.glob(pattern), None) is not None:
                return reader
    elif path.suffix.lower() in FILES:
        return FILES[path.suffix.lower()]
    raise BadInput(f"{path}: no reader for this; expected .npz, .mat, {', '.join(FILES)} or a known folder")


def _refuse_links_outside(folder: Path) -> None:
    whole = folder.resolve()
    for path in folder.rglob("*"):
        if path.is_symlink() and not path.resolve().is_relative_to(whole):
            raise BadInput(f"{path}: a link to what lies outside the recording's folder; put the file itself there")


def _attempt(path: Path, reader: Reader) -> BaseRecording:
    try:
        return reader(path)
    except BadInput:
        raise
    except _READING_FAILS as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise BadInput(f"{path}: SpikeInterface cannot read it: {reason}") from error


def _nwb_units(path: Path, recording: BaseRecording, not_units: tuple[int, ...]) -> BaseSorting | None:
    """The units table, where there is one; its times within the recording become samples of it."""
    with h5py.File(path) as file:
        if "units" not in file:
            return None
    try:
        sorting = extractors.read_nwb_sorting(
            path,
            sampling_frequency=recording.sampling_frequency,
            t_start=recording.get_start_time(segment_index=0),
        )
    except _READING_FAILS as error:
        raise BadInput(f"{path}: the units table cannot be read: {error}") from error
    excluded = {str(label) for label in not_units}  # a file may name its units in words
    units = sorting.select_units([unit for unit in sorting.unit_ids if str(unit) not in excluded])
    return units.frame_slice(0, recording.get_num_samples(0), check_spike_frames=False)

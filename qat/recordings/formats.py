"""What SpikeInterface reads: NWB, recordings that it saved itself, and makers' formats."""

import struct
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from spikeinterface import extractors
from spikeinterface.core import BaseRecording

from qat.errors import BadInput
from qat.recordings.build import check_rate
from qat.recordings.limits import MAX_SECONDS
from qat.recordings.nwb import nwb_units, read_nwb
from qat.recordings.saved import RECORD, read_saved
from qat.recordings.source import RecordedSource

Reader = Callable[[Path], BaseRecording]


NWB = ".nwb"

FILES: dict[str, Reader] = {
    NWB: read_nwb,
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
    NameError,  # a local one that a reader leaves unbound
    MemoryError,
    OverflowError,
    NotImplementedError,
    ImportError,
    RuntimeError,
    struct.error,
)


def read_with_spikeinterface(path: Path, not_units: tuple[int, ...]) -> RecordedSource:
    """Read a recording, and an NWB file's units as its true units.

    Raises:
        BadInput: no reader knows the format, the reader fails, the recording is none that could have been made, has
            several segments, or a part of it lies elsewhere.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of readers to those who call them
            recording = _reader(path)(path)
            _check(path, recording)
            sorting = nwb_units(path, recording, not_units) if path.suffix.lower() == NWB else None
    except BadInput:
        raise
    except _READING_FAILS as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise BadInput(f"{path}: SpikeInterface cannot read it: {reason}") from error
    return RecordedSource(
        name=path.name,
        recording=recording,
        sorting=sorting,
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


def _check(path: Path, recording: BaseRecording) -> None:
    """What every reader gives as the file has it, sense or no sense."""
    check_rate(float(recording.sampling_frequency), path.name)
    if recording.get_num_segments() != 1:
        raise BadInput(f"{path}: {recording.get_num_segments()} segments; expected one, so save one by itself")
    if recording.get_num_samples(0) < 2:
        raise BadInput(f"{path}: {recording.get_num_samples(0)} samples; a recording needs more than one")
    first = recording.get_traces(start_frame=0, end_frame=1)
    if first.dtype.kind not in "iuf" or first.shape != (1, recording.get_num_channels()):
        raise BadInput(
            f"{path}: samples of type {first.dtype} and shape {list(first.shape[1:])} on "
            f"{recording.get_num_channels()} channels; expected a number for each"
        )
    start_s = recording.get_start_time(segment_index=0)
    if not abs(start_s) < MAX_SECONDS:
        raise BadInput(f"{path}: begins at {start_s:g} s; expected less than {MAX_SECONDS:g} s")
    if recording.has_scaleable_traces():
        scales = [recording.get_channel_gains(), recording.get_channel_offsets()]
        if not np.isfinite(np.asarray(scales, np.float64)).all():
            raise BadInput(f"{path}: a gain or an offset of its channels is not finite")

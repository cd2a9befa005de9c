"""Wave_Clus `.mat`: a trace, its sampling interval, and for simulations the true spikes."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat
from scipy.io.matlab import MatReadError
from scipy.sparse import issparse

from qat.errors import BadInput
from qat.recordings.build import recording_from_array, sorting_from_arrays
from qat.recordings.limits import MAX_UNPACKED_BYTES
from qat.recordings.source import RecordedSource

_LOADING_FAILS = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    EOFError,
    MemoryError,
    OverflowError,
    MatReadError,
    zlib.error,
)

_COMPRESSED = 15
_STRETCH_BYTES = 2**20


def read_waveclus(path: Path, not_units: tuple[int, ...]) -> RecordedSource:
    """Read `data`, `samplingInterval` (ms) and, where there, `spike_times` and `spike_class`.

    Raises:
        BadInput: the file is no MATLAB file of version 7 or below, or lacks `data` or `samplingInterval`.
    """
    names = ["data", "samplingInterval", "spike_times", "spike_class"]
    try:
        _check_size(path)
        contents = loadmat(path, appendmat=False, variable_names=names)
    except BadInput:
        raise
    except NotImplementedError as error:
        raise BadInput(f"{path}: MATLAB 7.3 file; save it with -v7") from error
    except _LOADING_FAILS as error:
        raise BadInput(f"{path}: not a readable MATLAB file") from error
    arrays = {name: _first_cell(path.name, name, contents[name]).squeeze() for name in names if name in contents}
    if "data" not in arrays or "samplingInterval" not in arrays:
        raise BadInput(f"{path.name}: a Wave_Clus file has data and samplingInterval; found {', '.join(arrays)}")
    recording = recording_from_array(
        np.atleast_1d(arrays["data"]), _rate_hz(path.name, arrays["samplingInterval"]), path.name
    )
    times, labels = (
        np.atleast_1d(arrays[name]) if name in arrays else None for name in ("spike_times", "spike_class")
    )
    return RecordedSource(
        name=path.name,
        recording=recording,
        sorting=sorting_from_arrays(times, labels, not_units, recording, path.name),
        unit_of_measure="source units",
        provenance=f"Wave_Clus recording in {path.name}",
    )


def _check_size(path: Path) -> None:
    """Refuse what unpacks to more than fits in memory: of version 5 to 7, which packs each variable by itself.

    The layout is "Level 5 MAT-File Format" of MathWorks: 128 bytes, the last two of which tell the byte order, then
    elements of a type and a size of four bytes each; a compressed one has type 15.
    """
    unpacked = 0
    with path.open("rb") as file:
        order = "<" if file.read(128)[126:] == b"IM" else ">"
        while len(tag := file.read(8)) == 8:
            kind, size = struct.unpack(f"{order}II", tag)
            end = file.tell() + size
            if kind == _COMPRESSED:
                for length in _unpacked_lengths(file, size):
                    unpacked += length
                    if unpacked > MAX_UNPACKED_BYTES:
                        raise BadInput(
                            f"{path}: unpacks to more than {MAX_UNPACKED_BYTES} bytes, which are the most that are "
                            "read; save a longer recording as NWB"
                        )
            file.seek(end)


def _unpacked_lengths(file: BinaryIO, size: int) -> Iterator[int]:
    """Lengths of the stretches that `size` bytes unpack to, none of them long."""
    unpacker = zlib.decompressobj()
    for first in range(0, size, _STRETCH_BYTES):
        packed = file.read(min(_STRETCH_BYTES, size - first))
        while packed:
            yield len(unpacker.decompress(packed, _STRETCH_BYTES))
            packed = unpacker.unconsumed_tail


def _first_cell(file: str, name: str, value: object) -> NDArray[np.generic]:
    """The first cell of a cell array, which holds times or classes; any other array as it is."""
    while isinstance(value, np.ndarray) and value.dtype == object and value.size:
        value = value.flat[0]
    if issparse(value):
        raise BadInput(f"{file}: {name} is a sparse matrix; save it as full({name})")
    return np.asarray(value)


def _rate_hz(name: str, interval_ms: NDArray[np.generic]) -> float:
    if interval_ms.size != 1 or interval_ms.dtype.kind not in "iuf" or not 0 < float(interval_ms) < np.inf:
        raise BadInput(f"{name}: samplingInterval must be one positive number of milliseconds")
    return 1e3 / float(interval_ms)

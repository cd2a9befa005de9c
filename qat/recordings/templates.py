"""A library of real mean waveforms, from a user's file."""

from pathlib import Path

import numpy as np

from qat.errors import BadInput
from qat.recordings.read import read_source
from qat.recordings.shapes import ShapeLibrary
from qat.recordings.source import StoredWindows

_SHORTEST_MS, _LONGEST_MS = 0.5, 50.0


def read_templates(path: Path) -> ShapeLibrary:
    """Read mean waveforms of one channel: `.npz` with `waveforms` `[n, n_samples]` and `sampling_rate_hz`.

    Raises:
        BadInput: the file holds no such arrays, or a waveform that is flat, or none of half a millisecond or more.
    """
    source = read_source(path, prefer="windows")
    assert isinstance(source, StoredWindows), "windows are asked for"
    if source.n_channels != 1:
        raise BadInput(f"{path}: mean waveforms of {source.n_channels} channels; expected waveforms [n, n_samples]")
    if source.sampling_rate_hz is None:
        raise BadInput(f"{path}: sampling_rate_hz is missing or NaN; mean waveforms need it")
    length_ms = 1e3 * source.waveforms.shape[2] / source.sampling_rate_hz
    if not _SHORTEST_MS <= length_ms <= _LONGEST_MS:
        raise BadInput(
            f"{path}: mean waveforms of {length_ms:g} ms; expected {_SHORTEST_MS:g} to {_LONGEST_MS:g}, so look at "
            "sampling_rate_hz, in samples a second"
        )
    try:
        return ShapeLibrary(source.waveforms[:, 0].astype(np.float64), source.sampling_rate_hz, path.stem)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error

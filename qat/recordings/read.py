"""One door for every file that people have."""

from pathlib import Path
from typing import Literal

from qat.errors import BadInput
from qat.recordings.formats import read_with_spikeinterface
from qat.recordings.npz import CANNOT_LEAVE_OUT, read_npz
from qat.recordings.source import RecordedSource, StoredWindows
from qat.recordings.waveclus import read_waveclus

Prefer = Literal["auto", "windows", "raw"]


def read_source(
    path: Path,
    *,
    prefer: Prefer = "auto",
    not_units: tuple[int, ...] = (),
    array: str | None = None,
    leave_out: tuple[int, ...] = (),
) -> RecordedSource | StoredWindows:
    """Read a recording, or windows that somebody else has cut.

    Args:
        path: `.npz` (arrays `waveforms_all_channels` or `waveforms`, `raw`, `labels`, `spike_times`,
            `sampling_rate_hz`, `overlap`), Wave_Clus `.mat`, NWB, or a format of `qat.recordings.formats`.
        prefer: what to take from a file that has both; `auto` takes the windows.
        not_units: labels that stand for no single unit, such as multi-unit activity.
        array: which array of an `.npz` holds the windows (the trace, where `prefer` is `raw`); None = as named above.
        leave_out: labels of windows that are dropped before anything else.

    Raises:
        BadInput: the file is missing, unreadable or inconsistent, or lacks what `prefer` asks for.
    """
    if not path.exists():
        raise BadInput(f"{path}: no such file or folder")
    if path.suffix.lower() == ".npz":
        return read_npz(path, prefer, not_units, array, leave_out)
    if array is not None:
        raise BadInput(f"{path}: has no array {array}; only .npz files hold arrays by name")
    if leave_out:
        raise BadInput(f"{path}: {CANNOT_LEAVE_OUT}")
    if prefer == "windows":
        raise BadInput(f"{path}: holds a continuous recording, no windows; only .npz files hold windows")
    if path.suffix.lower() == ".mat":
        return read_waveclus(path, not_units)
    return read_with_spikeinterface(path, not_units)

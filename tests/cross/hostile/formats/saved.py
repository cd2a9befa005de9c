"""Damaged folders that SpikeInterface saved."""

import io
import json
import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from spikeinterface.core import NumpyRecording

from tests.cross.hostile.formats.npz import header, unpickled
from tests.cross.hostile.formats.whole import (
    HUGE,
    RATE_HZ,
    SAVED,
    Write,
    signal,
)


def changed(change: Callable[[Path], None]) -> Write:
    def write(rng: np.random.Generator, folder: Path) -> None:
        for name, content in _saved_files().items():
            path = folder / SAVED / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        change(folder / SAVED)

    return write


@cache
def _saved_files() -> Mapping[str, bytes]:
    """What SpikeInterface saves of a recording: path within the folder -> content."""
    recording = NumpyRecording([signal()[0][:, None]], RATE_HZ)
    raw = recording.get_traces()
    kwargs = {
        "file_paths": ["traces_cached_seg0.raw"],
        "sampling_frequency": RATE_HZ,
        "t_starts": [None],
        "num_channels": 1,
        "dtype": "<f4",
        "channel_ids": ["0"],
        "time_axis": 0,
        "file_offset": 0,
        "gain_to_uV": [1.0],
        "offset_to_uV": [0.0],
        "is_filtered": False,
    }
    record = {
        "class": "spikeinterface.core.binaryrecordingextractor.BinaryRecordingExtractor",
        "module": "spikeinterface.core.binaryrecordingextractor",
        "kwargs": kwargs,
        "version": "0.105.0",
        "relative_paths": True,
    }
    gains = io.BytesIO()
    np.save(gains, np.ones(1))
    return {
        "binary.json": json.dumps(record).encode(),
        "traces_cached_seg0.raw": raw.tobytes(),
        "properties/offset_to_uV.npy": gains.getvalue(),
    }


def _with_kwargs(**changed: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        record = json.loads((folder / "binary.json").read_text())
        record["kwargs"] |= changed
        (folder / "binary.json").write_text(json.dumps(record))

    return change


def _with_record(**changed: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        record = json.loads((folder / "binary.json").read_text())
        (folder / "binary.json").write_text(json.dumps({**record, **changed}))

    return change


def _with_file(name: str, content: bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)

    return change


def _without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _link(name: str, target: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).symlink_to(target)

    return change


def _pipe_within(folder: Path) -> None:
    (folder / "traces_cached_seg0.raw").unlink()
    os.mkfifo(folder / "traces_cached_seg0.raw")


def _objects() -> bytes:
    file = io.BytesIO()
    file.write(header("(1,)", "'|O'") + unpickled())
    return file.getvalue()


CHANGES: Mapping[str, Callable[[Path], None]] = {
    "no JSON": _with_file("binary.json", b"{"),
    "JSON empty": _with_file("binary.json", b""),
    "JSON a list": _with_file("binary.json", b"[]"),
    "JSON null": _with_file("binary.json", b"null"),
    "JSON of brackets": _with_file("binary.json", b"[" * 100_000),
    "JSON that is no text": _with_file("binary.json", b"\xff\xfe\x00{"),
    "JSON without parts": _with_file("binary.json", b"{}"),
    "class unknown": _with_record(**{"class": "os.system"}),
    "class a number": _with_record(**{"class": 7}),
    "kwargs a list": _with_record(kwargs=[]),
    "samples gone": _without("traces_cached_seg0.raw"),
    "samples empty": _with_file("traces_cached_seg0.raw", b""),
    "samples NaN": _with_file("traces_cached_seg0.raw", np.full(48_000, np.nan, np.float32).tobytes()),
    "samples flat": _with_file("traces_cached_seg0.raw", bytes(4 * 48_000)),
    "samples a pipe": _pipe_within,
    "samples a link outside": _link("traces_cached_seg0.raw", "../../secret.bin"),
    "samples a link to zeros": _link("traces_cached_seg0.raw", "/dev/zero"),
    "samples outside": _with_kwargs(file_paths=["../../secret.bin"]),
    "samples outside, absolute": _with_kwargs(file_paths=["/proc/self/maps"]),
    "samples in two files": _with_kwargs(file_paths=["traces_cached_seg0.raw"] * 2),
    "samples in no file": _with_kwargs(file_paths=[]),
    "samples in a number": _with_kwargs(file_paths=7),
    "samples in a file named with a zero": _with_kwargs(file_paths=["a\0b"]),
    "rate 0": _with_kwargs(sampling_frequency=0),
    "rate negative": _with_kwargs(sampling_frequency=-1.0),
    "rate NaN": _with_kwargs(sampling_frequency=float("nan")),
    "rate infinite": _with_kwargs(sampling_frequency=float("inf")),
    "rate 10^300": _with_kwargs(sampling_frequency=1e300),
    "rate as text": _with_kwargs(sampling_frequency="fast"),
    "rate null": _with_kwargs(sampling_frequency=None),
    "no channels": _with_kwargs(num_channels=0),
    "channels negative": _with_kwargs(num_channels=-1),
    "10^9 channels": _with_kwargs(num_channels=HUGE),
    "channels as text": _with_kwargs(num_channels="1"),
    "channels with a fraction": _with_kwargs(num_channels=1.5),
    "names of channels too few": _with_kwargs(num_channels=2),
    "type of objects": _with_kwargs(dtype="|O"),
    "type of text": _with_kwargs(dtype="U4"),
    "type unknown": _with_kwargs(dtype="evil"),
    "type a number": _with_kwargs(dtype=7),
    "type complex": _with_kwargs(dtype="<c8"),
    "axis 7": _with_kwargs(time_axis=7),
    "offset beyond the file": _with_kwargs(file_offset=10**12),
    "offset negative": _with_kwargs(file_offset=-4),
    "offset as text": _with_kwargs(file_offset="x"),
    "gain as text": _with_kwargs(gain_to_uV="x"),
    "gains too many": _with_kwargs(gain_to_uV=[1.0, 2.0]),
    "gain NaN": _with_kwargs(gain_to_uV=[float("nan")]),
    "properties pickled": _with_file("properties/gain_to_uV.npy", _objects()),
    "properties damaged": _with_file("properties/gain_to_uV.npy", b"\x93NUMPY\x01\x00"),
    "properties of another length": _with_file("properties/gain_to_uV.npy", header("(9,)", "'<f8'") + bytes(72)),
    "properties of 10^18": _with_file("properties/gain_to_uV.npy", header(f"({10**18},)", "'<f8'")),
}

PERHAPS: Mapping[str, Callable[[Path], None]] = {
    "paths not relative": _with_record(relative_paths=False),
    "kwargs with one more": _with_kwargs(evil=1),
    "a property pickled": _with_file("properties/evil.npy", _objects()),
    "probe damaged": _with_file("probegroup.json", b"{"),
    "probe of another kind": _with_file("probegroup.json", b'{"specification": "probeinterface", "probes": 7}'),
}
"""What is not read of a folder may be anything; it is not unpickled, which `judge` would see."""


def _only(name: str, content: bytes) -> Write:
    def write(rng: np.random.Generator, folder: Path) -> None:
        path = folder / SAVED / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)

    return write


def _empty_folder(rng: np.random.Generator, folder: Path) -> None:
    (folder / SAVED).mkdir()


def _zarr(rng: np.random.Generator, folder: Path) -> None:
    _only(".zgroup", b'{"zarr_format": 2}')(rng, folder)


FOLDERS: Mapping[str, Write] = {
    "empty": _empty_folder,
    "of another kind": _only("notes.txt", b"hello"),
    "of zarr": _zarr,
    "of pickles": _only("si_folder.json", b'{"class": "os.system"}'),
    "Open Ephys damaged": _only("structure.oebin", b"{"),
    "Open Ephys empty": _only("structure.oebin", b"{}"),
    "SpikeGLX damaged": _only("a_g0_t0.imec0.ap.meta", b"nSavedChans=x"),
    "SpikeGLX empty": _only("a_g0_t0.imec0.ap.meta", b""),
    "Neuralynx damaged": _only("CSC1.ncs", b"x" * 100),
    "Neuralynx empty": _only("CSC1.ncs", b""),
}

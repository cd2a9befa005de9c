"""Damaged `.mat` recordings of Wave_Clus."""

import io
import struct
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy.io import savemat
from scipy.sparse import csc_matrix

from tests.cross.hostile.formats.whole import (
    HUGE,
    MAT,
    RATE_HZ,
    Write,
    holding,
    signal,
)


def written(arrays: Callable[[], Mapping[str, Any]]) -> Write:
    return lambda rng, folder: savemat(folder / MAT, dict(arrays()))


def _mat_arrays(**changed: Any) -> dict[str, Any]:
    raw, times, labels = signal()
    arrays = {"data": raw[None], "samplingInterval": 1e3 / RATE_HZ, "spike_times": times, "spike_class": labels}
    return {name: value for name, value in {**arrays, **changed}.items() if value is not None}


def _cell(value: Any, depth: int) -> np.ndarray:
    for _ in range(depth):
        cell = np.empty((1, 1), object)
        cell[0, 0] = value
        value = cell
    return np.asarray(value)


ARRAYS: Mapping[str, Callable[[], Mapping[str, Any]]] = {
    "nothing": lambda: {"x": 1},
    "no data": lambda: _mat_arrays(data=None),
    "no interval": lambda: _mat_arrays(samplingInterval=None),
    "interval 0": lambda: _mat_arrays(samplingInterval=0.0),
    "interval negative": lambda: _mat_arrays(samplingInterval=-1.0),
    "interval NaN": lambda: _mat_arrays(samplingInterval=np.nan),
    "interval infinite": lambda: _mat_arrays(samplingInterval=np.inf),
    "interval of 10^-300 ms": lambda: _mat_arrays(samplingInterval=1e-300),
    "interval of 10^300 ms": lambda: _mat_arrays(samplingInterval=1e300),
    "interval as text": lambda: _mat_arrays(samplingInterval="x"),
    "interval of two numbers": lambda: _mat_arrays(samplingInterval=[0.1, 0.2]),
    "interval a struct": lambda: _mat_arrays(samplingInterval={"a": 1}),
    "interval complex": lambda: _mat_arrays(samplingInterval=1 + 1j),
    "data NaN": lambda: _mat_arrays(data=np.full((1, 48_000), np.nan)),
    "data infinite": lambda: _mat_arrays(data=np.full((1, 48_000), np.inf)),
    "data text": lambda: _mat_arrays(data="hello"),
    "data a struct": lambda: _mat_arrays(data={"a": {"b": 1}}),
    "data an empty cell": lambda: _mat_arrays(data=np.empty((0, 0), object)),
    "data in cells of cells": lambda: _mat_arrays(data=_cell("x", 50)),
    "data sparse": lambda: _mat_arrays(data=csc_matrix(signal()[0][None])),
    "data sparse of 2^31 rows": lambda: _mat_arrays(data=csc_matrix(([1.0], ([0], [0])), (2**31 - 1, 1))),
    "data complex": lambda: _mat_arrays(data=signal()[0][None] * 1j),
    "data empty": lambda: _mat_arrays(data=np.zeros((0, 0))),
    "data of one sample": lambda: _mat_arrays(data=1.0),
    "data of three dimensions": lambda: _mat_arrays(data=np.zeros((2, 3, 4))),
    "data flat": lambda: _mat_arrays(data=np.zeros((1, 48_000))),
    "data beyond single precision": lambda: _mat_arrays(data=signal()[0][None].astype(float) * 1e300),
    "times as text": lambda: _mat_arrays(spike_times="x"),
    "times outside": lambda: _mat_arrays(spike_times=signal()[1] * 1000),
    "times with a fraction": lambda: _mat_arrays(spike_times=signal()[1] + 0.5),
    "classes too few": lambda: _mat_arrays(spike_class=signal()[2][:-1]),
    "classes NaN": lambda: _mat_arrays(spike_class=np.full(117, np.nan)),
    "classes a struct": lambda: _mat_arrays(spike_class={"a": 1}),
    "classes in an empty cell": lambda: _mat_arrays(spike_class=np.empty((0, 0), object)),
}


def _mat_element(rows: int, columns: int, packed: bytes | None, claimed: int) -> bytes:
    """A matrix `data` of doubles in MATLAB's format of level 5, its samples given or left out."""
    name = b"data\0\0\0\0"
    head = struct.pack("<IIII", 6, 8, 6, 0) + struct.pack("<IIii", 5, 8, rows, columns) + struct.pack("<II", 1, 4)
    return struct.pack("<II", 14, claimed) + head + name + struct.pack("<II", 9, claimed) + (packed or b"")


_MAT_HEAD = b"MATLAB 5.0 MAT-file".ljust(116) + bytes(8) + b"\x00\x01IM"


def _mat_claim(rows: int, columns: int, claimed: int) -> Write:
    return holding(MAT, _MAT_HEAD + _mat_element(rows, columns, bytes(64), claimed))


def _mat_bomb(rng: np.random.Generator, folder: Path) -> None:
    samples = 2**29 - 64
    head = _mat_element(1, samples, None, 8 * samples % 2**32)
    megabyte = bytes(2**20)
    packer = zlib.compressobj(9)
    first = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(megabyte) + packer.flush(zlib.Z_FULL_FLUSH)
    stream = first + block * 4096
    interval = io.BytesIO()
    savemat(interval, {"samplingInterval": 1e3 / RATE_HZ})
    (folder / MAT).write_bytes(interval.getvalue() + struct.pack("<II", 15, len(stream)) + stream)


def _mat_73(rng: np.random.Generator, folder: Path) -> None:
    with h5py.File(folder / MAT, "w", userblock_size=512) as file:
        file["data"] = signal()[0]
    with (folder / MAT).open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")


def _mat_4(rng: np.random.Generator, folder: Path) -> None:
    (folder / MAT).write_bytes(struct.pack("<IIIII", 0, HUGE, 4, 0, 5) + b"data\0" + bytes(64))


FILES: Mapping[str, Write] = {
    "2^31 x 2^31 claimed": _mat_claim(2**31 - 1, 2**31 - 1, 2**32 - 8),
    "3 GB claimed": _mat_claim(1, 375_000_000, 3_000_000_000),
    "negative size claimed": _mat_claim(-1, 8, 64),
    "two negative sizes claimed": _mat_claim(-8, -8, 64),
    "unpacks to 4 GB": _mat_bomb,
    "version 7.3": _mat_73,
    "version 4 of 10^9 x 4": _mat_4,
    "only a head": holding(MAT, _MAT_HEAD),
    "version of the future": holding(MAT, _MAT_HEAD[:124] + b"\x00\x09IM" + bytes(64)),
}

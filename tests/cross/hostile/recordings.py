"""Recordings that nobody should have to trust."""

import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from pynwb import NWBHDF5IO, H5DataIO, NWBFile
from pynwb.ecephys import ElectricalSeries
from scipy.io import savemat
from scipy.sparse import csc_matrix
from spikeinterface.core import NumpyRecording

from tests.cross.hostile.case import Case
from tests.cross.hostile.damage import BYTES, FOREIGN

Write = Callable[[np.random.Generator, Path], None]

NPZ, MAT, NWB, SAVED = "file.npz", "file.mat", "file.nwb", "saved"
RATE_HZ = 24_000.0
MADE = "spikes"
"""Folder of the first step, which reads the file."""
OUTSIDE = "outside.h5"
"""A whole recording beside the case's folder, which nothing in it may reach."""

_HUGE = 10**9
_GIGABYTES = 40
"""What a bomb unpacks to."""


def cases(seed: int, rounds: int) -> Iterator[Case]:
    """Every kind of damage `rounds` times, the random ones to another place each time."""
    for turn in range(rounds):
        for index, (name, file, write, malformed) in enumerate(_kinds()):
            rng = np.random.default_rng((seed, turn, index))
            command = ("train", "--recording", file, "--to", MADE, "--out", "run")
            yield Case(f"{name}, {turn}", command, _bound(write, rng), malformed, MADE)


def _bound(write: Write, rng: np.random.Generator) -> Callable[[Path], None]:
    return lambda folder: write(rng, folder)


def _kinds() -> Iterator[tuple[str, str, Write, bool]]:
    yield from _of_any_format()
    for table, prefix, file, written in (
        (ARRAYS, "npz", NPZ, _npz),
        (NPZ_FILES, "npz", NPZ, _itself),
        (MAT_ARRAYS, "mat", MAT, _mat),
        (MAT_FILES, "mat", MAT, _itself),
        (NWB_CHANGES, "nwb", NWB, _nwb),
        (FOLDER_CHANGES, "folder", SAVED, _saved),
        (FOLDERS, "folder", SAVED, _itself),
    ):
        for name, entry in table.items():
            yield f"{prefix}: {name}", file, written(entry), True
    for name, change in FOLDER_PERHAPS.items():
        yield f"folder: {name}", SAVED, _saved(change), False


def _itself(write: Write) -> Write:
    return write


def _of_any_format() -> Iterator[tuple[str, str, Write, bool]]:
    wholes = {NPZ: whole_npz, MAT: whole_mat, NWB: whole_nwb}
    for file, whole in wholes.items():
        for name, damage in BYTES.items():
            yield f"{file}: bytes {name}", file, _damaged(file, whole, damage), False
            yield f"{file}: head {name}", file, _damaged_head(file, whole, damage), False
        for name, content in FOREIGN.items():
            yield f"{name} for {file}", file, _damaged(file, whole, lambda rng, _, content=content: content), True
        for name, place in _places(file).items():
            yield f"{file}: {name}", file, place, True
    for suffix in (".rhd", ".rhs", ".ns5", ".ns6", ".plx", ".edf", ".abf", ".smr", ".smrx"):
        file = f"file{suffix}"
        for name in ("empty", "all ones", "zeros", "text"):
            yield f"{name} for {file}", file, _content(file, FOREIGN[name]), True
        yield f"noise for {file}", file, _noise(file), True


# A second of two units, and the same as every format has it


@cache
def signal() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two seconds of noise with spikes of two shapes, their samples and their labels."""
    rng = np.random.default_rng(0)
    raw = rng.normal(0, 1, 48_000)
    times = np.arange(200, 47_000, 400) + rng.integers(0, 100, 117)
    labels = rng.integers(1, 3, len(times))
    shape = -np.hanning(24)
    for time, label in zip(times, labels, strict=True):
        raw[time - 12 : time + 12] += 15 * label * shape
    return raw.astype(np.float32), times, labels.astype(np.int32)


def _arrays(**changed: Any) -> dict[str, Any]:
    raw, times, labels = signal()
    arrays = {"raw": raw, "sampling_rate_hz": RATE_HZ, "spike_times": times, "labels": labels}
    return {name: value for name, value in {**arrays, **changed}.items() if value is not None}


def _windows(**changed: Any) -> dict[str, Any]:
    raw, times, labels = signal()
    waveforms = np.stack([raw[time - 16 : time + 32] for time in times])
    return {"waveforms": waveforms, "labels": labels, "spike_times": times, "sampling_rate_hz": RATE_HZ, **changed}


@cache
def whole_npz() -> bytes:
    """A recording as spikeloom writes it."""
    file = io.BytesIO()
    np.savez_compressed(file, **_arrays())
    return file.getvalue()


@cache
def whole_mat() -> bytes:
    """A recording of Wave_Clus."""
    raw, times, labels = signal()
    file = io.BytesIO()
    stored = {"data": raw[None], "samplingInterval": 1e3 / RATE_HZ, "spike_times": times, "spike_class": labels}
    savemat(file, stored, do_compression=True)
    return file.getvalue()


@cache
def whole_nwb() -> bytes:
    """A recording with its units in NWB."""
    raw, times, _ = signal()
    file = NWBFile("a recording", "one", datetime(2020, 1, 1, tzinfo=UTC))
    device = file.create_device("probe")
    group = file.create_electrode_group("shank", "one", "here", device)
    file.add_electrode(group=group, location="here")
    region = file.create_electrode_table_region([0], "all")
    samples = H5DataIO(raw[:, None], compression="gzip")
    series = ElectricalSeries(name="raw", data=samples, electrodes=region, rate=RATE_HZ, conversion=1e-6)
    file.add_acquisition(series)
    file.add_unit(spike_times=times / RATE_HZ)
    content = io.BytesIO()
    with h5py.File(content, "w") as hdf, NWBHDF5IO(file=hdf, mode="w") as io_:
        io_.write(file)
    return content.getvalue()


def _damaged(file: str, whole: Callable[[], bytes], damage: Callable[..., bytes]) -> Write:
    return lambda rng, folder: (folder / file).write_bytes(damage(rng, whole())) and None


def _damaged_head(file: str, whole: Callable[[], bytes], damage: Callable[..., bytes]) -> Write:
    """Damage where a format keeps its own structure, not its samples."""

    def write(rng: np.random.Generator, folder: Path) -> None:
        content, head = whole(), 512
        (folder / file).write_bytes(damage(rng, content[:head]) + content[head:])

    return write


def _content(file: str, content: bytes) -> Write:
    return lambda rng, folder: (folder / file).write_bytes(content) and None


def _noise(file: str) -> Write:
    return lambda rng, folder: (folder / file).write_bytes(rng.bytes(20_000)) and None


def _places(file: str) -> Mapping[str, Write]:
    def folder_for(rng: np.random.Generator, folder: Path) -> None:
        (folder / file).mkdir()

    def pipe(rng: np.random.Generator, folder: Path) -> None:
        os.mkfifo(folder / file)

    def linked(target: str) -> Write:
        return lambda rng, folder: (folder / file).symlink_to(target)

    def terabyte(rng: np.random.Generator, folder: Path) -> None:
        (folder / file).write_bytes(b"")
        os.truncate(folder / file, 2**40)

    return {
        "nothing there": lambda rng, folder: None,
        "a folder": folder_for,
        "a pipe": pipe,
        "link to nothing": linked("nothing"),
        "link to itself": linked(file),
        "link to endless zeros": linked("/dev/zero"),
        **({"a terabyte of nothing": terabyte} if file != NWB else {}),
    }


# .npz


def _npz(arrays: Callable[[], Mapping[str, Any]]) -> Write:
    return lambda rng, folder: np.savez(folder / NPZ, **arrays())


def _with(value: float, at: int = 777) -> np.ndarray:
    raw = signal()[0].copy()
    raw[at] = value
    return raw


ARRAYS: Mapping[str, Callable[[], Mapping[str, Any]]] = {
    "no arrays": dict,
    "no signal": lambda: _arrays(raw=None),
    "no rate": lambda: _arrays(sampling_rate_hz=None),
    "signal of objects": lambda: _arrays(raw=np.array([{"a": 1}, None], object)),
    "signal of text": lambda: _arrays(raw=np.array(["a", "b"])),
    "signal of complex numbers": lambda: _arrays(raw=signal()[0].astype(np.complex64)),
    "signal of truth values": lambda: _arrays(raw=signal()[0] > 0),
    "signal of dates": lambda: _arrays(raw=np.zeros(1000, "M8[s]")),
    "signal of records": lambda: _arrays(raw=np.zeros(1000, [("a", "f4"), ("b", "i2")])),
    "signal of long doubles": lambda: _arrays(raw=np.full(48_000, np.longdouble("1e400"))),
    "signal of no dimension": lambda: _arrays(raw=np.float32(1)),
    "signal of three dimensions": lambda: _arrays(raw=np.zeros((2, 3, 4), np.float32)),
    "signal of 32 dimensions": lambda: _arrays(raw=np.zeros((1,) * 32, np.float32)),
    "signal without samples": lambda: _arrays(raw=np.zeros(0, np.float32)),
    "signal without channels": lambda: _arrays(raw=np.zeros((0, 48_000), np.float32)),
    "signal of one sample": lambda: _arrays(raw=np.zeros(1, np.float32)),
    "signal of nine windows": lambda: _arrays(raw=signal()[0][:400], spike_times=None),
    "signal the wrong way round": lambda: _arrays(raw=signal()[0][:, None]),
    "signal flat": lambda: _arrays(raw=np.zeros(48_000, np.float32)),
    "signal flat at the largest number": lambda: _arrays(raw=np.full(48_000, 3e38, np.float32)),
    "one NaN": lambda: _arrays(raw=_with(np.nan)),
    "one infinity": lambda: _arrays(raw=_with(-np.inf)),
    "all NaN": lambda: _arrays(raw=np.full(48_000, np.nan, np.float32)),
    "beyond single precision": lambda: _arrays(raw=signal()[0].astype(float) * 1e300),
    "beyond all spikes: uint64": lambda: _arrays(raw=np.full(48_000, 2**64 - 1, np.uint64)),
    "rate 0": lambda: _arrays(sampling_rate_hz=0.0),
    "rate negative": lambda: _arrays(sampling_rate_hz=-RATE_HZ),
    "rate NaN": lambda: _arrays(sampling_rate_hz=np.nan),
    "rate infinite": lambda: _arrays(sampling_rate_hz=np.inf),
    "rate 10^30": lambda: _arrays(sampling_rate_hz=1e30),
    "rate 10^-300": lambda: _arrays(sampling_rate_hz=1e-300),
    "rate 1 Hz": lambda: _arrays(sampling_rate_hz=1.0),
    "rate of a thousand numbers": lambda: _arrays(sampling_rate_hz=np.full(1000, RATE_HZ)),
    "rate as text": lambda: _arrays(sampling_rate_hz="24 kHz"),
    "rate complex": lambda: _arrays(sampling_rate_hz=24_000 + 1j),
    "rate as an object": lambda: _arrays(sampling_rate_hz=np.array([None])),
    "labels too few": lambda: _arrays(labels=signal()[2][:-1]),
    "labels too many": lambda: _arrays(labels=np.append(signal()[2], 1)),
    "labels of two dimensions": lambda: _arrays(labels=signal()[2][:, None]),
    "labels as text": lambda: _arrays(labels=signal()[2].astype(str)),
    "labels with a fraction": lambda: _arrays(labels=signal()[2] + 0.5),
    "labels NaN": lambda: _arrays(labels=np.full(len(signal()[2]), np.nan)),
    "labels infinite": lambda: _arrays(labels=np.full(len(signal()[2]), np.inf)),
    "labels of 10^18": lambda: _arrays(labels=signal()[2].astype(np.int64) + 10**18),
    "labels of 10^300": lambda: _arrays(labels=np.full(len(signal()[2]), 1e300)),
    "labels of 2^63": lambda: _arrays(labels=np.full(len(signal()[2]), 2**63, np.uint64)),
    "labels as objects": lambda: _arrays(labels=np.array([1, "a"], object)),
    "times outside": lambda: _arrays(spike_times=signal()[1] + 48_000),
    "times negative": lambda: _arrays(spike_times=signal()[1] - 48_000),
    "times NaN": lambda: _arrays(spike_times=np.full(len(signal()[1]), np.nan)),
    "times in seconds": lambda: _arrays(spike_times=signal()[1] / RATE_HZ),
    "times of 10^300": lambda: _arrays(spike_times=np.full(len(signal()[1]), 1e300)),
    "times of 2^63": lambda: _arrays(spike_times=np.full(len(signal()[1]), 2**63, np.uint64)),
    "times of two dimensions": lambda: _arrays(spike_times=signal()[1][None]),
    "windows of one sample": lambda: _windows(waveforms=np.ones((117, 1))),
    "windows of no sample": lambda: _windows(waveforms=np.ones((117, 0))),
    "no windows": lambda: _windows(waveforms=np.ones((0, 48))),
    "three windows": lambda: {"waveforms": np.ones((3, 48))},
    "windows of four dimensions": lambda: _windows(waveforms=np.ones((117, 1, 1, 48))),
    "windows of text": lambda: _windows(waveforms=np.full((117, 48), "x")),
    "windows with NaN": lambda: _windows(waveforms=np.full((117, 48), np.nan)),
    "windows all zero": lambda: _windows(waveforms=np.zeros((117, 48))),
    "windows with too few labels": lambda: _windows(labels=np.ones(5, int)),
    "windows with too few overlaps": lambda: _windows(overlap=np.ones(5, int)),
    "windows with overlaps as text": lambda: _windows(overlap=np.full(117, "yes")),
    "windows with a rate of text": lambda: _windows(sampling_rate_hz="x"),
    "windows beyond single precision": lambda: _windows(waveforms=np.full((117, 48), 1e300)),
    "windows of a million samples": lambda: {"waveforms": np.ones((1, 1_000_000), np.float32)},
}


def _header(shape: str, descr: str = "'<f4'", order: str = "False") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x02\x00" + struct.pack("<I", len(text) + 1) + text + b"\n"


def _zip(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Write:
    def write(rng: np.random.Generator, folder: Path) -> None:
        with zipfile.ZipFile(folder / NPZ, "w", method) as file:
            for name, content in members.items():
                file.writestr(name, content)

    return write


def _claimed(shape: str, descr: str = "'<f4'", order: str = "False") -> Write:
    return _zip({"raw.npy": _header(shape, descr, order) + bytes(4096), "sampling_rate_hz.npy": _scalar(RATE_HZ)})


def _scalar(value: float) -> bytes:
    return _header("()", "'<f8'") + struct.pack("<d", value)


def _zeros_deflated(head: bytes, gigabytes: int) -> tuple[bytes, int, int]:
    """A deflate stream of `head` and zeros, its CRC and how long it is when unpacked."""
    megabyte = bytes(2**20)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(megabyte) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + block * (1024 * gigabytes) + packer.flush(), 0, len(head) + gigabytes * 2**30


def _npz_bomb(rng: np.random.Generator, folder: Path) -> None:
    """Zeros by the gigabyte, in a file of some megabytes."""
    samples = _GIGABYTES * 2**30 // 4
    stream, crc, size = _zeros_deflated(_header(f"({samples},)"), _GIGABYTES)
    with zipfile.ZipFile(folder / NPZ, "w") as file:
        info = zipfile.ZipInfo("raw.npy")
        file.writestr("sampling_rate_hz.npy", _scalar(RATE_HZ))
        _append_deflated(file, info, stream, crc, size)


def _append_deflated(file: zipfile.ZipFile, info: zipfile.ZipInfo, stream: bytes, crc: int, size: int) -> None:
    """Write a member that is packed already."""
    info.compress_type, info.CRC, info.compress_size, info.file_size = zipfile.ZIP_DEFLATED, crc, len(stream), size
    info.header_offset = file.fp.tell()
    file.fp.write(info.FileHeader(zip64=True) + stream)
    file.filelist.append(info)
    file.NameToInfo[info.filename] = info
    file.start_dir = file.fp.tell()
    file._didModify = True


def _unpickled() -> bytes:
    """A pickle that leaves a file where it is loaded."""
    return b"cposix\nsystem\n(S'touch unpickled'\ntR."


NPZ_FILES: Mapping[str, Write] = {
    "10^9 x 10^9 claimed": _claimed("(1000000000, 1000000000)"),
    "2^63 claimed": _claimed(f"({2**63},)"),
    "2^70 claimed": _claimed(f"({2**70},)"),
    "3 GB claimed": _claimed("(750000000,)"),
    "negative size claimed": _claimed("(-1000,)"),
    "two negative sizes claimed": _claimed("(-32, -32)"),
    "shape of text": _claimed("('a',)"),
    "shape of truth": _claimed("(True, 1024)"),
    "a thousand dimensions": _claimed(f"({'1,' * 1000})"),
    "type of objects": _claimed("(1000,)", "'|O'"),
    "type unknown": _claimed("(1000,)", "'<q99'"),
    "type of no size": _claimed("(1000000000000,)", "'V0'"),
    "type of a gigabyte": _claimed("(1,)", "'S2000000000'"),
    "type nested a thousand times": _claimed("(1,)", "(" * 90 + "'<f4'" + ",(1,))" * 90),
    "header that calls": _claimed("__import__('os').system('touch unpickled')"),
    "header of a megabyte": _claimed("(" + " " * 2**20 + "1,)"),
    "header of brackets": _zip({"raw.npy": b"\x93NUMPY\x01\x00" + struct.pack("<H", 5001) + b"(" * 5000 + b"\n"}),
    "header of another version": _zip({"raw.npy": b"\x93NUMPY\x09\x09" + bytes(100)}),
    "no header": _zip({"raw.npy": bytes(100)}),
    "array without content": _zip({"raw.npy": b""}),
    "a pickle for an array": _zip({"raw.npy": _unpickled()}),
    "a pickle in an array of objects": _zip({"raw.npy": _header("(1,)", "'|O'") + _unpickled()}),
    "an archive in the archive": _zip({"raw.npy": whole_npz()}),
    "array of text in the place of one": _zip({"raw": b"hello"}),
    "arrays with paths": _zip({"../../raw.npy": _header("(1000,)") + bytes(4000)}),
    "unpacks to 40 GB": _npz_bomb,
}


# .mat


def _mat(arrays: Callable[[], Mapping[str, Any]]) -> Write:
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


MAT_ARRAYS: Mapping[str, Callable[[], Mapping[str, Any]]] = {
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
    return _content(MAT, _MAT_HEAD + _mat_element(rows, columns, bytes(64), claimed))


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
    (folder / MAT).write_bytes(struct.pack("<IIIII", 0, _HUGE, 4, 0, 5) + b"data\0" + bytes(64))


MAT_FILES: Mapping[str, Write] = {
    "2^31 x 2^31 claimed": _mat_claim(2**31 - 1, 2**31 - 1, 2**32 - 8),
    "3 GB claimed": _mat_claim(1, 375_000_000, 3_000_000_000),
    "negative size claimed": _mat_claim(-1, 8, 64),
    "two negative sizes claimed": _mat_claim(-8, -8, 64),
    "unpacks to 4 GB": _mat_bomb,
    "version 7.3": _mat_73,
    "version 4 of 10^9 x 4": _mat_4,
    "only a head": _content(MAT, _MAT_HEAD),
    "version of the future": _content(MAT, _MAT_HEAD[:124] + b"\x00\x09IM" + bytes(64)),
}


# .nwb


def _nwb(change: Callable[[h5py.File, Path], None]) -> Write:
    def write(rng: np.random.Generator, folder: Path) -> None:
        (folder / NWB).write_bytes(whole_nwb())
        with h5py.File(folder / NWB, "r+") as file:
            change(file, folder)

    return write


def _replaced(path: str, value: Any, **options: Any) -> Callable[[h5py.File, Path], None]:
    """Another data set in the place of one, with its attributes."""

    def change(file: h5py.File, folder: Path) -> None:
        kept = dict(file[path].attrs)
        del file[path]
        new = file.create_dataset(path, data=value, **options)
        for name, attribute in kept.items():
            new.attrs[name] = attribute

    return change


def _removed(path: str) -> Callable[[h5py.File, Path], None]:
    def change(file: h5py.File, folder: Path) -> None:
        del file[path]

    return change


def _with_attribute(path: str, name: str, value: Any) -> Callable[[h5py.File, Path], None]:
    def change(file: h5py.File, folder: Path) -> None:
        file[path].attrs[name] = value

    return change


def _linked_outside(target: Callable[[Path], str]) -> Callable[[h5py.File, Path], None]:
    def change(file: h5py.File, folder: Path) -> None:
        del file[_DATA]
        file[_DATA] = h5py.ExternalLink(target(folder), "data")

    return change


def _stored_outside(file: h5py.File, folder: Path) -> None:
    """Samples that HDF5 takes from another file, byte for byte."""
    kept = dict(file[_DATA].attrs)
    del file[_DATA]
    place = [(str(folder.parent / "secret.bin"), 0, 4 * 48_000)]
    new = file.create_dataset(_DATA, (48_000, 1), np.float32, external=place)
    for name, attribute in kept.items():
        new.attrs[name] = attribute


def _virtual(file: h5py.File, folder: Path) -> None:
    """A data set that is put together from those of another file."""
    kept = dict(file[_DATA].attrs)
    del file[_DATA]
    layout = h5py.VirtualLayout((48_000, 1), np.float32)
    layout[:] = h5py.VirtualSource(str(folder.parent / OUTSIDE), "data", (48_000, 1))
    new = file.create_virtual_dataset(_DATA, layout)
    for name, attribute in kept.items():
        new.attrs[name] = attribute


def _claimed_shape(*shape: int, dtype: str = "f4") -> Callable[[h5py.File, Path], None]:
    """Samples that are claimed and nowhere stored."""

    def change(file: h5py.File, folder: Path) -> None:
        kept = dict(file[_DATA].attrs)
        del file[_DATA]
        new = file.create_dataset(_DATA, shape, dtype, chunks=(1024, *(1 for _ in shape[1:])))
        for name, attribute in kept.items():
            new.attrs[name] = attribute

    return change


def _loop(file: h5py.File, folder: Path) -> None:
    file["acquisition/raw/again"] = file["acquisition"]
    file["acquisition/again"] = h5py.SoftLink("/acquisition/again")


def _number_for_units(file: h5py.File, folder: Path) -> None:
    del file[_UNITS]
    file[_UNITS] = 7


_SERIES, _DATA = "acquisition/raw", "acquisition/raw/data"
_RATE, _UNITS = "acquisition/raw/starting_time", "units"

NWB_CHANGES: Mapping[str, Callable[[h5py.File, Path], None]] = {
    "no acquisition": _removed("acquisition"),
    "no series": _removed(_SERIES),
    "no samples": _removed(_DATA),
    "no rate": _removed(_RATE),
    "no electrodes": _removed("general/extracellular_ephys/electrodes"),
    "no electrodes of the series": _removed("acquisition/raw/electrodes"),
    "samples of text": _replaced(_DATA, np.full((48_000, 1), b"x")),
    "samples NaN": _replaced(_DATA, np.full((48_000, 1), np.nan, np.float32)),
    "samples infinite": _replaced(_DATA, np.full((48_000, 1), np.inf, np.float32)),
    "samples complex": _replaced(_DATA, np.ones((48_000, 1), np.complex64)),
    "samples of no dimension": _replaced(_DATA, 1.0),
    "samples of three dimensions": _replaced(_DATA, np.zeros((48_000, 1, 2), np.float32)),
    "samples none": _replaced(_DATA, np.zeros((0, 1), np.float32)),
    "samples flat": _replaced(_DATA, np.zeros((48_000, 1), np.float32)),
    "more channels than electrodes": _replaced(_DATA, np.ones((48_000, 5), np.float32)),
    "samples of records": _replaced(_DATA, np.zeros((48_000, 1), [("a", "f4")])),
    "10^12 samples claimed": _claimed_shape(10**12, 1),
    "10^9 x 10^9 samples claimed": _claimed_shape(10**9, 10**9),
    "2^62 samples claimed": _claimed_shape(2**62, 1, dtype="i1"),
    "rate 0": _with_attribute(_RATE, "rate", 0.0),
    "rate negative": _with_attribute(_RATE, "rate", -RATE_HZ),
    "rate NaN": _with_attribute(_RATE, "rate", np.nan),
    "rate infinite": _with_attribute(_RATE, "rate", np.inf),
    "rate 10^300": _with_attribute(_RATE, "rate", 1e300),
    "rate 10^-300": _with_attribute(_RATE, "rate", 1e-300),
    "rate as text": _with_attribute(_RATE, "rate", "fast"),
    "rate of two numbers": _with_attribute(_RATE, "rate", [1.0, 2.0]),
    "start NaN": _replaced(_RATE, np.nan),
    "start as text": _replaced(_RATE, "now"),
    "start 10^300": _replaced(_RATE, 1e300),
    "gain NaN": _with_attribute(_DATA, "conversion", np.nan),
    "gain infinite": _with_attribute(_DATA, "conversion", np.inf),
    "gain 0": _with_attribute(_DATA, "conversion", 0.0),
    "gain as text": _with_attribute(_DATA, "conversion", "big"),
    "offset NaN": _with_attribute(_DATA, "offset", np.nan),
    "type of the series unknown": _with_attribute(_SERIES, "neurodata_type", "Evil"),
    "type of the series a number": _with_attribute(_SERIES, "neurodata_type", 7),
    "type of the series no text": _with_attribute(_SERIES, "neurodata_type", np.bytes_(b"\xff\xfe")),
    "electrodes outside": _replaced("acquisition/raw/electrodes", np.array([999])),
    "electrodes negative": _replaced("acquisition/raw/electrodes", np.array([-999])),
    "unit times as text": _replaced("units/spike_times", np.full(117, b"x")),
    "unit times NaN": _replaced("units/spike_times", np.full(117, np.nan)),
    "unit times 10^300": _replaced("units/spike_times", np.full(117, 1e300)),
    "unit index outside": _replaced("units/spike_times_index", np.array([10**9], np.uint64)),
    "unit index negative": _replaced("units/spike_times_index", np.array([-5])),
    "units without times": _removed("units/spike_times"),
    "units without names": _removed("units/id"),
    "units a number": _number_for_units,
    "samples in another file": _linked_outside(lambda folder: f"../{OUTSIDE}"),
    "samples in another file, absolute": _linked_outside(lambda folder: str(folder.parent / OUTSIDE)),
    "samples in a pipe": _linked_outside(lambda folder: str(folder.parent / "pipe")),
    "samples in a file that is not there": _linked_outside(lambda folder: "nowhere.h5"),
    "samples stored outside": _stored_outside,
    "samples put together outside": _virtual,
    "groups in a ring": _loop,
}


# Folders of SpikeInterface


def _saved(change: Callable[[Path], None]) -> Write:
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
    file.write(_header("(1,)", "'|O'") + _unpickled())
    return file.getvalue()


FOLDER_CHANGES: Mapping[str, Callable[[Path], None]] = {
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
    "10^9 channels": _with_kwargs(num_channels=_HUGE),
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
    "properties of another length": _with_file("properties/gain_to_uV.npy", _header("(9,)", "'<f8'") + bytes(72)),
    "properties of 10^18": _with_file("properties/gain_to_uV.npy", _header(f"({10**18},)", "'<f8'")),
}

FOLDER_PERHAPS: Mapping[str, Callable[[Path], None]] = {
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


def stand_outside(folder: Path) -> None:
    """What links of a recording could point to: a whole recording, and a pipe that keeps whoever opens it."""
    raw = signal()[0]
    with h5py.File(folder.parent / OUTSIDE, "w") as file:
        file["data"] = raw[:, None]
    (folder.parent / "secret.bin").write_bytes(raw.tobytes())
    os.mkfifo(folder.parent / "pipe")

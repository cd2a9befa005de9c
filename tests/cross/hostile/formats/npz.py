"""Damaged `.npz` recordings."""

import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.cross.hostile.formats.whole import GIGABYTES, NPZ, RATE_HZ, Write, arrays, signal, whole_npz, windows


def written(arrays: Callable[[], Mapping[str, Any]]) -> Write:
    return lambda rng, folder: np.savez(folder / NPZ, **arrays())


def _with(value: float, at: int = 777) -> np.ndarray:
    raw = signal()[0].copy()
    raw[at] = value
    return raw


ARRAYS: Mapping[str, Callable[[], Mapping[str, Any]]] = {
    "no arrays": dict,
    "no signal": lambda: arrays(raw=None),
    "no rate": lambda: arrays(sampling_rate_hz=None),
    "signal of objects": lambda: arrays(raw=np.array([{"a": 1}, None], object)),
    "signal of text": lambda: arrays(raw=np.array(["a", "b"])),
    "signal of complex numbers": lambda: arrays(raw=signal()[0].astype(np.complex64)),
    "signal of truth values": lambda: arrays(raw=signal()[0] > 0),
    "signal of dates": lambda: arrays(raw=np.zeros(1000, "M8[s]")),
    "signal of records": lambda: arrays(raw=np.zeros(1000, [("a", "f4"), ("b", "i2")])),
    "signal of long doubles": lambda: arrays(raw=np.full(48_000, np.longdouble("1e400"))),
    "signal of no dimension": lambda: arrays(raw=np.float32(1)),
    "signal of three dimensions": lambda: arrays(raw=np.zeros((2, 3, 4), np.float32)),
    "signal of 32 dimensions": lambda: arrays(raw=np.zeros((1,) * 32, np.float32)),
    "signal without samples": lambda: arrays(raw=np.zeros(0, np.float32)),
    "signal without channels": lambda: arrays(raw=np.zeros((0, 48_000), np.float32)),
    "signal of one sample": lambda: arrays(raw=np.zeros(1, np.float32)),
    "signal of nine windows": lambda: arrays(raw=signal()[0][:400], spike_times=None),
    "signal the wrong way round": lambda: arrays(raw=signal()[0][:, None]),
    "signal flat": lambda: arrays(raw=np.zeros(48_000, np.float32)),
    "signal flat at the largest number": lambda: arrays(raw=np.full(48_000, 3e38, np.float32)),
    "one NaN": lambda: arrays(raw=_with(np.nan)),
    "one infinity": lambda: arrays(raw=_with(-np.inf)),
    "all NaN": lambda: arrays(raw=np.full(48_000, np.nan, np.float32)),
    "beyond single precision": lambda: arrays(raw=signal()[0].astype(float) * 1e300),
    "beyond all spikes: uint64": lambda: arrays(raw=np.full(48_000, 2**64 - 1, np.uint64)),
    "rate 0": lambda: arrays(sampling_rate_hz=0.0),
    "rate negative": lambda: arrays(sampling_rate_hz=-RATE_HZ),
    "rate NaN": lambda: arrays(sampling_rate_hz=np.nan),
    "rate infinite": lambda: arrays(sampling_rate_hz=np.inf),
    "rate 10^30": lambda: arrays(sampling_rate_hz=1e30),
    "rate 10^-300": lambda: arrays(sampling_rate_hz=1e-300),
    "rate 1 Hz": lambda: arrays(sampling_rate_hz=1.0),
    "rate of a thousand numbers": lambda: arrays(sampling_rate_hz=np.full(1000, RATE_HZ)),
    "rate as text": lambda: arrays(sampling_rate_hz="24 kHz"),
    "rate complex": lambda: arrays(sampling_rate_hz=24_000 + 1j),
    "rate as an object": lambda: arrays(sampling_rate_hz=np.array([None])),
    "labels too few": lambda: arrays(labels=signal()[2][:-1]),
    "labels too many": lambda: arrays(labels=np.append(signal()[2], 1)),
    "labels of two dimensions": lambda: arrays(labels=signal()[2][:, None]),
    "labels as text": lambda: arrays(labels=signal()[2].astype(str)),
    "labels with a fraction": lambda: arrays(labels=signal()[2] + 0.5),
    "labels NaN": lambda: arrays(labels=np.full(len(signal()[2]), np.nan)),
    "labels infinite": lambda: arrays(labels=np.full(len(signal()[2]), np.inf)),
    "labels of 10^18": lambda: arrays(labels=signal()[2].astype(np.int64) + 10**18),
    "labels of 10^300": lambda: arrays(labels=np.full(len(signal()[2]), 1e300)),
    "labels of 2^63": lambda: arrays(labels=np.full(len(signal()[2]), 2**63, np.uint64)),
    "labels as objects": lambda: arrays(labels=np.array([1, "a"], object)),
    "times outside": lambda: arrays(spike_times=signal()[1] + 48_000),
    "times negative": lambda: arrays(spike_times=signal()[1] - 48_000),
    "times NaN": lambda: arrays(spike_times=np.full(len(signal()[1]), np.nan)),
    "times in seconds": lambda: arrays(spike_times=signal()[1] / RATE_HZ),
    "times of 10^300": lambda: arrays(spike_times=np.full(len(signal()[1]), 1e300)),
    "times of 2^63": lambda: arrays(spike_times=np.full(len(signal()[1]), 2**63, np.uint64)),
    "times of two dimensions": lambda: arrays(spike_times=signal()[1][None]),
    "windows of one sample": lambda: windows(waveforms=np.ones((117, 1))),
    "windows of no sample": lambda: windows(waveforms=np.ones((117, 0))),
    "no windows": lambda: windows(waveforms=np.ones((0, 48))),
    "three windows": lambda: {"waveforms": np.ones((3, 48))},
    "windows of four dimensions": lambda: windows(waveforms=np.ones((117, 1, 1, 48))),
    "windows of text": lambda: windows(waveforms=np.full((117, 48), "x")),
    "windows with NaN": lambda: windows(waveforms=np.full((117, 48), np.nan)),
    "windows all zero": lambda: windows(waveforms=np.zeros((117, 48))),
    "windows with too few labels": lambda: windows(labels=np.ones(5, int)),
    "windows with too few overlaps": lambda: windows(overlap=np.ones(5, int)),
    "windows with overlaps as text": lambda: windows(overlap=np.full(117, "yes")),
    "windows with a rate of text": lambda: windows(sampling_rate_hz="x"),
    "windows beyond single precision": lambda: windows(waveforms=np.full((117, 48), 1e300)),
    "windows of a million samples": lambda: {"waveforms": np.ones((1, 1_000_000), np.float32)},
}


def header(shape: str, descr: str = "'<f4'", order: str = "False") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x02\x00" + struct.pack("<I", len(text) + 1) + text + b"\n"


def _zip(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Write:
    def write(rng: np.random.Generator, folder: Path) -> None:
        with zipfile.ZipFile(folder / NPZ, "w", method) as file:
            for name, content in members.items():
                file.writestr(name, content)

    return write


def _claimed(shape: str, descr: str = "'<f4'", order: str = "False") -> Write:
    return _zip({"raw.npy": header(shape, descr, order) + bytes(4096), "sampling_rate_hz.npy": _scalar(RATE_HZ)})


def _scalar(value: float) -> bytes:
    return header("()", "'<f8'") + struct.pack("<d", value)


def _zeros_deflated(head: bytes, gigabytes: int) -> tuple[bytes, int, int]:
    """A deflate stream of `head` and zeros, its CRC and how long it is when unpacked."""
    megabyte = bytes(2**20)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(megabyte) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + block * (1024 * gigabytes) + packer.flush(), 0, len(head) + gigabytes * 2**30


def _npz_bomb(rng: np.random.Generator, folder: Path) -> None:
    """Zeros by the gigabyte, in a file of some megabytes."""
    samples = GIGABYTES * 2**30 // 4
    stream, crc, size = _zeros_deflated(header(f"({samples},)"), GIGABYTES)
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


def unpickled() -> bytes:
    """A pickle that leaves a file where it is loaded."""
    return b"cposix\nsystem\n(S'touch unpickled'\ntR."


FILES: Mapping[str, Write] = {
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
    "a pickle for an array": _zip({"raw.npy": unpickled()}),
    "a pickle in an array of objects": _zip({"raw.npy": header("(1,)", "'|O'") + unpickled()}),
    "an archive in the archive": _zip({"raw.npy": whole_npz()}),
    "array of text in the place of one": _zip({"raw": b"hello"}),
    "arrays with paths": _zip({"../../raw.npy": header("(1000,)") + bytes(4000)}),
    "unpacks to 40 GB": _npz_bomb,
}

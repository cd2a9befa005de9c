"""A sound recording of two units, the same as every format has it."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from pynwb import NWBHDF5IO, H5DataIO, NWBFile
from pynwb.ecephys import ElectricalSeries
from scipy.io import savemat

Write = Callable[[np.random.Generator, Path], None]
"""Writes a damaged recording into a folder."""

NPZ, MAT, NWB, SAVED = "file.npz", "file.mat", "file.nwb", "saved"
RATE_HZ = 24_000.0
OUTSIDE = "outside.h5"
"""A whole recording beside the case's folder, which nothing in it may reach."""
HUGE = 10**9
GIGABYTES = 40
"""What a bomb unpacks to."""


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


def arrays(**changed: Any) -> dict[str, Any]:
    raw, times, labels = signal()
    arrays = {"raw": raw, "sampling_rate_hz": RATE_HZ, "spike_times": times, "labels": labels}
    return {name: value for name, value in {**arrays, **changed}.items() if value is not None}


def windows(**changed: Any) -> dict[str, Any]:
    raw, times, labels = signal()
    waveforms = np.stack([raw[time - 16 : time + 32] for time in times])
    return {"waveforms": waveforms, "labels": labels, "spike_times": times, "sampling_rate_hz": RATE_HZ, **changed}


@cache
def whole_npz() -> bytes:
    """A recording as spikeloom writes it."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays())
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


def holding(file: str, content: bytes) -> Write:
    """Writes these bytes as the file."""
    return lambda rng, folder: (folder / file).write_bytes(content) and None

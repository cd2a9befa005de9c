"""Damaged NWB recordings."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.cross.hostile.formats.whole import NWB, OUTSIDE, RATE_HZ, Write, whole_nwb


def changed(change: Callable[[h5py.File, Path], None]) -> Write:
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

CHANGES: Mapping[str, Callable[[h5py.File, Path], None]] = {
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

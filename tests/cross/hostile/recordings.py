"""Recordings that nobody should have to trust."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import h5py
import numpy as np

from tests.cross.hostile.case import Case
from tests.cross.hostile.damage import BYTES, FOREIGN
from tests.cross.hostile.formats import mat, npz, nwb, saved
from tests.cross.hostile.formats.whole import (
    MAT,
    NPZ,
    NWB,
    OUTSIDE,
    SAVED,
    Write,
    holding,
    signal,
    whole_mat,
    whole_npz,
    whole_nwb,
)

MADE = "spikes"
"""Folder of the first step, which reads the file."""


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
        (npz.ARRAYS, "npz", NPZ, npz.written),
        (npz.FILES, "npz", NPZ, _itself),
        (mat.ARRAYS, "mat", MAT, mat.written),
        (mat.FILES, "mat", MAT, _itself),
        (nwb.CHANGES, "nwb", NWB, nwb.changed),
        (saved.CHANGES, "folder", SAVED, saved.changed),
        (saved.FOLDERS, "folder", SAVED, _itself),
    ):
        for name, entry in table.items():
            yield f"{prefix}: {name}", file, written(entry), True
    for name, change in saved.PERHAPS.items():
        yield f"folder: {name}", SAVED, saved.changed(change), False


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
            yield f"{name} for {file}", file, holding(file, FOREIGN[name]), True
        yield f"noise for {file}", file, _noise(file), True


def _damaged(file: str, whole: Callable[[], bytes], damage: Callable[..., bytes]) -> Write:
    return lambda rng, folder: (folder / file).write_bytes(damage(rng, whole())) and None


def _damaged_head(file: str, whole: Callable[[], bytes], damage: Callable[..., bytes]) -> Write:
    """Damage where a format keeps its own structure, not its samples."""

    def write(rng: np.random.Generator, folder: Path) -> None:
        content, head = whole(), 512
        (folder / file).write_bytes(damage(rng, content[:head]) + content[head:])

    return write


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


def stand_outside(folder: Path) -> None:
    """What links of a recording could point to: a whole recording, and a pipe that keeps whoever opens it."""
    raw = signal()[0]
    with h5py.File(folder.parent / OUTSIDE, "w") as file:
        file["data"] = raw[:, None]
    (folder.parent / "secret.bin").write_bytes(raw.tobytes())
    os.mkfifo(folder.parent / "pipe")

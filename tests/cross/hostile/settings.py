"""Options, schedules and run folders that nobody should have to trust."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from flows.casefile import case_text
from hw.accelerator.accelerator import Accelerator
from hw.diagnosis.diagnose import GatewareCase
from hw.diagnosis.difference import Row, RowDifference
from hw.network.types import Network
from hw.network.vectors import random_inputs
from hw.schedule.types import Schedule
from hw.simulate.streams import Pauses
from tests.cross.hostile.case import Case
from tests.cross.hostile.child import run
from tests.cross.hostile.damage import BYTES, FOREIGN
from tests.hw.graphs import random_graph

MODEL, SCHEDULE, CASE = "model.onnx", "schedule.json", "case.json"
REPORT = ("report", "--out", "run")
MADE = "simulate"
"""Folder of the last step of `sim`: what a refusal must not leave."""
SIM = ("sim", "--model", MODEL, "--out", "run", "--spikes", "4", "--random-inputs", "50")

ODD: tuple[Any, ...] = (None, True, -1, 0, 10**9, 10**30, 1.5, "evil", "", [], {}, [[]], float("nan"))
"""What may stand in the place of any value of a JSON file."""


def cases(seed: int, rounds: int) -> Iterator[Case]:
    """Every absurd option once, and `rounds` times damage to each file."""
    for name, arguments in _options():
        yield Case(name, arguments, _with_model, True, MADE)
    for name, changed in FORGED.items():
        yield Case(name, REPORT, _run_folder(changed()), True, MADE)
    for turn in range(rounds):
        rng = np.random.default_rng((seed, turn))
        for name, arguments, write, malformed in _files(rng):
            yield Case(f"{name}, {turn}", arguments, write, malformed, MADE)


def _options() -> Iterator[tuple[str, tuple[str, ...]]]:
    for option, values in OF_GATEWARE.items():
        for value in values:
            yield f"sim {option} {value[:40]!r}", (*SIM, option, value)
    for option, values in OF_TRAINING.items():
        for value in values:
            arguments = ("train", "--out", "run", "--to", "recording", option, value)
            yield f"train {option} {value[:40]!r}", arguments
    for arguments in COMMANDS:
        yield " ".join(arguments), arguments


def _files(rng: np.random.Generator) -> Iterator[tuple[str, tuple[str, ...], Callable[[Path], None], bool]]:
    given = (*SIM, "--schedule", SCHEDULE)
    schedule = _made()["fold/schedule.json"]
    yield from _cases_of_differences(rng)
    for name, damage in BYTES.items():
        yield f"schedule: bytes {name}", given, _schedule(damage(rng, schedule)), False
    for name, content in FOREIGN.items():
        yield f"{name} for a schedule", given, _schedule(content), True
    for value in ODD:
        path = _some_path(rng, json.loads(schedule))
        yield f"schedule: {_dotted(path)} {value!r}", given, _schedule(_changed(schedule, path, value)), False
    for file in ("manifest.json", "lower/network.json", "lower/summary.json", "fold/schedule.json", "timings.json"):
        for name, damage in BYTES.items():
            yield f"{file}: bytes {name}", SIM, _run_folder({file: damage(rng, _made()[file])}), False
    for file in ("manifest.json", "fold/summary.json"):
        for name, content in FOREIGN.items():
            yield f"{name} for {file}", SIM, _run_folder({file: content}), True
    for value in ODD:
        manifest = _made()["manifest.json"]
        path = _some_path(rng, json.loads(manifest))
        changed = _changed(manifest, path, value)
        yield f"manifest: {_dotted(path)} {value!r}", SIM, _run_folder({"manifest.json": changed}), False
        summary = _made()["fold/summary.json"]
        path = _some_path(rng, json.loads(summary))
        changed = _changed(summary, path, value)
        yield f"report of {_dotted(path)} {value!r}", REPORT, _run_folder({"fold/summary.json": changed}), False


def _cases_of_differences(
    rng: np.random.Generator,
) -> Iterator[tuple[str, tuple[str, ...], Callable[[Path], None], bool]]:
    stored, again = _stored_case(), ("replay", CASE)
    for name, damage in BYTES.items():
        yield f"case: bytes {name}", again, _case(damage(rng, stored)), False
    for name, content in FOREIGN.items():
        yield f"{name} for a case", again, _case(content), True
    for value in ODD:
        path = _some_path(rng, json.loads(stored))
        yield f"case: {_dotted(path)} {value!r}", again, _case(_changed(stored, path, value)), False


# Files of a run that went well


def _model() -> bytes:
    return random_graph(np.random.default_rng(0), 6, [4], 3).SerializeToString()


def _with_model(folder: Path) -> None:
    (folder / MODEL).write_bytes(_model())
    (folder / "notes").mkdir()
    (folder / "notes" / "mine.txt").write_text("mine")


@cache
def _made() -> Mapping[str, bytes]:
    """What `hw` leaves up to its folding: path within the run's folder -> content."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        _with_model(folder)
        ran = run(("hw", "--model", MODEL, "--out", "run", "--to", "fold", "--random-inputs", "50"), folder, folder)
        if ran.exit_code:
            raise RuntimeError(ran.stderr)
        files = [path for path in (folder / "run").rglob("*") if path.is_file()]
        return {path.relative_to(folder / "run").as_posix(): path.read_bytes() for path in files}


@cache
def _stored_case() -> bytes:
    """The file of a difference between gateware and network, which there is none of."""
    network = Network.from_json(_made()["lower/network.json"].decode())
    accelerator = Accelerator(network, Schedule.from_json(_made()["fold/schedule.json"].decode()))
    spikes = random_inputs(network.input_format, network.n_inputs, 2, seed=0)
    row = Row(1, 3, (2,))
    difference = RowDifference(1, 0, network.layers[0].name, 2, 4, 1, False, True, row, row)
    return case_text(GatewareCase(accelerator, spikes, Pauses(0), 5, difference), "amaranth").encode()


def _case(content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / CASE).write_bytes(content) and None


def _schedule(content: bytes) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        _with_model(folder)
        (folder / SCHEDULE).write_bytes(content)

    return write


def _run_folder(changed: Mapping[str, bytes]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        _with_model(folder)
        for name, content in {**_made(), **changed}.items():
            path = folder / "run" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    return write


# A value somewhere in a JSON file

Path_ = tuple[str | int, ...]


def _some_path(rng: np.random.Generator, record: Any) -> Path_:
    paths = list(_paths(record))
    return paths[int(rng.integers(len(paths)))]


def _paths(record: Any, before: Path_ = ()) -> Iterator[Path_]:
    """Every place in a record that holds a value, the record itself too."""
    yield before
    items = record.items() if isinstance(record, dict) else enumerate(record) if isinstance(record, list) else ()
    for key, value in items:
        yield from _paths(value, (*before, key))


def _dotted(path: Path_) -> str:
    return ".".join(map(str, path)) or "all"


def _changed(content: bytes, path: Path_, value: Any) -> bytes:
    if not path:
        return json.dumps(value).encode()
    record = json.loads(content)
    place = record
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return json.dumps(record).encode()


def _with_picture(path: str) -> Mapping[str, bytes]:
    summary = json.loads(_made()["fold/summary.json"])
    summary["report"]["pictures"][0]["path"] = path
    return {"fold/summary.json": json.dumps(summary).encode()}


def _with_step(name: str) -> Mapping[str, bytes]:
    manifest = json.loads(_made()["manifest.json"])
    manifest["steps"][name] = manifest["steps"]["lower"]
    outside = Path(name).name
    return {"manifest.json": json.dumps(manifest).encode(), f"../{outside}/summary.json": b"{}"}


def _with_target(value: Any) -> Mapping[str, bytes]:
    path = ("steps", "fold", "parameters", "target")
    return {"manifest.json": _changed(_made()["manifest.json"], path, value)}


FORGED: Mapping[str, Callable[[], Mapping[str, bytes]]] = {
    "picture outside": lambda: _with_picture(f"../../{MODEL}"),
    "picture outside, absolute": lambda: _with_picture("/proc/self/environ"),
    "picture that is a device": lambda: _with_picture("/dev/zero"),
    "picture that is a folder": lambda: _with_picture("."),
    "target NaN": lambda: _with_target(float("nan")),
    "target half a character": lambda: _with_target("\ud800"),
    "step outside": lambda: _with_step("../elsewhere"),
    "step that is hidden": lambda: _with_step(".elsewhere"),
}
"""Run folders that would have a report tell of what lies outside them."""

_NO_NUMBER = ("", "x", "1e3x", "0x10", "9" * 5000, "\u0661\u0662x")
_NO_COUNT = ("0", "-1", "-9" + "9" * 40, *_NO_NUMBER)
_NO_QUANTITY = ("0", "-1", "nan", "inf", "-inf", "x", "")
_NO_LIST = ("", ",", "0,0", "-1,-1", "1,x", "1.5,1", "1,1,1,1,1", "7,7", "9" * 5000, f"{2**70},1")

OF_GATEWARE: Mapping[str, tuple[str, ...]] = {
    "--cycles": _NO_COUNT,
    "--rate": (*_NO_QUANTITY, "1e300"),
    "--latency-clocks": ("1", *_NO_COUNT),
    "--latency-us": (*_NO_QUANTITY, "1e-300"),
    "--clock-mhz": (*_NO_QUANTITY, "1e30"),
    "--pe": _NO_LIST,
    "--simd": _NO_LIST,
    "--storage": ("", "evil,evil", "block", "block,block,block,block", "block,", "BLOCK,BLOCK"),
    "--count-tables": ("", "x", "-1,-1", "1000000,1000000", "9" * 5000),
    "--levels-per-stage": ("0", "-1", "x"),
    "--schedule": ("none.json", ".", "notes", MODEL, "/dev/zero", "", "a\nb.json"),
    "--loadable": ("", ",", "evil", "all,evil", "../hidden0"),
    "--weight-sets": ("0", "-1", "257", str(10**30), "x"),
    "--unsorted-margin": ("-1", str(10**30), "1.5", "x"),
    "--spikes": ("0", "-1", str(10**12), str(10**30), "x"),
    "--random-inputs": ("0", "-1", str(10**12), str(10**30), "x"),
    "--seed": ("-1", str(2**32), str(10**100), "x"),
    "--device": ("", "evil", "up5k\n", "\x1b[2J", "u" * 10_000),
    "--architecture": ("", "evil"),
    "--minimise": ("", "evil"),
    "--engine": ("", "evil"),
    "--model": ("none.onnx", ".", "notes", "/dev/zero", "", "a\nb.onnx", "n" * 5000 + ".onnx"),
    "--out": (MODEL, "notes", "/proc/none", "/dev/null", "n" * 5000),
    "--from": ("", "evil", "power"),
    "--to": ("", "evil", "fold\n"),
}

OF_TRAINING: Mapping[str, tuple[str, ...]] = {
    "--duration-s": (*_NO_QUANTITY, "1e9", "1e300"),
    "--units": (*_NO_COUNT, str(10**9)),
    "--similarity": ("-1", "1", "nan", "inf", "x"),
    "--noise": ("-1", "0", "nan", "inf", "1e300"),
    "--channels": (*_NO_COUNT, str(10**9)),
    "--firing-hz": (*_NO_QUANTITY, "1e9"),
    "--sampling-hz": (*_NO_QUANTITY, "1", "1e12"),
    "--drift": ("-1", "1", "nan", "inf"),
    "--threshold-sigmas": (*_NO_QUANTITY, "1e9"),
    "--differences": ("", ",", "3", "1,1", "x", "9" * 5000),
    "--low-hz": (*_NO_QUANTITY, "1e9"),
    "--high-hz": ("0", "-1", "nan", "inf"),
    "--align": ("", "evil"),
    "--upsampling": (*_NO_COUNT, str(10**9)),
    "--window": (*_NO_COUNT, str(10**9)),
    "--bits": (*_NO_COUNT, "1", "64"),
    "--components": (*_NO_COUNT, str(10**9)),
    "--sort-units": (*_NO_COUNT, str(10**9)),
    "--sorting": ("none.npz", "", "/dev/zero", "n" * 5000),
    "--hidden": ("", "0", "-1", "x", str(10**9), "1,,1", "9" * 5000),
    "--epochs": (*_NO_COUNT, str(10**9)),
    "--seeds": ("", "-1", "1,1", "x", str(10**30)),
    "--seed": ("-1", str(10**30)),
    "--recording": ("none.npz", "", ".", "/dev/zero", "notes", "a\nb.npz", "n" * 5000),
    "--not-unit": ("1", "x", str(10**30)),
    "--read-as": ("evil", "raw"),
}

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("evil",),
    ("--evil",),
    ("sim", "--evil"),
    ("sim", "--cycles"),
    ("sim", "one", "two"),
    ("hw", "--model", MODEL, "--out", "run", "--cycles", "8", "--rate", "8"),
    ("hw", "--out", "nowhere"),
    ("sim", "--out", "notes"),
    ("report", "--out", "nowhere"),
    ("report", "--out", "notes"),
    ("report",),
    ("explore", "none.onnx"),
    ("simulate", "evil.txt"),
    ("simulate", "nowhere/evil.npz"),
    ("simulate", MODEL),
    ("finn", "none.onnx", "out.onnx"),
    ("finn", MODEL, "out.txt"),
    ("finn", MODEL, MODEL),
    ("finn", "notes", "out.onnx"),
    ("finn", MODEL, "nowhere/out.onnx"),
    ("frame", MODEL, "nowhere", "out.bin"),
    ("frame", MODEL, "notes", "out.bin"),
    ("frame", "none.onnx", "notes", "out.bin"),
    ("frame", MODEL, "notes", MODEL),
    ("frame", MODEL, "notes", "out.bin", "--weight-set", "-1"),
    ("frame", MODEL, "notes", "out.bin", "--weight-set", "x"),
    ("frame", MODEL, "notes"),
    ("steps", "evil"),
)

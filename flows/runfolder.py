"""The folder that a run leaves: one folder a step, a manifest that says what each was made from.

`manifest.json` is deterministic: the same inputs, parameters and versions give the same bytes. It holds no
time and no absolute path. Wall times stand apart, in `timings.json`.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Literal

from flows.decode import decode
from flows.digests import canonical_json, digest_of_json, digests_within, parsed_json
from flows.errors import BadInput
from flows.textfile import write_whole

SCHEMA = 1
PROGRAM = "spikeloom"
MANIFEST = "manifest.json"
TIMINGS = "timings.json"
SUMMARY = "summary.json"
LOCK = ".lock"


@dataclass(frozen=True)
class StepRecord:
    """What the manifest says about one finished step."""

    key: str
    """SHA-256 over everything that the result depends on."""
    parameters: Mapping[str, Any]
    inputs: Mapping[str, str]
    """Name of an external file -> its SHA-256."""
    needs: Mapping[str, str]
    """Name of an earlier step -> digest of the outputs that were read from it."""
    versions: Mapping[str, str | None]
    """Package -> its version; None where it is not installed."""
    seeds: Mapping[str, Any]
    """The parameters named `seed` or `seeds`, also nested: dotted name -> value."""
    outputs: Mapping[str, str]
    """Path within the step's folder -> SHA-256."""
    status: Literal["finished", "outdated"] = "finished"
    """`outdated`: an earlier step has since been made anew with other outputs."""

    @property
    def digest(self) -> str:
        """Digest of all outputs together: what the key of a later step takes from this one."""
        return digest_of_json(self.outputs)


Manifest = Mapping[str, StepRecord]
"""Step -> its record; a step comes after those that it needs."""


@dataclass(frozen=True)
class _ManifestFile:
    program: Literal["spikeloom"]
    schema: int
    steps: Mapping[str, StepRecord]


@dataclass(frozen=True)
class RunFolder:
    """A run's folder on disk; see `open_run_folder` and `existing_run_folder`."""

    path: Path

    def step_folder(self, step: str) -> Path:
        """Where the finished results of `step` stand."""
        return self.path / step

    def partial_folder(self, step: str) -> Path:
        """Where `step` writes until it is whole."""
        return self.path / f".{step}.partial"

    def manifest(self) -> Manifest:
        """Read the manifest.

        Raises:
            BadInput: the manifest is damaged, or written by a newer program.
        """
        path = self.path / MANIFEST
        damaged = f"{path} is damaged or not spikeloom's: give another folder with --out, or delete this one"
        try:
            content = parsed_json(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise BadInput(damaged) from error
        if not isinstance(content, dict) or content.get("program") != PROGRAM:
            raise BadInput(damaged)
        if content.get("schema") != SCHEMA:
            raise BadInput(f"{path} has schema {content.get('schema')}, this spikeloom reads schema {SCHEMA}")
        try:
            steps = decode(_ManifestFile, content).steps
            for name in steps:
                check_step_name(name)
            return {name: steps[name] for name in _in_order(steps)}
        except (BadInput, CycleError) as error:
            raise BadInput(f"{damaged} ({error})") from error

    def summary(self, step: str) -> Mapping[str, Any]:
        """Read the summary that a finished step returned.

        Raises:
            BadInput: the summary is damaged.
        """
        path = self.step_folder(step) / SUMMARY
        damaged = f"{path} is damaged: make the step {step!r} anew with --force"
        try:
            content = parsed_json(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise BadInput(damaged) from error
        if not isinstance(content, dict):
            raise BadInput(damaged)
        return content

    def changes(self, step: str, record: StepRecord) -> tuple[str, ...]:
        """Recorded files of `step` that are missing or differ from their digest."""
        found = digests_within(self.step_folder(step))
        return tuple(path for path, digest in record.outputs.items() if found.get(path) != digest)

    def additions(self, step: str, record: StepRecord | None) -> tuple[str, ...]:
        """Files in the folder of `step` that the program did not write."""
        recorded = record.outputs if record else {}
        return tuple(path for path in digests_within(self.step_folder(step)) if path not in recorded)

    def commit(self, step: str, record: StepRecord, seconds: float) -> None:
        """Put the partial folder of `step` in its place, replacing older results, and record it."""
        final, replaced = self.step_folder(step), self.path / f".{step}.replaced"
        if final.exists():
            final.rename(replaced)
        self.partial_folder(step).rename(final)
        self._write_manifest(mark_outdated({**self.manifest(), step: record}))
        self._write_seconds(step, seconds)
        shutil.rmtree(replaced, ignore_errors=True)

    def remove_leftovers(self) -> None:
        """Remove what an interrupted run has left."""
        for pattern in (".*.partial", ".*.replaced"):
            for folder in self.path.glob(pattern):
                shutil.rmtree(folder)

    def write(self, name: str, text: str) -> None:
        """Write a text file of the run whole or not at all."""
        write_whole(self.path / name, text)

    def _write_manifest(self, manifest: Manifest) -> None:
        steps = {name: asdict(record) for name, record in manifest.items()}
        self.write(MANIFEST, canonical_json({"program": PROGRAM, "schema": SCHEMA, "steps": steps}))

    def _write_seconds(self, step: str, seconds: float) -> None:
        path = self.path / TIMINGS
        try:
            earlier = parsed_json(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            earlier = {}
        kept = earlier if isinstance(earlier, dict) else {}
        self.write(TIMINGS, canonical_json({**kept, step: round(seconds, 3)}))


def check_step_name(name: str) -> None:
    """Raise BadInput unless the name can be a folder's within the run's own."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise BadInput(f"step name {name!r}: lower-case words joined by '-' are wanted")


def _in_order(manifest: Manifest) -> tuple[str, ...]:
    graph = {name: [need for need in sorted(manifest[name].needs) if need in manifest] for name in sorted(manifest)}
    return tuple(TopologicalSorter(graph).static_order())


def mark_outdated(manifest: Manifest) -> Manifest:
    """Set every record's status from what it was made from and what now stands there."""
    marked: dict[str, StepRecord] = {}
    for name in _in_order(manifest):
        marked[name] = replace(manifest[name], status=_status(manifest[name], marked))
    return marked


def _status(record: StepRecord, manifest: Manifest) -> Literal["finished", "outdated"]:
    for need, digest in record.needs.items():
        earlier = manifest.get(need)
        if earlier is None or earlier.status == "outdated" or earlier.digest != digest:
            return "outdated"
    return "finished"


@contextmanager
def open_run_folder(path: Path) -> Iterator[RunFolder]:
    """Make or reopen a run's folder and hold it for one run.

    Raises:
        BadInput: `path` is a file, a folder of something else, damaged, or in use by another run.
    """
    if path.exists() and not path.is_dir():
        raise BadInput(f"{path} is a file: --out wants a folder")
    path.mkdir(parents=True, exist_ok=True)
    has_manifest = (path / MANIFEST).exists()
    if not has_manifest and any(entry.name != LOCK for entry in path.iterdir()):
        raise BadInput(f"{path} is not empty and no run of spikeloom made it: give another folder with --out")
    folder = RunFolder(path)
    if has_manifest:
        folder.manifest()  # refuses a manifest of somebody else before anything is touched
    with _held(path):
        if not has_manifest:
            folder._write_manifest({})
        folder.remove_leftovers()
        yield folder


def existing_run_folder(path: Path) -> RunFolder:
    """A folder that a run has left, for reading.

    Raises:
        BadInput: no run has left anything there, or its manifest is damaged.
    """
    if not (path / MANIFEST).is_file():
        raise BadInput(f"{path} holds no run: make one first, for example with `spikeloom demo`")
    folder = RunFolder(path)
    folder.manifest()
    return folder


def latest_run(runs: Path) -> Path:
    """The folder of the run in `runs` that was last written to; `runs` itself, if there is none."""
    manifests = sorted(runs.glob(f"*/{MANIFEST}"), key=lambda path: (path.stat().st_mtime_ns, path.parent.name))
    return manifests[-1].parent if manifests else runs


@contextmanager
def _held(path: Path) -> Iterator[None]:
    # The system lets go of the lock when a run dies, so a crash never leaves a folder locked.
    descriptor = os.open(path / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BadInput(f"{path} is in use by another run: wait for it, or give another --out") from error
        yield
    finally:
        os.close(descriptor)

"""Runs named steps into a run folder, each once for as long as nothing that it depends on changes."""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

from flows.digests import canonical_json, digest_of_file, digest_of_input, digest_of_json, digests_within
from flows.errors import BadInput
from flows.runfolder import PROGRAM, SUMMARY, RunFolder, StepRecord, check_step_name, open_run_folder


class StepContext(Protocol):
    """What a step's action may see and touch."""

    @property
    def folder(self) -> Path:
        """Fresh folder to write results into; it becomes the step's folder once the action returns."""

    @property
    def run_folder(self) -> Path:
        """The run's own folder, for what must stand although the step fails."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The step's own parameters."""

    def of(self, step: str) -> Path:
        """Folder of an earlier step's results; only steps named in `needs` may be read."""

    def summary(self, step: str) -> Mapping[str, Any]:
        """Summary of an earlier step; only steps named in `needs` may be read."""

    def progress(self, fraction: float, message: str = "") -> None:
        """Tell how far the action has come, 0 to 1."""


@dataclass(frozen=True)
class Step:
    """One named piece of work; its results stand in a folder of its own."""

    name: str
    """Lower-case words joined by `-`; also the folder's name."""
    description: str
    """One line for the list of steps and the display."""
    action: Callable[[StepContext], Mapping[str, Any]]
    """Writes into `context.folder` and returns a JSON-able summary, kept as `summary.json`."""
    needs: tuple[str, ...] = ()
    """Earlier steps whose results the action reads."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """JSON-able; everything that the result depends on apart from files and versions."""
    inputs: tuple[Path, ...] = ()
    """Files or folders from outside the run."""
    packages: tuple[str, ...] = ()
    """Distributions whose version the result depends on."""

    def __post_init__(self) -> None:
        check_step_name(self.name)
        names = [path.name for path in self.inputs]
        if len(set(names)) < len(names):
            raise BadInput(f"step {self.name!r}: input files need different names, got {', '.join(names)}")


class Display(Protocol):
    """Where a run shows how it goes; `seconds` is wall time."""

    def begin(self, steps: Sequence[Step]) -> None:
        """Start a run of these steps."""

    def up_to_date(self, step: Step) -> None:
        """Show that the step is skipped: its results stand."""

    def start(self, step: Step) -> None:
        """Show that the step starts."""

    def progress(self, step: Step, fraction: float, message: str) -> None:
        """Show how far the step has come, 0 to 1."""

    def finish(self, step: Step, seconds: float) -> None:
        """Show that the step is done."""

    def fail(self, step: Step) -> None:
        """Show that the step broke off."""


@dataclass(frozen=True)
class _Context:
    run: RunFolder
    step: Step
    display: Display

    @property
    def folder(self) -> Path:
        return self.run.partial_folder(self.step.name)

    @property
    def run_folder(self) -> Path:
        return self.run.path

    @property
    def parameters(self) -> Mapping[str, Any]:
        return self.step.parameters

    def of(self, step: str) -> Path:
        if step not in self.step.needs:
            raise ValueError(f"step {self.step.name!r} reads {step!r} without naming it in its needs")
        return self.run.step_folder(step)

    def summary(self, step: str) -> Mapping[str, Any]:
        self.of(step)
        return self.run.summary(step)

    def progress(self, fraction: float, message: str = "") -> None:
        self.display.progress(self.step, fraction, message)


def run_steps(
    steps: Sequence[Step],
    folder: Path,
    display: Display,
    first: str | None = None,
    last: str | None = None,
    force: bool = False,
) -> RunFolder:
    """Run `steps` from `first` to `last` (both included) into `folder`, skipping what is up to date.

    Steps before `first` are taken as they stand. `force` runs the chosen steps whether or not they are up to
    date, and over files that were changed by hand.

    Raises:
        BadInput: an unknown step, a missing predecessor, results changed by hand, a folder that cannot be
            used (see `open_run_folder`), or whatever an action raises.
    """
    _check_order(steps)
    chosen = select(steps, first, last)
    with open_run_folder(folder) as run:
        _check_predecessors(run, steps, chosen)
        display.begin(chosen)
        for step in chosen:
            _run_step(run, step, display, force)
    return run


def select(steps: Sequence[Step], first: str | None, last: str | None) -> Sequence[Step]:
    """Those of `steps` from `first` to `last`, both included; None leaves that end open.

    Raises:
        BadInput: a name that is no step, or `last` before `first`.
    """
    names = [step.name for step in steps]
    for option, name in (("--from", first), ("--to", last)):
        if name is not None and name not in names:
            raise BadInput(f"{option} {name}: no such step; the steps are {', '.join(names)}")
    start = 0 if first is None else names.index(first)
    stop = len(names) if last is None else names.index(last) + 1
    if start >= stop:
        raise BadInput(f"--from {first} --to {last}: {last} comes before {first}")
    return steps[start:stop]


def _check_order(steps: Sequence[Step]) -> None:
    seen: set[str] = set()
    for step in steps:
        if step.name in seen or not set(step.needs) <= seen:
            raise ValueError(f"step {step.name!r}: its name must be new and its needs {step.needs} earlier")
        seen.add(step.name)


def _check_predecessors(run: RunFolder, steps: Sequence[Step], chosen: Sequence[Step]) -> None:
    manifest, chosen_names = run.manifest(), {step.name for step in chosen}
    needed = {need for step in chosen for need in step.needs} - chosen_names
    in_order = [step.name for step in steps if step.name in needed]
    missing = [name for name in in_order if name not in manifest or not run.step_folder(name).exists()]
    if missing:
        raise BadInput(
            f"{run.path} lacks the results of {', '.join(missing)}, which {chosen[0].name!r} or a later step "
            f"needs: start at {missing[0]!r} or before"
        )
    for name in in_order:
        if manifest[name].status == "outdated":
            raise BadInput(f"{run.step_folder(name)} was made from results since replaced: start before {name!r}")
        _refuse_changes(run, name, manifest[name], f"start at {name!r} or before with --force")


def _run_step(run: RunFolder, step: Step, display: Display, force: bool) -> None:
    record = run.manifest().get(step.name)
    expected = _expected_record(run, step)
    if not force and _is_up_to_date(run, step, record, expected):
        display.up_to_date(step)
        return
    partial = run.partial_folder(step.name)
    partial.mkdir()
    display.start(step)
    started = time.perf_counter()
    try:
        summary = step.action(_Context(run, step, display))
        (partial / SUMMARY).write_text(canonical_json(summary), encoding="utf-8", newline="\n")
        seconds = time.perf_counter() - started
        run.commit(step.name, replace(expected, outputs=digests_within(partial)), seconds)
    except BaseException:  # Ctrl-C too: nothing half done may stay
        display.fail(step)
        shutil.rmtree(partial, ignore_errors=True)
        raise
    display.finish(step, seconds)


def _is_up_to_date(run: RunFolder, step: Step, record: StepRecord | None, expected: StepRecord) -> bool:
    """Whether the results of `step` stand; refuses where running it would lose a person's work."""
    folder = run.step_folder(step.name)
    if not folder.exists():
        return False
    if record is not None:
        _refuse_changes(run, step.name, record, "--force makes the step anew")
        if record.key == expected.key:
            return True
    added = run.additions(step.name, record)
    if added:
        raise BadInput(
            f"{folder / added[0]} is not spikeloom's and would be lost when the step {step.name!r} is made anew: "
            "move it away, or --force"
        )
    return False


def _refuse_changes(run: RunFolder, step: str, record: StepRecord, remedy: str) -> None:
    changed = run.changes(step, record)
    if changed:
        raise BadInput(f"{run.step_folder(step) / changed[0]} was changed since the step {step!r} wrote it: {remedy}")


def _expected_record(run: RunFolder, step: Step) -> StepRecord:
    manifest = run.manifest()
    made_from: dict[str, Mapping[str, Any]] = {
        "parameters": step.parameters,
        "inputs": {path.name: digest_of_input(path) for path in step.inputs},
        "needs": {need: manifest[need].digest for need in step.needs},
        "versions": {PROGRAM: program_version(), **{package: _version(package) for package in sorted(step.packages)}},
    }
    return StepRecord(
        key=digest_of_json({"step": step.name, **made_from}),
        parameters=made_from["parameters"],
        inputs=made_from["inputs"],
        needs=made_from["needs"],
        versions=made_from["versions"],
        seeds=_seeds(step.parameters),
        outputs={},
    )


@cache
def program_version() -> str:
    """The program's version and a digest of its source: a mended program makes its steps anew."""
    packages = [Path(__file__).parents[1] / package for package in ("flows", "hw", "qat")]
    suffixes = (".py", ".cpp", ".html", ".css", ".json")
    files = sorted(path for package in packages for path in package.rglob("*") if path.suffix in suffixes)
    source = digest_of_json([digest_of_file(path) for path in files])
    return f"{_version(PROGRAM)}, source {source[:12]}"


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _seeds(parameters: Mapping[str, Any], prefix: str = "") -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for name, value in parameters.items():
        if name in ("seed", "seeds"):
            found[prefix + name] = value
        elif isinstance(value, Mapping):
            found.update(_seeds(value, f"{prefix}{name}."))
    return found

"""A report out of what the finished steps of a run have to say."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from flows.decode import decode
from flows.errors import BadInput
from flows.report.model import Picture, Report, Run
from flows.runfolder import Manifest, RunFolder

REPORT_KEY = "report"
"""Key of a step's summary under which its part of the report stands; see `contribution`."""


def contribution(**sections: Any) -> Mapping[str, Any]:
    """What a step adds to its summary so that the report tells of it.

    `sections` are fields of `Report` other than `run`: a dataclass of `flows.report.model`, or a sequence of
    them. Return it from the step's action, merged with its other facts: `{**facts, **contribution(...)}`.
    A picture's path is relative to the step's folder.
    """
    return {REPORT_KEY: {name: _as_json(section) for name, section in sections.items()}}


def assemble(folder: RunFolder) -> Report:
    """The report of a run folder; steps that are outdated are named and left out.

    Sections that are lists are joined in the order of the steps.

    Raises:
        BadInput: a damaged summary, or two steps that both tell of the same section.
    """
    manifest = folder.manifest()
    sections: dict[str, Any] = {}
    for step, record in manifest.items():
        if record.status == "finished":
            _add(sections, _sections_of(folder, step), step)
    return decode(Report, {**sections, "run": asdict(_run(folder, manifest))}, "report")


def _as_json(section: Any) -> Any:
    return [asdict(item) for item in section] if isinstance(section, Sequence) else asdict(section)


def _sections_of(folder: RunFolder, step: str) -> Mapping[str, Any]:
    told = folder.summary(step).get(REPORT_KEY, {})
    if not isinstance(told, dict):
        raise BadInput(f"{step}: {REPORT_KEY!r} in its summary is {told!r}; expected an object")
    if "pictures" not in told:
        return told
    pictures = decode(tuple[Picture, ...], told["pictures"], f"{step}: pictures")
    return {**told, "pictures": [asdict(_within(folder, step, picture)) for picture in pictures]}


def _within(folder: RunFolder, step: str, picture: Picture) -> Picture:
    """The picture with its path from the run's folder; the page holds what stands there."""
    path = folder.step_folder(step) / picture.path
    if not path.resolve().is_relative_to(folder.path.resolve()) or not path.is_file():
        raise BadInput(f"step {step!r} names a picture {picture.path!r}; expected a file of its folder")
    return replace(picture, path=f"{step}/{picture.path}")


def _add(sections: dict[str, Any], more: Mapping[str, Any], step: str) -> None:
    for name, section in more.items():
        before = sections.get(name, [])
        if isinstance(section, list) and isinstance(before, list):
            sections[name] = before + section
        elif name in sections:
            raise BadInput(f"step {step!r} tells of {name!r}, of which an earlier step has told already")
        else:
            sections[name] = section


def _run(folder: RunFolder, manifest: Manifest) -> Run:
    finished = {step: record for step, record in manifest.items() if record.status == "finished"}
    versions = {package: version for record in finished.values() for package, version in record.versions.items()}
    seeds = {f"{step}.{name}": seed for step, record in finished.items() for name, seed in record.seeds.items()}
    left_out = tuple(step for step in manifest if step not in finished)
    return Run(
        name=folder.path.resolve().name, versions=dict(sorted(versions.items())), seeds=seeds, left_out=left_out
    )

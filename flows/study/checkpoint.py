"""Results of jobs on disk, each a small file of its own that is found again for as long as nothing has changed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import qat
from flows.decode import decode
from flows.digests import canonical_json, digest_of_file, digest_of_json, parsed_json
from flows.errors import BadInput
from flows.study.job import Job
from flows.study.result import Result
from flows.textfile import write_whole

PACKAGES = ("numpy", "scipy", "scikit-learn", "spikeinterface", "torch", "brevitas")
"""Distributions whose version a result depends on."""
_OWN_CODE = ("draw.py", "end_to_end.py", "job.py", "result.py", "score.py", "shifted.py")


@dataclass(frozen=True)
class Checkpoint:
    """A finished job."""

    job: Job
    result: Result
    seconds: float
    """Wall time, what the job shares with others included where it was the first to need it."""


@dataclass(frozen=True)
class Checkpoints:
    """A folder of finished jobs, for one state of the program and its packages."""

    folder: Path
    state: Mapping[str, Any]
    """JSON-able: everything but job and data set that a result depends on."""

    def load(self, job: Job, data_set: Mapping[str, Any]) -> Checkpoint | None:
        """What an earlier run has left of a job; None where there is nothing, or nothing that can be read."""
        try:
            content = parsed_json(self._path(job, data_set).read_text(encoding="utf-8"))
            return decode(Checkpoint, content)
        except (FileNotFoundError, ValueError):
            return None

    def save(self, checkpoint: Checkpoint, data_set: Mapping[str, Any]) -> None:
        """Leave a finished job, whole or not at all."""
        write_whole(self._path(checkpoint.job, data_set), canonical_json(asdict(checkpoint)))

    def _path(self, job: Job, data_set: Mapping[str, Any]) -> Path:
        key = digest_of_json({"job": asdict(job), "data_set": data_set, "state": self.state})
        return self.folder / f"{key}.json"


def open_checkpoints(folder: Path) -> Checkpoints:
    """Checkpoints of today's program in a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    return Checkpoints(folder, {"versions": versions(), "code": _code_digest()})


def versions() -> dict[str, str]:
    """Package -> its version.

    Raises:
        BadInput: one of them is not installed.
    """
    try:
        return {name: metadata.version(name) for name in PACKAGES}
    except metadata.PackageNotFoundError as error:
        raise BadInput(f"the study needs {error.name}: pip install 'spikeloom[qat]'") from error


@cache
def _code_digest() -> str:
    """Digest of the code that a result comes from: all of `qat`, and what does a job here."""
    package, own = Path(qat.__path__[0]), Path(__file__).parent
    files = {path.relative_to(package).as_posix(): path for path in sorted(package.rglob("*.py"))}
    files |= {f"study/{name}": own / name for name in _OWN_CODE}
    return digest_of_json({name: digest_of_file(path) for name, path in files.items()})

"""What a check of the campaign came to, kept line by line so that an interrupted campaign can go on."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from flows.digests import digest_of_file, digest_of_json

ROOT = Path(__file__).parents[2]
CODE = ("hw", "qat", "flows", "tests", "constraints")
SUFFIXES = {".py", ".json", ".cpp", ".v", ".sv", ".html", ".css", ".pcf", ".lpf", ".xdc"}


@dataclass(frozen=True)
class Result:
    """A finished check.

    Attributes:
        node: pytest's name of the test.
        code: digest of the code that it ran on, `digest_of_code`.
        kind: proven, simulated, drawn, injected or fuzzed.
        title: what holds, if it passed.
        outcome: passed, failed or skipped.
        seconds: time it took, with whatever else the machine did.
        figures: what the test recorded, by name.
        trouble: first line of why it failed or was skipped.
    """

    node: str
    code: str
    kind: str
    title: str
    outcome: str
    seconds: float
    figures: Mapping[str, int | float | str | None]
    trouble: str | None = None


def digest_of_code(versions: Mapping[str, str]) -> str:
    """SHA-256 over everything that a result depends on: our files, and the packages' versions."""
    files = [path for folder in CODE for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES]
    files += [ROOT / "pyproject.toml"]
    digests = {path.relative_to(ROOT).as_posix(): digest_of_file(path) for path in files}
    return digest_of_json({"files": digests, "versions": dict(versions)})


def append(path: Path, result: Result) -> None:
    """Add a result to the file."""
    with path.open("a", encoding="utf-8") as file:
        file.write(_line(result))


def keep(path: Path, results: Iterable[Result]) -> None:
    """Leave these results alone in the file: none of other code, no line that was cut off."""
    beside = path.with_suffix(".partial")
    beside.write_text("".join(_line(result) for result in results), encoding="utf-8")
    beside.replace(path)


def read(path: Path, code: str) -> dict[str, Result]:
    """The last result of each test on this code; a line that was cut off is passed over."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {result.node: result for result in _results(lines) if result.code == code}


def _line(result: Result) -> str:
    return json.dumps(asdict(result)) + "\n"


def _results(lines: Iterable[str]) -> Iterable[Result]:
    for line in lines:
        try:
            yield Result(**json.loads(line))
        except (json.JSONDecodeError, TypeError):  # an interrupted write, or an older layout
            continue

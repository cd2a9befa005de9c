"""The verification report: JSON, Markdown, and one HTML page that needs no other file."""

import base64
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from tests.campaign.results import Result

SCHEMA_VERSION = 1
PICTURES = "coverage"
"""Folder beside the report where checks draw."""
MEANING = {
    "proven": "For every input and every run, by a solver; where a proof is bounded, its title says how far.",
    "simulated": "Gateware or netlist run word by word and compared, with ==, with the ONNX reference.",
    "drawn": "Networks, graphs, foldings, gaps and stalls drawn at random, each compared with ==.",
    "injected": "Defects and upsets put in on purpose: found, survived or recovered from.",
    "fuzzed": "Files and settings damaged on purpose: each refused in one line, in bounded time and memory.",
}


@dataclass(frozen=True)
class About:
    """What the campaign ran on.

    Attributes:
        revision: the commit; None where unknown.
        code: digest of code and packages.
        versions: package -> version.
        machine: in words.
        seconds: wall time of the last session.
        from_before: checks that an earlier session had finished.
        unfinished: checks, or files of checks, that the last session began and that came to no end.
    """

    revision: str | None
    code: str
    versions: Mapping[str, str]
    machine: str
    seconds: float
    from_before: int
    unfinished: tuple[str, ...] = ()


def summary(results: Sequence[Result], unfinished: Sequence[str] = ()) -> list[str]:
    """A line for each kind of check, and one for those that came to no end."""
    lines = [f"{kind}: {line}" for kind, line in _headlines(results).items()]
    return [*lines, f"not finished: {', '.join(unfinished)}"] if unfinished else lines


def write(folder: Path, results: Sequence[Result], about: About) -> Path:
    """Write `verification.json`, `.md` and `.html`; returns the page's path."""
    ordered = sorted(results, key=lambda result: (list(MEANING).index(result.kind), result.node))
    record = {"schema": SCHEMA_VERSION, "about": asdict(about), "results": [asdict(result) for result in ordered]}
    _replace(folder / "verification.json", json.dumps(record, indent=2, sort_keys=True) + "\n")
    for name in ("verification.md", "verification.html"):
        _replace(folder / name, _rendered(name, folder, ordered, about))
    return folder / "verification.html"


def _rendered(template: str, folder: Path, results: Sequence[Result], about: About) -> str:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("tests", "campaign"), PackageLoader("flows", "report")]),
        autoescape=template.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["figures"] = _figures
    environment.filters["time"] = _time
    return environment.get_template(template).render(
        about=about,
        headlines=_headlines(results),
        sections=[(kind, MEANING[kind], [result for result in results if result.kind == kind]) for kind in MEANING],
        pictures=[(_caption(png), png.relative_to(folder).as_posix(), _data_uri(png)) for png in _pictures(folder)],
    )


def _headlines(results: Sequence[Result]) -> dict[str, str]:
    of_kinds = {kind: [result for result in results if result.kind == kind] for kind in MEANING}
    return {kind: _headline(some) for kind, some in of_kinds.items() if some}


def _headline(results: Sequence[Result]) -> str:
    outcomes = Counter(result.outcome for result in results)
    totals: Counter[str] = Counter()
    for result in results:
        totals.update({name: figure for name, figure in result.figures.items() if type(figure) is int})
    checks = [f"{outcomes['passed']} of {len(results)} checks hold"]
    checks += [f"{outcomes[name]} {name}" for name in ("failed", "skipped") if outcomes[name]]
    return "; ".join(
        [", ".join(checks), *(_figure(name, total) for name, total in sorted(totals.items()) if name in _SUMMED)]
    )


_SUMMED = ("spikes", "proofs", "mutants", "mutants_caught", "designs", "inferences", "examples", "files", "resets",
           "clock_stops", "upsets", "cuts", "defects_located", "mismatches", "wrong", "tracebacks", "crashes",
           "hangs", "wrong_accelerators", "accelerators_from_malformed")  # fmt: skip
"""Figures that mean the same in every check, so that their sum means something."""


def _figures(figures: Mapping[str, int | float | str | None]) -> str:
    return "; ".join(_figure(name, figure) for name, figure in figures.items())


def _figure(name: str, figure: int | float | str | None) -> str:
    told = "unknown" if figure is None else figure
    if isinstance(figure, int | float) and not isinstance(figure, bool):
        told = f"{figure:,}" if isinstance(figure, int) else f"{figure:,.3g}"
    return f"{name.replace('_', ' ')}: {told}"


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{seconds:.1f} s"


def drop_pictures(folder: Path) -> None:
    """Remove the pictures of an earlier campaign, which were drawn by other code."""
    for picture in _pictures(folder):
        picture.unlink()


def _pictures(folder: Path) -> list[Path]:
    """Those that checks have drawn; whatever else lies in the folder is no part of the campaign."""
    return sorted((folder / PICTURES).glob("*.png"))


def _caption(png: Path) -> str:
    return png.stem.replace("_", " ")


def _data_uri(png: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(png.read_bytes()).decode('ascii')}"


def _replace(path: Path, text: str) -> None:
    """Write beside, then rename, so that a reader never sees half a report."""
    beside = path.with_name(f".{path.name}.partial")
    beside.write_text(text, encoding="utf-8", newline="\n")
    beside.replace(path)

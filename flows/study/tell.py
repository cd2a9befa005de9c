"""The study in words: all sections, from the results alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from flows.study.grid import Part
from flows.study.outcome import Outcome
from flows.study.parts.ablation import ablation_section
from flows.study.parts.background import background_section
from flows.study.parts.curves import CURVES, curve_section
from flows.study.parts.end_to_end import end_to_end_section
from flows.study.parts.files import files_section
from flows.study.parts.generator import Comparison, generator_section
from flows.study.parts.hardware import BITS, WIDTH, dial_section
from flows.study.parts.main import main_section
from flows.study.parts.presorting import presorting_section
from flows.study.section import Section

_SECTIONS: Mapping[str, Callable[[Outcome, Part, Path], Section]] = {
    "main": main_section,
    "presort": presorting_section,
    "ablation": ablation_section,
    **{curve.part: partial(curve_section, curve) for curve in CURVES},
    **{dial.part: partial(dial_section, dial) for dial in (BITS, WIDTH)},
    "files": files_section,
}


def tell(
    outcome: Outcome, comparison: Comparison | None, costs: Sequence[Mapping[str, Any]], folder: Path
) -> Iterator[Section]:
    """A section for each part that was run, and what stands behind all; pictures are drawn into the folder."""
    for part in outcome.grid.parts:
        yield _SECTIONS[part.name](outcome, part, folder)
        if part.name == "main":
            yield end_to_end_section(outcome, part)
    if comparison is not None:
        yield generator_section(comparison, folder)
    yield background_section(outcome, costs)

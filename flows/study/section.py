"""A part of the study as it is told: sentences, pictures, tables."""

from dataclasses import dataclass

from flows.report.model import Picture
from flows.report.table import Headline, Table, Tone


@dataclass(frozen=True)
class Finding:
    """A sentence that a number decided, and how it strikes the reader."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Section:
    """What one part has found. Pictures' paths are relative to the study's folder."""

    heading: str
    text: str
    """What was done, in a sentence or two."""
    findings: tuple[Finding, ...]
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    headlines: tuple[Headline, ...] = ()


def verdict(holds: bool) -> Tone:
    """The tone of a claim that holds, or does not."""
    return "good" if holds else "bad"

"""The study as one HTML page that needs no other file, and as Markdown."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import ChoiceLoader, PackageLoader

from flows.report.markdown import plain, table_section
from flows.report.page import TEMPLATES, data_uri, environment
from flows.study.section import Section

_ENVIRONMENT = environment(ChoiceLoader([PackageLoader("flows", "study"), TEMPLATES]))


def study_page(title: str, lede: str, sections: Sequence[Section], folder: Path) -> str:
    """HTML with style and pictures inside; `folder` is where the pictures' paths start.

    Everything that comes from files is escaped.

    Raises:
        FileNotFoundError: a picture is not there.
    """
    return _ENVIRONMENT.get_template("study.html").render(
        title=title,
        lede=lede,
        headlines=[headline for section in sections for headline in section.headlines],
        sections=sections,
        picture=lambda path: data_uri(folder / path),
    )


def study_markdown(title: str, lede: str, sections: Sequence[Section]) -> str:
    """The same in Markdown; pictures are linked relative to the study's folder."""
    parts = [f"# {plain(title)}", plain(lede)]
    for section in sections:
        parts += [f"## {plain(section.heading)}", plain(section.text)]
        parts += ["\n".join(f"- {plain(finding.text)}" for finding in section.findings)] if section.findings else []
        parts += [f"![{plain(each.caption)}](<{each.path}>)" for each in section.pictures]
        parts += [table_section(table, level=3) for table in section.tables]
    return "\n\n".join(parts) + "\n"


def tables_markdown(sections: Sequence[Section]) -> str:
    """The tables alone."""
    return "\n\n".join(table_section(table, level=2) for section in sections for table in section.tables) + "\n"

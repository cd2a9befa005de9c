"""The study as one HTML page that needs no other file, and as Markdown."""

import base64
from collections.abc import Sequence
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from flows.report.markdown import plain, table_section
from flows.study.section import Section

_ENVIRONMENT = Environment(
    loader=ChoiceLoader([PackageLoader("flows", "study"), PackageLoader("flows", "report")]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


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
        picture=lambda path: _data_uri(folder / path),
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


def _data_uri(png: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(png.read_bytes()).decode('ascii')}"

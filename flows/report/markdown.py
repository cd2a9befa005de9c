"""A report, or two compared, in Markdown."""

import re

from flows.report.comparison import Comparison, comparison_tables
from flows.report.model import Picture, Report
from flows.report.table import Table
from flows.report.tables import headlines, tables


def markdown(report: Report) -> str:
    """The whole report; pictures are linked relative to the run folder."""
    summary = [
        f"- **{_plain(headline.label)}: {_plain(headline.value.text)}** ({_plain(headline.detail)})"
        for headline in headlines(report)
    ]
    sections = [_section(table) for table in tables(report)]
    pictures = [_picture(picture) for picture in report.pictures]
    title = f"# spikeloom: {_plain(report.run.name)}"
    return "\n\n".join([title, *(["\n".join(summary)] if summary else []), *sections, *pictures]) + "\n"


def comparison_markdown(comparison: Comparison) -> str:
    """Two runs side by side."""
    title = f"# spikeloom: {_plain(comparison.first)} and {_plain(comparison.second)}"
    return "\n\n".join([title, *(_section(table) for table in comparison_tables(comparison))]) + "\n"


def _section(table: Table) -> str:
    rule = ["---:" if column.numeric else "---" for column in table.columns]
    rows = [[_plain(cell.text) for cell in row] for row in table.rows]
    lines = [_row([_plain(column.name) for column in table.columns]), _row(rule), *(_row(row) for row in rows)]
    return f"## {table.heading}\n\n{_plain(table.text)}\n\n" + "\n".join(lines)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _picture(picture: Picture) -> str:
    return f"![{_plain(picture.caption)}](<{picture.path}>)\n\n*{_plain(picture.caption)}*"


def _plain(text: str) -> str:
    """Text with everything escaped that Markdown would read as more than text."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", text.replace("\n", " "))

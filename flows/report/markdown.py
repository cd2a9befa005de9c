"""A report, or two compared, in Markdown."""

import re

from flows.report.comparison import Comparison, comparison_tables
from flows.report.model import Picture, Report
from flows.report.table import Table
from flows.report.tables import headlines, tables


def markdown(report: Report) -> str:
    """The whole report; pictures are linked relative to the run folder."""
    summary = [
        f"- **{plain(headline.label)}: {plain(headline.value.text)}** ({plain(headline.detail)})"
        for headline in headlines(report)
    ]
    sections = [table_section(table) for table in tables(report)]
    pictures = [_picture(picture) for picture in report.pictures]
    title = f"# spikeloom: {plain(report.run.name)}"
    return "\n\n".join([title, *(["\n".join(summary)] if summary else []), *sections, *pictures]) + "\n"


def comparison_markdown(comparison: Comparison) -> str:
    """Two runs side by side."""
    title = f"# spikeloom: {plain(comparison.first)} and {plain(comparison.second)}"
    return "\n\n".join([title, *(table_section(table) for table in comparison_tables(comparison))]) + "\n"


def table_section(table: Table, level: int = 2) -> str:
    """A table below its heading and sentence."""
    rule = ["---:" if column.numeric else "---" for column in table.columns]
    rows = [[plain(cell.text) for cell in row] for row in table.rows]
    lines = [_row([plain(column.name) for column in table.columns]), _row(rule), *(_row(row) for row in rows)]
    return f"{'#' * level} {table.heading}\n\n{plain(table.text)}\n\n" + "\n".join(lines)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _picture(picture: Picture) -> str:
    return f"![{plain(picture.caption)}](<{picture.path}>)\n\n*{plain(picture.caption)}*"


def plain(text: str) -> str:
    """Text with everything escaped that Markdown would read as more than text."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", text.replace("\n", " "))

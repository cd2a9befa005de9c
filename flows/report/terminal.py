"""The report in a terminal."""

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from flows.report.comparison import Comparison, comparison_tables
from flows.report.model import Report
from flows.report.table import Cell, Table
from flows.report.tables import headlines, tables

_STYLES = {"plain": "", "good": "green", "bad": "bold red", "unknown": "dim italic"}


def show(report: Report, console: Console) -> None:
    """Print headlines and every table on `console`."""
    console.print()
    console.rule(Text(f"spikeloom: {report.run.name}", style="bold"))
    console.print(_headlines(report))
    for table in tables(report):
        show_table(table, console)


def show_comparison(comparison: Comparison, console: Console) -> None:
    """Print two runs side by side on `console`."""
    console.print()
    console.rule(Text(f"spikeloom: {comparison.first} and {comparison.second}", style="bold"))
    for table in comparison_tables(comparison):
        show_table(table, console)


def show_table(table: Table, console: Console) -> None:
    """Print a table below its heading and text."""
    console.print()
    console.print(Text(table.heading, style="bold"))
    if table.text:
        console.print(Text(table.text, style="dim"))
    console.print(_table(table))


def _headlines(report: Report) -> RichTable:
    grid = RichTable.grid(padding=(0, 2))
    for headline in headlines(report):
        value = Text(headline.value.text, style=f"bold {_STYLES[headline.value.tone]}".strip())
        grid.add_row(Text(headline.label), value, Text(headline.detail, style="dim"))
    return grid


def _table(table: Table) -> RichTable:
    shown = RichTable(box=None, pad_edge=False, header_style="cyan")
    for column in table.columns:
        shown.add_column(Text(column.name), justify="right" if column.numeric else "left", overflow="fold")
    for row in table.rows:
        shown.add_row(*(_text(cell) for cell in row))
    return shown


def _text(cell: Cell) -> Text:
    return Text(cell.text, style=_STYLES[cell.tone])

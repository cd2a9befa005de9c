"""A report, or two compared, as one HTML page that needs no other file."""

import base64
from pathlib import Path

from jinja2 import BaseLoader, Environment, PackageLoader, StrictUndefined

from flows.report.charts import charts
from flows.report.comparison import Comparison, comparison_tables
from flows.report.dataflow import BOX_HEIGHT, BOX_WIDTH, GAP, dataflow
from flows.report.model import Report
from flows.report.tables import headlines, tables

TEMPLATES = PackageLoader("flows", "report")


def environment(templates: BaseLoader) -> Environment:
    """Templates whose values are escaped, and whose unknown names are errors."""
    return Environment(
        loader=templates,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


_ENVIRONMENT = environment(TEMPLATES)


def page(report: Report, folder: Path) -> str:
    """HTML with style, drawings and pictures inside; `folder` is where the pictures' paths start.

    Everything that comes from files is escaped.

    Raises:
        FileNotFoundError: a picture is not there.
    """
    return _ENVIRONMENT.get_template("page.html").render(
        report=report,
        headlines=headlines(report),
        tables=tables(report),
        strip=None if report.network is None else dataflow(report.network),
        charts=charts(report),
        box={"width": BOX_WIDTH, "height": BOX_HEIGHT, "gap": GAP},
        pictures=[(picture.caption, data_uri(folder / picture.path)) for picture in report.pictures],
    )


def comparison_page(comparison: Comparison) -> str:
    """HTML of two runs side by side; everything that comes from files is escaped."""
    return _ENVIRONMENT.get_template("comparison.html").render(
        comparison=comparison, tables=comparison_tables(comparison)
    )


def data_uri(png: Path) -> str:
    """A picture as the address of itself."""
    return f"data:image/png;base64,{base64.b64encode(png.read_bytes()).decode('ascii')}"

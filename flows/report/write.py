"""Writes a run's report beside its results."""

from pathlib import Path

from flows.report.assemble import assemble
from flows.report.jsonfile import report_json
from flows.report.markdown import markdown
from flows.report.model import Report
from flows.report.page import page
from flows.runfolder import RunFolder

PAGE = "report.html"


def write_report(folder: RunFolder) -> Report:
    """Assemble the report of a run and leave `report.json`, `report.md` and `report.html` in its folder.

    Raises:
        BadInput: a damaged summary or manifest.
        FileNotFoundError: a picture is not there.
    """
    report = assemble(folder)
    folder.write("report.json", report_json(report))
    folder.write("report.md", markdown(report))
    folder.write(PAGE, page(report, folder.path))
    return report


def page_path(folder: RunFolder) -> Path:
    """Where the HTML page of a run stands."""
    return folder.path / PAGE

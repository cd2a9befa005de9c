"""Writes a run's report beside its results, and a comparison of two where it is asked for."""

from pathlib import Path

from flows.errors import BadInput
from flows.report.assemble import assemble
from flows.report.comparison import Comparison
from flows.report.jsonfile import comparison_json, report_json
from flows.report.markdown import comparison_markdown, markdown
from flows.report.model import Report
from flows.report.page import comparison_page, page
from flows.runfolder import RunFolder
from flows.textfile import write_whole

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


def write_comparison(comparison: Comparison, folder: Path) -> Path:
    """Leave a comparison as a page, in Markdown and as JSON in a folder, which is made if need be; the page's path.

    Raises:
        BadInput: one of the files is there already, or the folder cannot be made.
    """
    texts = {
        "comparison.json": comparison_json(comparison),
        "comparison.md": comparison_markdown(comparison),
        "comparison.html": comparison_page(comparison),
    }
    for name in texts:
        if (folder / name).exists():
            raise BadInput(f"{folder / name} is there already: give another folder with --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{folder} cannot be made a folder: {error.strerror}") from error
    for name, text in texts.items():
        write_whole(folder / name, text)
    return folder / "comparison.html"

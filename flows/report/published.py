"""Spike sorters that others have published, as `published_sorters.json` beside this file lists them."""

from pathlib import Path

from flows.decode import decode
from flows.digests import parsed_json
from flows.report.model import PublishedSorter

_FILE = Path(__file__).with_name("published_sorters.json")


def published_sorters() -> tuple[PublishedSorter, ...]:
    """All of them, the latest first."""
    sorters = decode(tuple[PublishedSorter, ...], parsed_json(_FILE.read_text(encoding="utf-8")), _FILE.name)
    return tuple(sorted(sorters, key=lambda sorter: (-sorter.year, sorter.authors)))

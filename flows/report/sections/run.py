"""What made the results."""

from collections.abc import Iterator, Mapping

from flows.report.model import Report
from flows.report.table import Cell, Table, cell_of, word_columns


def run_tables(report: Report) -> Iterator[Table]:
    """Versions and seeds."""
    run = report.run
    text = "What made these results."
    if run.left_out:
        text += f" Left out, being older than what they were made from: {', '.join(run.left_out)}."
    yield Table(
        "Run",
        text,
        word_columns("Package or seed", "Version or value"),
        (*_versions(run.versions), *_seeds(run.seeds)),
    )


def _versions(versions: Mapping[str, str | None]) -> tuple[tuple[Cell, ...], ...]:
    return tuple((Cell(package), cell_of(version)) for package, version in versions.items())


def _seeds(seeds: Mapping[str, int | tuple[int, ...]]) -> tuple[tuple[Cell, ...], ...]:
    return tuple(
        (Cell(name), Cell(str(seed) if isinstance(seed, int) else ", ".join(map(str, seed))))
        for name, seed in seeds.items()
    )

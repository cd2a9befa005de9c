"""Coverage on paper: every pair of values in a CSV file, and a picture of each table."""

import csv
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from tests.hw.options.coverage import Coverage
from tests.hw.options.table import Pair, Table

COLUMNS = ("table", "option", "value", "other_option", "other_value", "state", "times", "reason")
UNTRIED, IMPOSSIBLE, REFUSED = (0.85, 0.1, 0.1), (0.93, 0.93, 0.93), (0.72, 0.72, 0.76)


def write_sheets(coverage: Coverage, folder: Path) -> None:
    """`options.csv`, and `NAME.png` for each table, in a folder that is made."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "options.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for table in coverage.tables:
            for one, other in table.pairs:
                state, reason = _state(coverage, table, (one, other))
                writer.writerow((table.name, *one, *other, state, coverage.pairs[table.name, (one, other)], reason))
    for table in coverage.tables:
        _picture(coverage, table).savefig(folder / f"{table.name.replace(' ', '_')}.png", dpi=110)


def _state(coverage: Coverage, table: Table, pair: Pair) -> tuple[str, str]:
    """Whether a pair was tried, and why not."""
    if coverage.pairs[table.name, pair]:
        return "tried", ""
    if pair in table.possible_pairs:
        return "untried", ""
    rule = table.broken(dict(pair))
    if rule is None:
        return "impossible", "follows from other options"
    return ("impossible" if rule.message is None else "refused"), rule.reason


def _picture(coverage: Coverage, table: Table) -> Figure:
    """How often each pair of values was tried, in colours; what was not tried in red, what cannot be in grey."""
    choices = table.choices
    places = {choice: place for place, choice in enumerate(choices)}
    times, plain = np.full((len(choices),) * 2, np.nan), np.ones((len(choices), len(choices), 3))
    for one, other in table.pairs:
        state, _ = _state(coverage, table, (one, other))
        colour = {"untried": UNTRIED, "refused": REFUSED, "impossible": IMPOSSIBLE}.get(state)
        for place in ((places[one], places[other]), (places[other], places[one])):
            if colour is None:
                times[place] = coverage.pairs[table.name, (one, other)]
            else:
                plain[place] = colour
    size = 3.5 + 0.17 * len(choices)
    figure = Figure(figsize=(size + 1, size), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.imshow(plain)
    image = axes.imshow(times, norm=LogNorm(vmin=1), cmap="viridis_r")
    figure.colorbar(image, ax=axes, label="times built", shrink=0.5)
    names = [f"{option.replace('_', ' ')}: {value}" for option, value in choices]
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=6)
    axes.set_yticks(range(len(names)), names, fontsize=6)
    axes.set_title(
        f"Options of each {table.name}, two by two; red: untried, grey: refused, light: impossible", fontsize=9
    )
    return figure

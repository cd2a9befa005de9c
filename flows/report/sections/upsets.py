"""What flipped bits do."""

from collections.abc import Iterator, Sequence
from typing import Literal

from flows.report.figures import number, percent
from flows.report.model import UpsetPlace, Upsets
from flows.report.table import Cell, Table, cell_of, number_columns, word_columns

_MOST_FLIP_COLUMNS = 6


def upset_tables(upsets: Upsets | None) -> Iterator[Table]:
    """Agreement against flipped bits, and accuracy where there are labels."""
    if upsets is None:
        return
    flips = [point.flips for point in upsets.places[0].points]
    shown = flips[:: -(-len(flips) // _MOST_FLIP_COLUMNS)]
    counted = f"over {number(upsets.n_spikes)} {upsets.vectors}, mean and standard deviation of {upsets.draws} draws"
    yield _upset_table(
        "Flipped bits: agreement",
        f"Answers that are those without faults, {counted} of the flipped bits; {upsets.path} has every number of "
        "flips. Memories as the gateware stores them; those first that bear the fewest flips.",
        upsets.places,
        shown,
        "agreement",
    )
    if upsets.labels is not None:
        yield _upset_table(
            "Flipped bits: accuracy",
            f"Against {upsets.labels}, {counted}; without faults {percent(upsets.accuracy)}.",
            upsets.places,
            shown,
            "accuracy",
        )


def _upset_table(
    heading: str,
    text: str,
    places: Sequence[UpsetPlace],
    shown: Sequence[int],
    measure: Literal["agreement", "accuracy"],
) -> Table:
    columns = (f"{number(flips)} flip{'s' if flips > 1 else ''}" for flips in shown)
    return Table(
        heading,
        text,
        (*word_columns("Memory"), *number_columns("Bits", *columns)),
        tuple((Cell(place.name), cell_of(place.bits), *_upset_cells(place, shown, measure)) for place in places),
    )


def _upset_cells(place: UpsetPlace, shown: Sequence[int], measure: str) -> Iterator[Cell]:
    points = {point.flips: point for point in place.points}
    for flips in shown:
        if flips not in points:
            yield Cell("")  # the memory has fewer bits
            continue
        deviation = getattr(points[flips], f"{measure}_deviation")
        spread = "" if deviation is None else f" ± {100 * deviation:.1f}"
        yield Cell(f"{percent(getattr(points[flips], f'{measure}_mean'), 1).removesuffix(' %')}{spread} %")

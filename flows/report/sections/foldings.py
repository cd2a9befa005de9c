"""Foldings to choose from."""

from collections.abc import Iterator

from flows.report.figures import number
from flows.report.model import Front
from flows.report.table import Cell, Table, figure_cell, number_columns, word_columns

_DESIGN_FIGURES = {
    "LUTs": "luts",
    "FFs": "flip_flops",
    "Block RAM": "block_rams",
    "Latency": "latency_clocks",
    "Interval": "interval_clocks",
    "Inferences/s": "inferences_per_s",
    "Energy, low": "energy_low",
    "high": "energy_high",
}


def front_table(front: Front | None) -> Iterator[Table]:
    """The foldings that no other beats."""
    if front is None:
        return
    rows = (
        (Cell(design.folding), *(figure_cell(getattr(design, name)) for name in _DESIGN_FIGURES.values()))
        for design in front.designs
    )
    yield Table(
        "Foldings to choose from",
        f"{front.device}: of {number(front.n_foldings)} foldings, {number(front.n_designs)} are "
        f"{_beaten_by_none(front)}; {front.path} lists them. Here stands, at each throughput, the one of fewest "
        "LUTs. Every figure is analytic; energy is of one inference at full speed, block memories included, from an "
        "activity counted on other foldings.",
        (*word_columns("PE x SIMD, weights in"), *number_columns(*_DESIGN_FIGURES)),
        tuple(rows),
    )


def _beaten_by_none(front: Front) -> str:
    if front.within == 0:
        return "beaten by no other in LUTs, flip-flops, block memories, latency and throughput together"
    return (
        f"beaten by no other, by more than {front.within:.0%}, in LUTs, flip-flops, block memories and throughput "
        "together (there are too many to weigh them exactly, or latency with them)"
    )

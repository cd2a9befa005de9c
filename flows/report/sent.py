"""Spikes that were sent to a board, as text."""

from dataclasses import dataclass

from flows.report.figures import number
from flows.report.table import Cell, Column, Table


@dataclass(frozen=True)
class Sent:
    """What a board answered.

    Attributes:
        line: what was sent where, and what was compared.
        n_spikes: how many.
        mismatches: answers whose class or score is not the integer network's.
        first: the first of them, in words; None where there is none.
        latency_clocks: the least and the most that the board counted, from the first word in to the result.
        seconds: from the first request to the last answer, over the line.
        retries: requests that were sent again, for want of an answer.
    """

    line: str
    n_spikes: int
    mismatches: int
    first: str | None
    latency_clocks: tuple[int, int]
    seconds: float
    retries: int

    @property
    def table(self) -> Table:
        """The figures in a row."""
        names = ("Spikes", "Mismatches", "Latency min", "Latency max", "Answers a second", "Sent again")
        least, most = (Cell(f"{number(clocks)} clocks") for clocks in self.latency_clocks)
        row = (
            Cell(number(self.n_spikes)),
            Cell(number(self.mismatches), "bad" if self.mismatches else "good"),
            least,
            most,
            Cell(number(round(self.n_spikes / self.seconds))),
            Cell(number(self.retries)),
        )
        text = "" if self.first is None else f"first mismatch: {self.first}"
        return Table("Board against integer network", text, tuple(Column(name, True) for name in names), (row,))

"""A case run again, as text."""

from dataclasses import dataclass

from flows.report.table import Table


@dataclass(frozen=True)
class Replayed:
    """What a case gives now.

    Attributes:
        line: one line about it.
        differs: whether anything still is other than expected.
        table: the difference; None where there is none, or nothing came out.
    """

    line: str
    differs: bool
    table: Table | None = None

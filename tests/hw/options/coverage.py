"""Which options were built, and together with which others."""

from collections import Counter
from collections.abc import Sequence

from tests.hw.options.built import Design, options_of
from tests.hw.options.declared import TABLES
from tests.hw.options.table import Choice, Pair, Table


class Coverage:
    """Counts the values and the pairs of values that things show: designs, and their layers."""

    def __init__(self, tables: Sequence[Table] = TABLES) -> None:
        self.tables = tables
        self.values: Counter[tuple[str, Choice]] = Counter()
        self.pairs: Counter[tuple[str, Pair]] = Counter()

    def add(self, design: Design) -> None:
        for table, built in options_of(design):
            self.values.update((table.name, choice) for choice in built.items())
            self.pairs.update((table.name, pair) for pair in table.pairs_of(built))

    def gain(self, design: Design) -> tuple[int, int]:
        """How many values, and pairs, a design would show that none has shown yet."""
        shown = list(options_of(design))
        values = {(table.name, choice) for table, built in shown for choice in built.items()}
        pairs = {(table.name, pair) for table, built in shown for pair in table.pairs_of(built)}
        return len(values - self.values.keys()), len(pairs - self.pairs.keys())

    @property
    def untried_values(self) -> list[str]:
        return [
            f"{table.name}: {option} {value}"
            for table in self.tables
            for option, value in table.choices
            if not self.values[table.name, (option, value)]
        ]

    @property
    def untried_pairs(self) -> list[str]:
        return [
            f"{table.name}: {one[0]} {one[1]} with {other[0]} {other[1]}"
            for table in self.tables
            for one, other in table.pairs
            if (one, other) in table.possible_pairs and not self.pairs[table.name, (one, other)]
        ]

    @property
    def figures(self) -> dict[str, int | str]:
        """For the verification report."""
        possible = sum(len(table.possible_pairs) for table in self.tables)
        return {
            "option_values": sum(len(table.choices) for table in self.tables),
            "pairs_possible": possible,
            "pairs_tried": len(self.pairs),
            "pairs_refused_or_impossible": sum(len(list(table.pairs)) for table in self.tables) - possible,
            "untried": "; ".join(self.untried_pairs) or "none",
        }

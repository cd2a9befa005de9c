"""Options, their values, and which of them go together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

Choice = tuple[str, str]
"""An option and its value."""
Pair = tuple[Choice, Choice]
"""Of two options, in the order of their table."""


@dataclass(frozen=True)
class Rule:
    """Values of two or three options that do not go together.

    Attributes:
        reason: why.
        values: of each option those that are meant; all options must have one of theirs.
        message: of the program, which refuses them; None where what the options mean rules them out.
    """

    reason: str
    values: Mapping[str, tuple[str, ...]]
    message: str | None = None

    def forbids(self, chosen: Mapping[str, str]) -> bool:
        return all(chosen.get(option) in values for option, values in self.values.items())


def never(reason: str, **values: str | tuple[str, ...]) -> Rule:
    """What cannot be, by what the options mean."""
    return Rule(reason, {option: (v,) if isinstance(v, str) else v for option, v in values.items()})


def refused(reason: str, message: str, **values: str | tuple[str, ...]) -> Rule:
    """What the program refuses."""
    return replace(never(reason, **values), message=message)


@dataclass(frozen=True)
class Table:
    """The options of one kind of thing that is built.

    Attributes:
        name: of the thing.
        options: the values of each.
        rules: what does not go together; all else does.
    """

    name: str
    options: Mapping[str, tuple[str, ...]]
    rules: tuple[Rule, ...]

    @property
    def choices(self) -> list[Choice]:
        return [(option, value) for option, values in self.options.items() for value in values]

    @property
    def pairs(self) -> Iterator[Pair]:
        """All pairs of values of different options, whether they are possible or not."""
        return (pair for pair in combinations(self.choices, 2) if pair[0][0] != pair[1][0])

    def pairs_of(self, built: Mapping[str, str]) -> set[Pair]:
        """The pairs that a thing shows.

        Raises:
            ValueError: for an option or a value that is not declared, or values that a rule forbids.
        """
        if set(built) != set(self.options):
            raise ValueError(f"{self.name}: options {sorted(built)} were built, {sorted(self.options)} are declared")
        for option, value in built.items():
            if value not in self.options[option]:
                raise ValueError(f"{self.name}: {option} {value!r} was built and is not declared")
        if rule := self.broken(built):
            raise ValueError(f"{self.name}: {built} was built, which is declared impossible: {rule.reason}")
        return set(combinations(((option, built[option]) for option in self.options), 2))

    def broken(self, chosen: Mapping[str, str]) -> Rule | None:
        """A rule that forbids what is chosen so far."""
        return next((rule for rule in self.rules if rule.forbids(chosen)), None)

    @cached_property
    def possible_pairs(self) -> frozenset[Pair]:
        """The pairs that a whole thing can show: a rule may forbid a pair by way of other options."""
        possible: set[Pair] = set()
        for pair in self.pairs:
            if pair not in possible and not self.broken(dict(pair)) and (whole := self._completed(dict(pair))):
                possible |= self.pairs_of(whole)
        return frozenset(possible)

    def _completed(self, chosen: dict[str, str]) -> dict[str, str] | None:
        """All options chosen, those first that have the fewest values left; None if that is impossible."""
        left = {option: self._values_left(option, chosen) for option in self.options if option not in chosen}
        if not left:
            return chosen
        option = min(left, key=lambda option: len(left[option]))
        wholes = (self._completed({**chosen, option: value}) for value in left[option])
        return next((whole for whole in wholes if whole), None)

    def _values_left(self, option: str, chosen: Mapping[str, str]) -> list[str]:
        lost: set[str] = set()
        for values, others in self._rules_of[option]:
            if all(chosen.get(other) in theirs for other, theirs in others):
                lost.update(values)
        return [value for value in self.options[option] if value not in lost]

    @cached_property
    def _rules_of(self) -> dict[str, list[tuple[tuple[str, ...], list[tuple[str, tuple[str, ...]]]]]]:
        """For each option the values that it loses where other options have one of theirs."""
        return {
            option: [
                (rule.values[option], [(other, values) for other, values in rule.values.items() if other != option])
                for rule in self.rules
                if option in rule.values
            ]
            for option in self.options
        }

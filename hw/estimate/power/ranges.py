"""A figure that is known between two bounds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Range:
    """A figure between two bounds, both in the unit that the holder's name states."""

    low: float
    high: float

    def __add__(self, other: "Range") -> "Range":
        return Range(self.low + other.low, self.high + other.high)

    def __mul__(self, factor: float) -> "Range":
        return Range(self.low * factor, self.high * factor)

    @property
    def middle(self) -> float:
        """Halfway between the bounds."""
        return (self.low + self.high) / 2


def exactly(value: float) -> Range:
    """A figure without a spread."""
    return Range(value, value)

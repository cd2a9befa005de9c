"""Frequencies as exact fractions, and the ranges that data sheets give for them."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from hw.errors import BadInput


def exact_mhz(mhz: float) -> Fraction:
    """The fraction that a decimal number means: 16.8 is 84/5."""
    return Fraction(str(mhz))


@dataclass(frozen=True)
class Range:
    """A range that a data sheet allows, both ends included.

    Attributes:
        what: has to be within.
        low: lower end in MHz.
        high: upper end in MHz.
    """

    what: str
    low: Fraction
    high: Fraction

    def __contains__(self, mhz: Fraction) -> bool:
        return self.low <= mhz <= self.high

    def require(self, mhz: Fraction) -> None:
        """Raise BadInput, with the range, unless `mhz` is within."""
        if mhz not in self:
            raise BadInput(
                f"{self.what} of {float(mhz):g} MHz is not within {float(self.low):g} to {float(self.high):g} MHz"
            )

    def multiples(self, of_mhz: Fraction, least: int, most: int) -> range:
        """Whole multiples, from `least` to `most`, of a frequency that are within."""
        return range(max(least, ceil(self.low / of_mhz)), min(most, floor(self.high / of_mhz)) + 1)


def beside(ideal: Fraction, allowed: range) -> set[int]:
    """The whole numbers among those allowed that are next to an ideal one: below, above, or the nearer end."""
    if not allowed:
        return set()
    return {min(max(near, allowed[0]), allowed[-1]) for near in (floor(ideal), ceil(ideal))}

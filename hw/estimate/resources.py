"""Lookup tables, flip-flops and block memories: what a part of a design takes."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Resources:
    """Lookup tables, flip-flops and block memories of a part.

    Of ECP5 the lookup tables are together with those whose place carry cells take, two for each. How many carry cells
    there are is a matter of `hw.estimate.carries`, which a search among foldings need not ask.
    """

    luts: int = 0
    flip_flops: int = 0
    block_rams: int = 0

    def __add__(self, other: "Resources") -> "Resources":
        return Resources(
            self.luts + other.luts, self.flip_flops + other.flip_flops, self.block_rams + other.block_rams
        )


def total(parts: Iterable[Resources]) -> Resources:
    """Sum of several parts."""
    return sum(parts, Resources())

"""Sums of many small terms as balanced trees."""

from collections.abc import Sequence

from amaranth.hdl import Value


def tree_sum(terms: Sequence[Value]) -> Value:
    """Sum of the terms, in a balanced tree of two-input adders.

    A plain left-to-right sum widens at every step and nests as deep as there are terms; a tree stays
    `ceil(log2(n))` deep and each adder is as wide as its own result needs.

    Raises:
        ValueError: if there is no term.
    """
    if not terms:
        raise ValueError("a sum needs at least one term")
    level = list(terms)
    while len(level) > 1:
        pairs = [a + b for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + ([level[-1]] if len(level) % 2 else [])
    return level[0]


def population_count(bits: Value) -> Value:
    """Number of ones among the bits, `range(len(bits) + 1)`."""
    return tree_sum(list(bits))

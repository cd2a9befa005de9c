"""Sums of many small terms as balanced trees."""

from collections.abc import Sequence

from amaranth.hdl import Cat, Const, Value


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
    """Number of ones among the bits, `range(len(bits) + 1)`.

    Bits are taken three at a time into full adders (a sum and a carry bit, one 4-input LUT each) before the
    tree begins, which is what small LUTs do best.
    """
    return tree_sum([_full_adder(bits[i : i + 3]) for i in range(0, len(bits), 3)])


def _full_adder(bits: Value) -> Value:
    if len(bits) == 1:
        return bits
    a, b = bits[0], bits[1]
    c = bits[2] if len(bits) == 3 else Const(0, 1)
    return Cat(a ^ b ^ c, (a & b) | (c & (a ^ b)))

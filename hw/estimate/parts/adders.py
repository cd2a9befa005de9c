"""Sizes of a row's adders, level by level."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from hw.components.sums import ADDERS_PER_CHAIN, CHAINED_BITS, LEVELS_PER_STAGE, SumTree, shape_of
from hw.components.terms import terms_of
from hw.estimate.chains import Chain, added, alike_together
from hw.network.types import IntegerFormat


@dataclass(frozen=True)
class Level:
    """What stands at one level of a tree of adders.

    Attributes:
        columns: of the word that one term of the level stands for, on average.
        term_bits: width of all its terms.
        sum_bits: width of the adders' results that it is made of.
        chains: that they stand in, those alike together.
        register_bits: registers behind it.
    """

    columns: float
    term_bits: int
    sum_bits: int
    chains: tuple[Chain, ...]
    register_bits: int


@cache
def levels_of(element: IntegerFormat, columns: int, count_tables: int, registered: bool) -> tuple[Level, ...]:
    """The levels of the sum of a word, its terms first.

    Args:
        element: format of the columns.
        columns: of a word.
        count_tables: groups of columns counted by block memory.
        registered: whether the terms stand in registers, where there are several.
    """
    tree = terms_of(element, columns, count_tables, registered).tree
    begins = registered and len(tree.terms) > 1
    stages = len(tree.stages) - begins
    levels = [_level(tree, columns, sum_bits=0, chains=(), registers=begins)]
    for depth in range(1, LEVELS_PER_STAGE * stages + 1):
        adders = len(tree.terms) // 2
        tree, chains = tree.behind_level, alike_together(_chains(tree))
        sum_bits = sum(shape_of(bounds).width for bounds in tree.terms[:adders])
        levels.append(_level(tree, columns, sum_bits, chains, registers=depth % LEVELS_PER_STAGE == 0))
    return tuple(levels)


def _level(tree: SumTree, columns: int, sum_bits: int, chains: tuple[Chain, ...], registers: bool) -> Level:
    term_bits = sum(shape_of(bounds).width for bounds in tree.terms)
    return Level(columns / len(tree.terms), term_bits, sum_bits, chains, term_bits + tree.bits if registers else 0)


def _chains(tree: SumTree) -> Iterator[Chain]:
    """Carry chains of a level of adders, which stand end to end where their operands are wide and unsigned."""
    adders, behind = len(tree.terms) // 2, tree.behind_level
    shapes = [shape_of(bounds) for bounds in tree.terms]
    if any(shape.signed or shape.width < CHAINED_BITS for shape in shapes):
        for index, bounds in enumerate(behind.terms[:adders]):
            yield added(shape_of(bounds).width, has_carry=index < tree.bits)
        return
    operands = [max(a.width, b.width) for a, b in zip(shapes[::2], shapes[1::2], strict=False)]
    for first in range(0, adders, ADDERS_PER_CHAIN):
        yield _end_to_end(operands[first : first + ADDERS_PER_CHAIN], tree.bits - first)


def _end_to_end(operand_bits: Sequence[int], carries: int) -> Chain:
    """Adders in one chain, each behind a position for its carry-in, which is a constant where there is none."""
    positions = len(operand_bits)
    return Chain(sum(operand_bits) + positions + 1, known=positions - min(positions, max(0, carries)))

"""Sums of many small terms as balanced trees, with and without registers on the way."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

from amaranth.hdl import Cat, Const, Module, Shape, Signal, Value

Bounds = tuple[int, int]
"""Least and greatest value."""

LEVELS_PER_STAGE = 2
"""Adders in a row between two registers: a register behind a lookup table costs no further cell."""


@cache
def shape_of(bounds: Bounds) -> Shape:
    """The narrowest shape for values within bounds."""
    return Shape.cast(range(bounds[0], bounds[1] + 1))


ADDERS_PER_CHAIN = 8
"""Adders end to end in one: a long carry chain is slower, and harder to place."""


CHAINED_BITS = 3
"""Bits of an operand from which adders stand end to end: synthesis makes narrower ones of lookup tables alone."""


def add(a: Value, b: Value, carry: Value | None = None) -> Value:
    """`a + b + carry`, the carry a bit; an adder's carry-in is free, a third operand is another adder.

    Synthesis would make two adders of two `+`, so the carry comes out of one more bit at the low end.
    """
    if carry is None:
        return a + b
    low = Cat(carry, a), Cat(1, b)
    x, y = (wide.as_signed() if v.shape().signed else wide for wide, v in zip(low, (a, b), strict=True))
    return (x + y) >> 1


def tree_sum(terms: Sequence[Value]) -> Value:
    """Sum of the terms within one clock, in a balanced tree of two-input adders.

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


@dataclass(frozen=True)
class SumTree:
    """Sum of terms and of single bits in a balanced tree of two-input adders, each of which takes a bit as carry-in.

    Bits that no adder takes stay beside the sum. Latency one clock for each of `stages`, a sum every clock.

    Attributes:
        terms: bounds of each term.
        bits: single bits.
        registered: terms and bits stand in registers before the first adder; a single term, that none follows, does
            not.

    Raises:
        ValueError: if there is no term.
    """

    terms: tuple[Bounds, ...]
    bits: int = 0
    registered: bool = False

    def __post_init__(self) -> None:
        if not self.terms:
            raise ValueError("a sum needs at least one term")

    @cached_property
    def behind_level(self) -> "SumTree":
        """What is left to be added behind one level of adders."""
        pairs = len(self.terms) // 2
        joined = zip(self.terms[::2], self.terms[1::2], strict=False)
        sums = [(a[0] + b[0], a[1] + b[1] + (i < self.bits)) for i, (a, b) in enumerate(joined)]
        return SumTree((*sums, *self.terms[2 * pairs :]), max(0, self.bits - pairs))

    @cached_property
    def stages(self) -> tuple["SumTree", ...]:
        """What stands in the registers of each stage, in the last one a single term."""
        if self._begins_in_registers:
            adders = replace(self, registered=False)
            return (adders, *adders.stages)
        behind = self
        for _ in range(LEVELS_PER_STAGE):
            behind = behind.behind_level
        return (behind,) if len(behind.terms) == 1 else (behind, *behind.stages)

    @cached_property
    def adder_bits(self) -> int:
        """Width of all the adders' results together."""
        if len(self.terms) == 1:
            return 0
        sums = self.behind_level.terms[: len(self.terms) // 2]
        return sum(shape_of(bounds).width for bounds in sums) + self.behind_level.adder_bits

    @cached_property
    def flip_flops(self) -> int:
        """Bits of the registers."""
        return sum(shape_of(term).width for stage in self.stages for term in stage.terms) + sum(
            stage.bits for stage in self.stages
        )

    @property
    def _begins_in_registers(self) -> bool:
        return self.registered and len(self.terms) > 1

    @property
    def result(self) -> "SumTree":
        """The sum, a single term, and the bits beside it."""
        return self.stages[-1]

    def build(
        self, m: Module, terms: Sequence[Value], bits: Sequence[Value], steps: Sequence[Value]
    ) -> tuple[Value, list[Value]]:
        """Add the adders and their registers to a module.

        Args:
            m: the module.
            terms: values within the bounds that were stated.
            bits: as many as were stated.
            steps: for each stage, when its registers take over.

        Returns:
            The sum, and the bits that are left beside it.
        """
        tree, terms, bits = self, list(terms), list(bits)
        for index, step in enumerate(steps):
            for _ in range(0 if self._begins_in_registers and index == 0 else LEVELS_PER_STAGE):
                tree = tree.behind_level
                sums, bits = _level(m, terms, bits)
                # Kept, or synthesis takes several adders apart into compressors, which take more lookup tables.
                kept = [Signal(shape_of(bounds), attrs={"keep": 1}, name="sum") for bounds in tree.terms]
                m.d.comb += [signal.eq(value) for signal, value in zip(kept, sums, strict=True)]
                terms = list(kept)
            registers = [Signal(shape_of(bounds), reset_less=True, name="partial") for bounds in tree.terms]
            bit_registers = [Signal(reset_less=True, name="carry") for _ in bits]
            with m.If(step):
                m.d.sync += [r.eq(v) for r, v in zip(registers + bit_registers, terms + bits, strict=True)]
            terms, bits = registers, bit_registers
        return terms[0], bits


def _level(m: Module, terms: list[Value], bits: list[Value]) -> tuple[list[Value], list[Value]]:
    """One level of adders, and the bits that they leave."""
    pairs = list(zip(terms[::2], terms[1::2], strict=False))
    adders = [(a, b, bits[i] if i < len(bits) else None) for i, (a, b) in enumerate(pairs)]
    if any(term.shape().signed or len(term) < CHAINED_BITS for term in terms):
        sums = [add(*adder) for adder in adders]
    else:
        chains = [adders[i : i + ADDERS_PER_CHAIN] for i in range(0, len(adders), ADDERS_PER_CHAIN)]
        sums = [value for chain in chains for value in _chained(m, chain)]
    return sums + terms[2 * len(pairs) :], bits[len(pairs) :]


def _chained(m: Module, adders: Sequence[tuple[Value, Value, Value | None]]) -> list[Value]:
    """Sums of unsigned values with their carry-ins, in one adder: the carry of each shows where the next one begins.

    There both operands have the next one's carry-in as a bit: it makes a carry of itself, and lets none through.
    """
    low, high, starts, width = [], [], [], 0
    for a, b, carry in adders:
        longest = max(len(a), len(b))
        begin = Const(0, 1) if carry is None else carry
        low += [begin, a, Const(0, longest - len(a))]
        high += [begin, b, Const(0, longest - len(b))]
        starts.append(width + 1)
        width += 1 + longest
    chain = Signal(width + 1, name="chain")
    m.d.comb += chain.eq(Cat(low) + Cat(high))
    return [chain[start:end] for start, end in zip(starts, [*starts[1:], width + 1], strict=True)]

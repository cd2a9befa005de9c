"""Carry chains: which adders, counters and comparisons a part has, and what synthesis makes of each."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import ceil

from hw.components.counters import counter_bits
from hw.devices import Device

# Results up to this width are made of lookup tables alone (`arith_map.v` of ice40 and xilinx, `arith_map_ccu2c.v` of
# lattice, Yosys 0.70).
_WITHOUT_CHAIN = {"ice40": 2, "ecp5": 4, "xc7": 2}
# Where a lookup table compares several bits for one position of the chain (`cmp2lcu.v`).
_PACKS_COMPARISONS = ("xc7",)


@dataclass(frozen=True)
class Chain:
    """The carry chain of an adder, a counter or a comparison, and others alike.

    Attributes:
        bits: of the result; of a comparison, of its wider operand.
        known: positions whose carry is a constant or one of the operands' bits: with two constants of three inputs,
            Yosys takes iCE40's cell out again; the cells of other families hold several positions, and stay.
        compares: operands that are no constants, of a comparison, whose result is the last carry; 0 of an adder.
        times: how many there are; of those that synthesis may merge, how many are expected.
    """

    bits: int
    known: int = 0
    compares: int = 0
    times: float = 1

    def cells(self, device: Device) -> int:
        """Carry cells of one of them, in the device's unit."""
        if self.compares == 1 and self.bits <= device.lut_inputs:
            return 0
        positions = self.bits
        if self.compares and device.family in _PACKS_COMPARISONS:
            positions = ceil(self.bits * self.compares / device.lut_inputs)
        if positions <= _WITHOUT_CHAIN[device.family]:
            return 0
        if device.family == "ice40":
            return max(0, positions - self.known - (not self.compares))
        if self.compares and device.family == "ecp5":
            return positions // device.carry.bits  # the carry out of a cell's lower position is a lookup table's
        return ceil(positions / device.carry.bits)


def cells_of(chains: Iterable[Chain], device: Device) -> float:
    """Carry cells of several chains."""
    return sum([chain.times * chain.cells(device) for chain in chains])


def alike_together(chains: Iterable[Chain]) -> tuple[Chain, ...]:
    """The same chains, each once."""
    return tuple(replace(chain, times=n * chain.times) for chain, n in Counter(chains).items())


def counters(*states: int) -> list[Chain]:
    """The chains of counters of so many states each; adding 1 to the lowest bit makes a carry of that bit."""
    return [Chain(counter_bits(n), known=1) for n in states]


def plus(bits: int, constant: int) -> Iterator[Chain]:
    """The chain of a constant that is added, from its lowest 1 on, whose carry is known; none for 0."""
    if constant:
        yield Chain(bits - _zeros_below(constant), known=1)


def compared(bits: int, constant: int) -> Chain:
    """The chain of a comparison with a constant, from its lowest 1 on, whose carry is known."""
    return Chain(bits - _zeros_below(constant), known=1, compares=1)


def added(bits: int, has_carry: bool = False, times: float = 1) -> Chain:
    """An adder's chain; a carry-in comes out of one more position at the low end."""
    return Chain(bits + has_carry, known=int(has_carry), times=times)


def _zeros_below(constant: int) -> int:
    """Zeros below the lowest 1."""
    return (constant & -constant).bit_length() - 1

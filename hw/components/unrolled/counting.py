"""How to count ones with few lookup tables: which bits enter which adder.

An adder of Xilinx's carry chain spends one lookup table on a bit position, of which the two addends need two inputs.
The free ones take more bits of the count: `a + ones(b1..b5) + b6`, for a number `a` of three bits or more, costs
three lookup tables of six inputs, so that 12 bits are counted in six. An adder of four-input tables has no such room:
there, counts begin with full adders of three bits. Every adder takes one more bit as its carry in.
"""

from dataclasses import dataclass
from functools import cache

# Above it a count is halved; below, every way to build it is weighed.
_EXHAUSTIVE = 64
# Bits that are counted by logic alone, and bits that enter the adder of one number, the carry in among them.
_LEAF_BITS = {4: 3, 6: 6}
_JOINING_BITS = {4: 1, 6: 6}
# A result of two digits is a table for each, and no carry chain.
_LOGIC_ONLY = 3


@dataclass(frozen=True)
class Counter:
    """A way to count `n` ones: the numbers that are counted first and added, then single bits.

    Attributes:
        parts: the sizes of the counts that are added, two at most.
        bits: how many bits enter the adder by themselves.
        luts: lookup tables of all its adders.
        passes: positions of carry chains that only pass a bit on. Synthesis does not count them, but most devices
            spend a lookup table on each.
        depth: adders from the first bit to the count.
    """

    parts: tuple[int, ...]
    bits: int
    luts: int
    passes: int
    depth: int


@cache
def counter(n: int, lut_inputs: int) -> Counter:
    """The cheapest way to count `n` ones, and among equals the least deep.

    Args:
        n: bits to be counted, at least one.
        lut_inputs: inputs of the device's lookup tables, 4 or 6.

    Raises:
        ValueError: if there is no bit, or no rule for such lookup tables.
    """
    if n < 1 or lut_inputs not in _LEAF_BITS:
        raise ValueError(f"no count of {n} bits with lookup tables of {lut_inputs} inputs")
    if n > _EXHAUSTIVE:
        return _added(n // 2, (n - 1) // 2, 1, lut_inputs)
    if n == 1:
        return Counter((), 1, luts=0, passes=0, depth=0)
    options = [Counter((), n, n.bit_length(), passes=0, depth=1)] if n <= _LEAF_BITS[lut_inputs] else []
    options += [_joined(n - bits, bits, lut_inputs) for bits in range(1, min(_JOINING_BITS[lut_inputs], n - 1) + 1)]
    options += [
        _added(first, n - first - carry, carry, lut_inputs)
        for carry in (0, 1)
        for first in range((n + 1) // 2, n - carry)
    ]
    return min(options, key=lambda option: (option.luts + option.passes, option.depth))


def _joined(first: int, bits: int, lut_inputs: int) -> Counter:
    part = counter(first, lut_inputs)
    used = max(1, (bits - 1).bit_length()) if first + bits > _LOGIC_ONLY else 2
    unused = max(0, first.bit_length() - used)
    return Counter((first,), bits, part.luts + used, part.passes + unused, part.depth + 1)


def _added(first: int, second: int, carry: int, lut_inputs: int) -> Counter:
    one, other = counter(first, lut_inputs), counter(second, lut_inputs)
    used = min(first.bit_length(), second.bit_length()) if first + second + carry > _LOGIC_ONLY else 2
    unused = max(first.bit_length(), second.bit_length()) - used
    return Counter(
        (first, second),
        carry,
        one.luts + other.luts + used,
        one.passes + other.passes + unused,
        max(one.depth, other.depth) + 1,
    )

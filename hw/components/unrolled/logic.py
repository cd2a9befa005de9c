"""Bitwise logic of many nodes side by side.

A layer counts thousands of bit groups and compares hundreds of rows. One by one, each would be some twenty operators
in the netlist; done side by side on words, with one lane for each request, all of them together are.
"""

from collections import defaultdict
from collections.abc import Sequence

from amaranth.hdl import Cat, Const, Module, Signal, Value


class SharedLogic:
    """Collects requests, and gives all their results their values at the end.

    No result may take part in another request to the same collector: lanes of a word would wait for each other.
    """

    def __init__(self) -> None:
        self._counts: defaultdict[tuple[int, bool], list[tuple[list[Value], list[Signal]]]] = defaultdict(list)
        self._comparisons: list[tuple[Value, Value, Signal]] = []

    def ones(self, bits: Sequence[Value], inverted: bool = False) -> Value:
        """The number of ones among one to six bits, or the inverse of its digits."""
        result = [Signal(name=f"ones{digit}") for digit in range(len(bits).bit_length())]
        self._counts[len(bits), inverted].append((list(bits), result))
        return Cat(result)

    def at_least(self, number: Value, limit: Value) -> Value:
        """Whether `number >= limit`.

        As logic, a lookup table of six inputs compares two positions; a carry chain would take one for each.
        """
        result = Signal(name="reached")
        self._comparisons.append((number, limit, result))
        return result

    def assign(self, m: Module) -> None:
        """Give every result that was asked for its value."""
        for (size, inverted), requests in self._counts.items():
            words = [_word(m, f"counted{i}", [bits[i] for bits, _ in requests]) for i in range(size)]
            for digit, value in enumerate(_ones(m, words)):
                m.d.comb += Cat(result[digit] for _, result in requests).eq(~value if inverted else value)
        if self._comparisons:
            m.d.comb += Cat(result for *_, result in self._comparisons).eq(self._reached(m))

    def _reached(self, m: Module) -> Value:
        """Position by position from the lowest; a sign counts the other way."""
        # One position more than any operand has, for the sign of those that are unsigned.
        width = max(len(value) for number, limit, _ in self._comparisons for value in (number, limit)) + 1
        reached: Value = Const(-1, len(self._comparisons))
        for position in range(width):
            numbers = [_bit(number, position) for number, _, _ in self._comparisons]
            limits = [_bit(limit, position) for _, limit, _ in self._comparisons]
            if position == width - 1:
                numbers, limits = limits, numbers
            a, b = _word(m, f"number{position}", numbers), _word(m, f"limit{position}", limits)
            reached = (a & ~b) | (~(a ^ b) & reached)
        return reached


def _ones(m: Module, bits: Sequence[Value]) -> list[Value]:
    """The digits of the number of ones, in every lane."""
    if len(bits) == 1:
        return list(bits)
    if len(bits) == 2:
        return [bits[0] ^ bits[1], bits[0] & bits[1]]
    low, carry = _full_adder(m, *bits[:3])
    others = _ones(m, [low, *bits[3:]]) if len(bits) <= 5 else _ones(m, bits[3:])
    if len(bits) == 3:
        return [low, carry]
    if len(bits) <= 5:
        return [others[0], carry ^ others[1], carry & others[1]]
    digit, second = low ^ others[0], low & others[0]
    return [digit, *_full_adder(m, carry, others[1], second)]


def _full_adder(m: Module, a: Value, b: Value, c: Value) -> tuple[Signal, Signal]:
    """Sum and carry, held in signals: as an expression, each use would stand in the netlist again."""
    return _held(m, a ^ b ^ c), _held(m, (a & b) | (c & (a ^ b)))


def _word(m: Module, name: str, lanes: Sequence[Value]) -> Signal:
    word = Signal(len(lanes), name=name)
    m.d.comb += word.eq(Cat(lanes))
    return word


def _held(m: Module, value: Value) -> Signal:
    signal = Signal(len(value), name="digit")
    m.d.comb += signal.eq(value)
    return signal


def _bit(value: Value, position: int) -> Value:
    """A bit of the value, extended by its sign."""
    if position < len(value):
        return value[position]
    return value[-1] if value.shape().signed else Const(0, 1)

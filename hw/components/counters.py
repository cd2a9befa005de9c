"""Counters that begin again."""

from amaranth.hdl import Mux, Signal, Value


def successor(count: Signal, states: int) -> Value:
    """The state after `count` among `states`, 0 after the last; a power of two needs no comparison."""
    following = (count + 1)[: len(count)]
    return following if is_power_of_two(states) else Mux(count == states - 1, 0, following)


def is_power_of_two(n: int) -> bool:
    """Whether n is 1, 2, 4, 8, ..."""
    return n & (n - 1) == 0


def counter_bits(states: int) -> int:
    """Bits of a counter of so many states."""
    return (states - 1).bit_length()

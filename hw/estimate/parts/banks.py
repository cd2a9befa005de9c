"""What the choice among banks of a memory takes."""

from hw.components.counters import counter_bits, is_power_of_two
from hw.estimate.chains import Chain, added


def address_chains(banks: int, words: int, is_written: bool) -> list[Chain]:
    """The adders of an address of so many words a bank; where they are a power of two, the bank's bits stand above.

    Args:
        banks: of the memory.
        words: of a bank.
        is_written: whether the memory has an address to write, too.
    """
    if banks == 1 or is_power_of_two(words):
        return []
    alike = (words & -words).bit_length() - 1  # low bits, in which all banks begin with 0
    found = [added(counter_bits(banks * words) - alike, times=1 + is_written)]
    if banks > 2:
        # Where a bank is read from its first word on: a sum of two multiples.
        found.append(Chain(counter_bits((banks - 1) * (words >> alike) + 1), known=1))
    return found

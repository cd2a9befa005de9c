"""How many of several alike circuits are different, where weights that hardly vary let synthesis merge the others."""

_CERTAINLY_DIFFERENT_BITS = 40


def different(copies: float, bits: float) -> float:
    """Expected number of different ones among copies that each are one of `2**bits` kinds, all equally likely."""
    if bits > _CERTAINLY_DIFFERENT_BITS or copies <= 1:
        return copies
    kinds = 2.0**bits
    return kinds * (1 - (1 - 1 / kinds) ** copies)


def different_columns(words: int, width: float) -> float:
    """Columns of a memory of random bits that are neither constant nor equal to another column.

    Args:
        words: depth of the memory.
        width: how many columns there are.
    """
    if words > _CERTAINLY_DIFFERENT_BITS:
        return width
    return different(width, words) * (1 - 2.0 ** (1 - words))

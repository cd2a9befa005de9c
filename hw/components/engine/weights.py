"""The weights of all layers as one sequence of words, in as few block memories as possible."""

from collections.abc import Sequence
from functools import cache

from hw.components.rom import Rom, Storage
from hw.devices import BlockRam


def weight_banks(words: Sequence[int], lanes: int, block_ram: BlockRam) -> tuple[Rom, ...]:
    """The words split into memories, each no deeper than a single block of some shape; the deepest first.

    Fewest blocks, then fewest memories.
    """
    depths = bank_depths(len(words), lanes, block_ram)
    starts = [sum(depths[:i]) for i in range(len(depths))]
    return tuple(
        Rom(words[start : start + depth], lanes, Storage.BLOCK) for start, depth in zip(starts, depths, strict=True)
    )


@cache
def bank_depths(n_words: int, lanes: int, block_ram: BlockRam) -> tuple[int, ...]:
    """How many words each of the memories holds."""
    shapes = sorted(block_ram.shapes, reverse=True)

    def best(rest: int, first: int) -> tuple[int, int, tuple[int, ...]]:
        """Blocks, memories and depths for `rest` words in shapes from `first` on."""
        options: list[tuple[int, int, tuple[int, ...]]] = []
        for index, (depth, width) in enumerate(shapes[first:], first):
            blocks = -(-lanes // width)
            if rest <= depth:
                options.append((blocks, 1, (rest,)))
            else:
                more_blocks, more, depths = best(rest - depth, index)
                options.append((blocks + more_blocks, 1 + more, (depth, *depths)))
        return min(options)

    deepest = shapes[0][0]
    full = (n_words - 1) // deepest
    return (deepest,) * full + best(n_words - full * deepest, 0)[2]

"""Ways within the winner."""

from collections.abc import Iterator

from hw.components.argmax import ArgMax
from hw.components.unrolled.argmax import ParallelArgMax
from hw.estimate.paths.path import Path


def winner_paths(argmax: ArgMax | ParallelArgMax) -> Iterator[Path]:
    """The comparison of a score with the best, and of its lead with a margin."""
    bits = argmax.score.bits + 1
    enables = 0 if isinstance(argmax, ParallelArgMax) else argmax.score.bits
    yield Path("winner: best score", 4, 1, bits, enables=enables, fan_out=argmax.score.bits)
    if argmax.can_be_unsorted:
        yield Path("winner: lead over the second", 4, 2, 2 * bits, fan_out=argmax.score.bits)

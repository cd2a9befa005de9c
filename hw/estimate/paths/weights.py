"""Ways within what lets weights change."""

from collections.abc import Iterator

from hw.accelerator.weights import ChangingWeights
from hw.estimate.paths.path import Path


def weights_paths(weights: ChangingWeights) -> Iterator[Path]:
    """The choice of a bank up to the memories' addresses, and the loader."""
    for part, _ in weights.parts:
        words = part.banks * part.row_groups
        yield Path(f"layer {part.name}: choice of weights", 3, 1, 2 * words.bit_length())
    if weights.loads:
        yield Path("loader", 6, 1, weights.loader.bus.rows.bit_length())

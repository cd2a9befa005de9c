"""When words move in a pipeline of folded layers: exact clocks, for a source and a sink that never wait.

Streams in it are regular, so that clocks follow from shapes alone: a layer of `c` words a vector gives a word every
`c` clocks, or every `q` where the converter behind it takes a word apart into `q > c` and makes the layer wait. What
a part holds a word back by itself, it states as its `latency_clocks`; they are not counted here.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import gcd

from hw.components.replay import SELECTED_WORDS
from hw.schedule.types import LayerFolding


def with_banks(folds: Sequence[LayerFolding]) -> tuple[LayerFolding, ...]:
    """The same foldings, each with the banks that its replay needs so that no layer but the first ever waits."""
    before = (None, *folds[:-1])
    simd_behind = (*(fold.simd for fold in folds[1:]), score_lanes(folds[-1]))
    needed = (banks_needed(*neighbours) for neighbours in zip(before, folds, simd_behind, strict=True))
    return tuple(replace(fold, banks=banks) for fold, banks in zip(folds, needed, strict=True))


def banks_needed(previous: LayerFolding | None, fold: LayerFolding, simd_behind: int) -> int:
    """How many banks a layer's replay needs so that the layer before it never waits.

    One bank takes nothing while it repeats its vector, nor while the layer waits for the converter behind it. The
    first goes unnoticed if the repeats end before the next word is there, and both do before the first layer, whose
    source is taken to wait without harm.

    Args:
        previous: the layer before it; None for the first.
        fold: the layer.
        simd_behind: lanes of the words that the converter behind it makes of its results.
    """
    if previous is None or not has_banks(fold):
        return 1
    return 1 if is_ahead(previous, fold) and not waits(fold, simd_behind) else 2


def has_banks(fold: LayerFolding) -> bool:
    """Whether a layer's replay has a bank: not for a vector that plays once, or is a single word that is held."""
    return fold.row_groups > 1 and fold.column_groups > 1


def is_ahead(previous: LayerFolding, fold: LayerFolding) -> bool:
    """Whether a layer has repeated its vector from one bank before the layer in front gives the next word."""
    clocks_between_words = previous.column_groups * max(1, fold.simd // previous.pe)
    clocks_repeating = (fold.row_groups - 1) * fold.column_groups
    return fold.simd % previous.pe == 0 and clocks_repeating < clocks_between_words


def waits(fold: LayerFolding, simd_behind: int) -> bool:
    """Whether a layer gives the words of one vector faster than the converter behind it takes them apart."""
    return has_banks(fold) and parts_of_word(fold, simd_behind) > fold.column_groups


def score_lanes(head: LayerFolding) -> int:
    """Scores that the winner takes a clock: one, or all that an unrolled layer gives at once."""
    return head.pe if head.is_unrolled else 1


def parts_of_word(fold: LayerFolding, simd: int) -> int:
    """Words into which a converter takes a layer's result word apart, on its way to words of SIMD elements."""
    return fold.pe // gcd(fold.pe, simd)


def clocks_of_words(layers: Sequence[LayerFolding]) -> int:
    """From a vector's first word, taken by an empty pipeline, to its last score: the words that are waited for."""
    return (
        clocks_into_first(layers[0])
        + sum(clocks_between(before, here) for before, here in pairwise(layers))
        + clocks_to_last_score(layers[-1])
    )


def clocks_into_first(first: LayerFolding) -> int:
    """From the vector's first word taken to the last word of the first layer's first pass."""
    return first.column_groups - 1 + _clocks_to_replay(first)


def clocks_between(before: LayerFolding, here: LayerFolding) -> int:
    """From the last word of a layer's first pass to the last word of the next layer's first pass."""
    parts = parts_of_word(before, here.simd)
    is_gathered = parts * here.simd != before.pe
    converter = (parts if parts > 1 else 0) + (1 if is_gathered else 0)
    return _clocks_to_last_word(before, parts) + converter + _clocks_to_replay(here)


def clocks_to_last_score(head: LayerFolding) -> int:
    """From the last word of the score layer's first pass to the last score."""
    parts = parts_of_word(head, score_lanes(head))
    return _clocks_to_last_word(head, parts) + (parts if parts > 1 else 0)


def _clocks_to_last_word(fold: LayerFolding, parts: int) -> int:
    """From the last word of a layer's first pass to its last result taken by a converter into so many parts."""
    return (fold.row_groups - 1) * max(fold.column_groups, parts)


def _clocks_to_replay(fold: LayerFolding) -> int:
    """From the last word of a vector to the last word of its first pass, as `VectorReplay` gives them.

    With one bank the first pass is the words as they come; two begin to play once the vector is whole, short ones a
    clock later, and so does the register that holds a vector of one word.
    """
    words = fold.column_groups
    if fold.banks == 2:
        return words + 1 if 1 < words <= SELECTED_WORDS else words
    return 1 if words == 1 and fold.row_groups > 1 else 0

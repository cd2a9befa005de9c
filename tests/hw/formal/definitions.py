"""What components compute, written plainly: chains of additions and comparisons, one element after another."""

from collections.abc import Iterable, Sequence

import numpy as np
from amaranth.hdl import Cat, Const, Mux, Value
from numpy.typing import NDArray

from hw.network.types import InputTable, IntegerFormat, ScoreLayer, ThresholdLayer


def values_of(element: IntegerFormat, words: Sequence[Value]) -> list[Value]:
    """The values of all lanes of some words, first word first; those of bipolar bits are -1 and +1."""
    lanes = [word[at : at + element.bits] for word in words for at in range(0, len(word), element.bits)]
    if element.bipolar:
        return [Mux(lane, Const(1), Const(-1)) for lane in lanes]
    return [lane.as_signed() if element.signed else lane for lane in lanes]


def word_of(element: IntegerFormat, values: Iterable[Value]) -> Value:
    """The word of some values."""
    if element.bipolar:
        return Cat(value > 0 for value in values)
    return Cat((value + Const(0, element.bits))[: element.bits] for value in values)


def chain_sum(terms: Iterable[Value]) -> Value:
    """One term after another."""
    total: Value = Const(0)
    for term in terms:
        total = total + term
    return total


def product(weights: Iterable[bool], x: Sequence[Value]) -> Value:
    """`W x` of a row."""
    return chain_sum(element if weight else -element for weight, element in zip(weights, x, strict=True))


def passed(total: Value, thresholds: Iterable[int], rising: bool) -> Value:
    """How many thresholds a total has passed."""
    return chain_sum(total >= int(t) if rising else total <= int(t) for t in thresholds)


def row_of_layer(layer: ThresholdLayer | ScoreLayer, row: int, x: Sequence[Value]) -> Value:
    """The output or score of a row."""
    total = product(layer.weights[row], x)
    if isinstance(layer, ScoreLayer):
        return (total << layer.fraction_bits) + int(layer.offsets[row])
    return passed(total, layer.thresholds[row], bool(layer.rising[row])) * layer.output.step + layer.lowest


def best_of(scores: Sequence[Value]) -> tuple[Value, Value]:
    """Index and score of the greatest score, the lowest index of equal ones."""
    index, best = Const(0), scores[0]
    for candidate, score in enumerate(scores[1:], 1):
        index, best = Mux(score > best, candidate, index), Mux(score > best, score, best)
    return index, best


def decided(scores: Sequence[Value], margin: Value) -> tuple[Value, Value]:
    """As `best_of`; the index is the number of scores where another score is nearer to the best than the margin."""
    index, best = best_of(scores)
    near = [(index != other) & (best - score < margin) for other, score in enumerate(scores)]
    return Mux(chain_sum(near) != 0, len(scores), index), best


def looked_up(table: InputTable, value: Value) -> Value:
    """The element that a table has for a value."""
    element: Value = Const(0)
    for place, entry in enumerate(table.values.tolist()):
        element = Mux(value == table.source.minimum + table.source.step * place, entry, element)
    return element


def matches(weights: Sequence[Value], bits: Sequence[Value]) -> Value:
    """In how many places weights and elements agree."""
    return chain_sum(weight == bit for weight, bit in zip(weights, bits, strict=True))


def signed_sum(weights: Sequence[Value], x: Sequence[Value]) -> Value:
    """The sum of elements, those of weight 0 turned to `-x - 1`."""
    return chain_sum(Mux(weight, element, -element - 1) for weight, element in zip(weights, x, strict=True))


def levels_passed(total: Value, levels: NDArray[np.int64], lowest: int) -> Value:
    """How many of 0 and of some levels a total has reached, counted from `lowest`."""
    return passed(total, [0, *levels.tolist()], rising=True) + lowest

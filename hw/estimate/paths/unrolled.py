"""Ways within an unrolled layer: its operations from register to register."""

from collections.abc import Iterator
from dataclasses import dataclass

from hw.components.unrolled.layer import UnrolledLayer
from hw.components.unrolled.nodes import Bounds, Constant, Limit, Node, Offset, Passed, Score, Sum
from hw.estimate.paths.path import Path

_CHAIN_BITS_OF_A_HOP = 8
"""Positions of a carry chain that take about as long as a lookup table with its wire: only to tell ways apart."""


def unrolled_paths(layer: UnrolledLayer) -> Iterator[Path]:
    """The longest way of all stages."""
    plan, nothing = layer.plan, _Way()
    deepest, found = nothing, [nothing] * plan.columns
    born = [max(0, -(-level // layer.levels_per_stage) - 1) for level in plan.levels]
    for node, operation in enumerate(plan.operations, plan.columns):
        before = [found[operand] for operand in operation.operands if born[operand] == born[node]]
        measure = operation.number if isinstance(operation, Passed) else node
        own = _own(operation, _bits(plan.bounds[measure]), layer.lut_inputs)
        found.append(max(before, key=_length, default=nothing) + own)
        deepest = max(deepest, found[-1], key=_length)
    where = f"layer {layer.name}: sums of {layer.levels_per_stage} levels"
    yield Path(where, deepest.hops, deepest.chains, deepest.bits)


@dataclass(frozen=True)
class _Way:
    """Lookup tables in a row, carry chains among them, and the positions of the longest.

    Of adders in a row each begins with its lowest bit as soon as that is there: their chains run side by side.
    """

    hops: int = 0
    chains: int = 0
    bits: int = 0

    def __add__(self, other: "_Way") -> "_Way":
        return _Way(self.hops + other.hops, self.chains + other.chains, max(self.bits, other.bits))


def _length(way: _Way) -> float:
    return way.hops + way.bits / _CHAIN_BITS_OF_A_HOP


def _bits(bounds: Bounds) -> int:
    return max(bound.bit_length() for bound in bounds)


def _own(operation: Node, bits: int, lut_inputs: int) -> _Way:
    """What an operation on numbers of so many bits adds to a way."""
    match operation:
        case Constant():
            return _Way()
        case Sum(numbers=(), bits=counted):
            return _Way(1 if len(counted) < lut_inputs else 2)
        case Sum(bits=counted):
            return _Way(1 if len(counted) <= 1 else 2, 1, bits)
        case Limit() | Offset():
            return _Way(1, 1, bits)
        case Passed():
            return _Way(max(1, (bits - 1).bit_length()))  # two positions a lookup table, then halvings
        case Score():
            return _Way(2, 2, bits)

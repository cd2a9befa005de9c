"""Ways within a folded layer: terms and sums, totals, thresholds, and the replay in front."""

from collections.abc import Iterator
from math import ceil, log2

from hw.components.matvec import MatrixVectorUnit
from hw.components.mvtu import LayerUnit, MatrixVectorThresholdUnit
from hw.components.replay import SELECTED_WORDS, VectorReplay
from hw.components.rom import Storage
from hw.components.sums import ADDERS_PER_CHAIN, CHAINED_BITS, LEVELS_PER_STAGE, SumTree, shape_of
from hw.components.threshold import MultiThreshold
from hw.estimate.paths.path import Path

_TERM_HOPS = {True: 2, False: 1}
"""From weights and elements to a term: bipolar ones in threes, integer ones in pairs."""
_WORDS_OF_A_TABLE = 16
"""Words of a memory in logic of which one lookup table of four inputs chooses a bit."""


def layer_paths(unit: LayerUnit, replay: VectorReplay) -> Iterator[Path]:
    """Those of a layer's unit and its replay, without their handshakes."""
    if isinstance(unit, MatrixVectorThresholdUnit):
        yield from _products_paths(unit.products, replay)
        yield from _threshold_paths(unit.thresholds)
    else:
        yield from _products_paths(unit, replay)


def _products_paths(unit: MatrixVectorUnit, replay: VectorReplay) -> Iterator[Path]:
    chosen = replay_hops(replay)
    if not unit.element.bipolar and unit.simd > 1:
        yield Path(f"layer {unit.name}: pairs of elements", chosen + 1, 1, unit.element.bits + 1, fan_out=unit.simd)
    words = unit.banks * unit.depth
    yield from logic_memory_paths(
        f"layer {unit.name}: weights", words, unit.pe * unit.terms.stored, unit.weight_storage
    )
    groups, constants = unit.banks * unit.row_groups, unit.pe * unit.bias_bits
    yield from logic_memory_paths(f"layer {unit.name}: row constants", groups, constants, unit.bias_storage)
    in_block = (unit.weight_storage is Storage.BLOCK and words > 1) or unit.count_tables > 0
    tree: SumTree = unit.terms.tree
    for stage, _ in enumerate(tree.stages):
        hops, chains, carry_bits = 0, 0, 0
        begins_in_registers = stage == 0 and tree.registered and len(tree.terms) > 1
        for _ in range(0 if begins_in_registers else LEVELS_PER_STAGE):
            if len(tree.terms) > 1:
                bits = _chain_bits(tree)
                hops, chains, carry_bits = hops + 1, chains + (bits > 0), max(carry_bits, bits)
            tree = tree.behind_level
        terms = _TERM_HOPS[unit.element.bipolar and unit.simd > 1] if stage == 0 else 0
        yield Path(
            f"layer {unit.name}: sum of a word" if hops else f"layer {unit.name}: terms of a word",
            terms + hops,
            chains,
            carry_bits,
            from_memory=stage == 0 and in_block,
            fan_out=unit.pe if stage == 0 else 1,
        )
    yield Path(
        f"layer {unit.name}: total of a row",
        1 + (unit.column_groups > 1),
        1,
        unit.total_format.bits,
        from_memory=unit.bias_storage is Storage.BLOCK and groups > 1,
        fan_out=unit.pe * unit.total_format.bits if unit.column_groups > 1 else 1,
    )


def logic_memory_paths(where: str, words: int, width: int, storage: Storage) -> Iterator[Path]:
    """From the address of a memory in logic to its output register: a lookup table of words, then halvings."""
    if storage is Storage.LOGIC and words > 1 and width:
        halvings = ceil(log2(words / _WORDS_OF_A_TABLE)) if words > _WORDS_OF_A_TABLE else 0
        yield Path(where, 1 + halvings, fan_out=width * ceil(words / _WORDS_OF_A_TABLE))


def _chain_bits(tree: SumTree) -> int:
    """The longest carry chain of a level of adders; those end to end count as one, as for whoever looks at timing."""
    widths = [shape_of(bounds) for bounds in tree.terms]
    sums = [shape_of(bounds).width for bounds in tree.behind_level.terms[: len(tree.terms) // 2]]
    if any(shape.signed or shape.width < CHAINED_BITS for shape in widths):
        return max(sums) if widths[0].width >= CHAINED_BITS or widths[0].signed else 0
    return sum(width + 1 for width in sums[:ADDERS_PER_CHAIN])


def _threshold_paths(thresholds: MultiThreshold) -> Iterator[Path]:
    levels = thresholds.levels.shape[1]
    width = thresholds.pe * levels * thresholds.level_bits
    words = thresholds.banks * thresholds.row_groups
    yield from logic_memory_paths(f"layer {thresholds.name}: levels", words, width, thresholds.storage)
    yield Path(
        f"layer {thresholds.name}: thresholds",
        1 + ceil(log2(levels + 2)),
        int(levels > 0),
        thresholds.total.bits if levels else 0,
        from_memory=bool(levels) and words > 1 and thresholds.storage is Storage.BLOCK,
    )


def replay_hops(replay: VectorReplay) -> int:
    """Lookup tables in a row that choose the word that plays."""
    if replay.banks == 1 and replay.repeats == 1:
        return 0
    if replay.words == 1:
        return 0
    return 2 if replay.banks == 2 and 2 < replay.words <= SELECTED_WORDS else 1

"""What a folded matrix-vector unit takes."""

from dataclasses import replace

import numpy as np

from hw.components.counters import counter_bits, is_power_of_two
from hw.components.matvec import MatrixVectorUnit
from hw.components.rom import Storage
from hw.components.terms import COUNT, TABLE_PATTERNS, MatchTerms
from hw.devices import Device
from hw.estimate.alike import different
from hw.estimate.chains import Chain, added, counters
from hw.estimate.coefficients import Features, luts_of
from hw.estimate.memory import MemoryShape, memory_resources, read_only_memory
from hw.estimate.parts.adders import Level, levels_of
from hw.estimate.parts.banks import address_chains
from hw.estimate.parts.counter import counter_features
from hw.estimate.resources import Resources, total


def matvec_resources(unit: MatrixVectorUnit, device: Device) -> Resources:
    """A matrix-vector unit with all its memories."""
    arithmetic = Resources(round(luts_of(matvec_features(unit), device)), _flip_flops(unit))
    return total([arithmetic, *(memory_resources(memory, device) for memory in matvec_memories(unit))])


def matvec_memories(unit: MatrixVectorUnit) -> list[MemoryShape]:
    """The memories of weights, of counts and of row constants, as synthesis is left with them."""
    words, writable = unit.banks * unit.depth, unit.writable
    table = MemoryShape(words * TABLE_PATTERNS, unit.pe * COUNT.bits, Storage.BLOCK, is_written=writable)
    tables, groups = [table] * unit.count_tables, unit.banks * unit.row_groups
    if writable:
        weights = MemoryShape(words, unit.pe * unit.terms.stored, unit.weight_storage, is_written=True)
        return [weights, *tables, MemoryShape(groups, unit.bias_format.bits, unit.bias_storage, is_written=True)]
    banks = {Storage.BLOCK: unit.banks, Storage.LOGIC: unit.differing_banks}
    words, groups = banks[unit.weight_storage] * unit.depth, banks[unit.bias_storage] * unit.row_groups
    read_only = [read_only_memory(words, columns, unit.weight_storage) for columns in unit.weight_columns]
    return [*read_only, *tables, read_only_memory(groups, unit.bias_columns, unit.bias_storage)]


def matvec_features(unit: MatrixVectorUnit) -> Features:
    """What it spends lookup tables on, beside its memories.

    - `match_group`, `match_pair`, `match`: matches of three columns, of two and of one, counted for a row.
    - `operand_bit`, `operand_pair`: sums and differences of integer elements, for all rows: bits with the inverted
      ones of each pair's second element, and pairs.
    - `term_bit`: a bit of an integer term, chosen and inverted for a row.
    - `only_term_bit`: one that is added to nothing, since a word has a single column.
    - `sum_bit`, `sum_chain`: bits of a row's adders, and carry chains that they stand in.
    - `total_bit`: a bit of a row's total that goes on from the word before or begins with the row's constant.
    - `added_bit`: a bit of the adder behind it, or of one without a word before.
    - `compared_bit`: a bit of a total of which only the sign is kept.
    - `bank_bit`: a bit of the memories' addresses where weights change.
    - `unit`: the handshake.
    """
    accumulates, row_bits = unit.column_groups > 1, unit.total_format.bits
    only_sign = unit.emit_signs and not accumulates
    levels = _levels(unit)
    return {
        **(_match_features(unit) if unit.element.bipolar else _pair_features(unit)),
        "sum_bit": sum(rows * level.sum_bits for level, rows in levels),
        "sum_chain": sum(rows * sum(chain.times for chain in level.chains) for level, rows in levels),
        "total_bit": unit.pe * row_bits - _zero_bits(unit) if accumulates else 0,
        "added_bit": 0 if only_sign else unit.pe * (row_bits - unit.shift),
        "compared_bit": unit.pe * row_bits if only_sign else 0,
        "bank_bit": counter_bits(unit.banks * unit.depth) if unit.banks > 1 else 0,
        "unit": 1,
        **counter_features(*_counters(unit)),
    }


def matvec_chains(unit: MatrixVectorUnit) -> list[Chain]:
    """Sums and differences of pairs, every row's adders and its total, counters, and addresses among banks."""
    pairs = [] if unit.element.bipolar else unit.terms.operand_shapes[: 2 * (unit.simd // 2)]
    has_carry = unit.terms.tree.result.bits > 0
    return [
        *counters(*_counters(unit)),
        *address_chains(unit.banks, unit.depth, unit.writable),
        *address_chains(unit.banks, unit.row_groups, unit.writable),
        *(added(shape.width) for shape in pairs),
        *(replace(chain, times=rows * chain.times) for level, rows in _levels(unit) for chain in level.chains),
        added(unit.total_format.bits - unit.shift, has_carry, unit.pe),
    ]


def _match_features(unit: MatrixVectorUnit) -> Features:
    terms = unit.terms
    assert isinstance(terms, MatchTerms), "bipolar columns are matched"
    words = _weight_words(unit)
    rows, groups = different(unit.pe, 3 * words), terms.thirds - terms.count_tables
    # Three weights that follow from one bit are no more inputs than a pair's.
    pairs = terms.seconds - terms.thirds + (groups if words <= 2 else 0)
    return {
        "match_group": rows * groups if words > 2 else 0,
        "match_pair": rows * pairs,
        "match": rows * (terms.firsts - terms.seconds) + unit.pe * terms.singles,
    }


def _pair_features(unit: MatrixVectorUnit) -> Features:
    pairs = unit.simd // 2
    widths = [shape.width for shape in unit.terms.operand_shapes[: 2 * pairs]]
    first, _ = _levels(unit)[0]
    rows = different(unit.pe, 2 * _weight_words(unit))
    return {
        "operand_bit": sum(widths) + pairs * unit.element.bits,
        "operand_pair": pairs,
        "only_term_bit" if unit.simd == 1 else "term_bit": rows * first.term_bits,
    }


def _flip_flops(unit: MatrixVectorUnit) -> int:
    accumulates = unit.column_groups > 1
    total_bits = unit.pe * (unit.total_format.bits if accumulates or not unit.emit_signs else 1)
    sums = sum(rows * level.register_bits for level, rows in _levels(unit))
    return (
        sum(shape.width for shape in unit.terms.operand_shapes)
        + round(sums)
        + total_bits
        - _zero_bits(unit)
        + sum(counter_bits(states) for states in _counters(unit))
        + unit.stages  # valid
        + (unit.stages - 2) * counter_bits(unit.banks)  # up to where the row constants are read
        + (unit.stages - 1 + 2 if accumulates else 0)  # last; whether a row group begins, now and a stage later
    )


def _zero_bits(unit: MatrixVectorUnit) -> int:
    """Low bits of totals that no term reaches, since terms are shifted, and that are 0 in a lane's every constant."""
    if unit.shift == 0 or unit.writable:
        return 0
    ones = np.bitwise_or.reduce([each.row_constants.reshape(-1, unit.pe) for each in (unit, *unit.further)])
    low = np.bitwise_or.reduce(ones, axis=0) & ((1 << unit.shift) - 1)
    return unit.pe * unit.shift - int(np.bitwise_count(low).sum())


def _counters(unit: MatrixVectorUnit) -> list[int]:
    """States of its counters: words of the weight memory, row groups, words where they need one of their own."""
    words = [] if is_power_of_two(unit.column_groups) else [unit.column_groups]
    return [unit.depth, unit.row_groups, *words]


def _levels(unit: MatrixVectorUnit) -> list[tuple[Level, float]]:
    """Levels of a row's sum, and how many rows differ there: with few words of weights, several may add the same."""
    words = _weight_words(unit)
    levels = levels_of(unit.element, unit.simd, unit.count_tables, unit.register_terms)
    return [(level, different(unit.pe, level.columns * words)) for level in levels]


def _weight_words(unit: MatrixVectorUnit) -> float:
    """Words that weights vary over, as far as synthesis looks into them: not where block memory gives them."""
    constant = unit.depth * unit.banks == 1
    if unit.writable or (unit.weight_storage is Storage.BLOCK and not constant):
        return float("inf")
    return unit.depth * unit.banks

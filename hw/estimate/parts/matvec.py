"""What a folded matrix-vector unit takes."""

from dataclasses import dataclass

from hw.components.counters import counter_bits, is_power_of_two
from hw.components.matvec import MatrixVectorUnit
from hw.components.rom import Storage
from hw.components.sums import shape_of
from hw.components.terms import COUNT, TABLE_PATTERNS
from hw.devices import Device
from hw.estimate.memory import MemoryShape, memory_resources, read_only_memory
from hw.estimate.resources import Resources, total


@dataclass(frozen=True)
class _Family:
    """Lookup tables that synthesis spends on a unit of arithmetic.

    Attributes:
        match_group: a group of up to three 1-bit weights and elements.
        pair_bit: a bit of an integer element, for its part in a sum and a difference.
        adder_bit: a bit of an adder's result.
        total_bit: one bit of a row's running total, with the choice of its start.
        control: counters and handshake of a matrix-vector unit.
    """

    match_group: float
    pair_bit: float
    adder_bit: float
    total_bit: float
    control: int


_FAMILIES = {
    # Read off Yosys 0.70's counts in several foldings (random weights, 48 -> 256 -> 256 -> 5).
    "ice40": _Family(3.0, 1.6, 1.0, 2.0, control=30),
    # A handful of syntheses, one inference per 256 and per 16 clocks: rough.
    "ecp5": _Family(3.0, 1.6, 1.2, 2.2, control=35),
    "xc7": _Family(2.0, 1.2, 1.0, 1.0, control=20),
}


def matvec_resources(unit: MatrixVectorUnit, device: Device) -> Resources:
    """A matrix-vector unit with both its memories."""
    family = _FAMILIES[device.family]
    accumulates = unit.column_groups > 1
    total_bits = unit.pe * (unit.total_format.bits if accumulates or not unit.emit_signs else 1)
    arithmetic = Resources(
        luts=round(_operand_luts(unit, family) + unit.pe * _row_luts(unit, family) + family.control),
        flip_flops=(
            sum(shape.width for shape in unit.terms.operand_shapes)
            + unit.pe * unit.terms.tree.flip_flops
            + total_bits
            + counter_bits(unit.depth)
            + (0 if is_power_of_two(unit.column_groups) else counter_bits(unit.column_groups))
            + counter_bits(unit.row_groups)
            + unit.stages  # valid
            + (unit.stages - 1) * counter_bits(unit.banks)
            + (unit.stages - 1 + 2 if accumulates else 0)  # last; whether a row group begins, now and a stage later
        ),
    )
    return total([arithmetic, *(memory_resources(memory, device) for memory in matvec_memories(unit))])


def matvec_memories(unit: MatrixVectorUnit) -> list[MemoryShape]:
    """The memories of weights, of counts and of row constants, as synthesis is left with them."""
    words, writable = unit.banks * unit.depth, unit.writable
    table = MemoryShape(words * TABLE_PATTERNS, unit.pe * COUNT.bits, Storage.BLOCK, is_written=writable)
    tables, groups = [table] * unit.count_tables, unit.banks * unit.row_groups
    if writable:
        weights = MemoryShape(words, unit.pe * unit.terms.stored, unit.weight_storage, is_written=True)
        return [weights, *tables, MemoryShape(groups, unit.bias_format.bits, unit.bias_storage, is_written=True)]
    read_only = [read_only_memory(words, columns, unit.weight_storage) for columns in unit.weight_columns]
    return [*read_only, *tables, read_only_memory(groups, unit.bias_columns, unit.bias_storage)]


def _operand_luts(unit: MatrixVectorUnit, family: _Family) -> float:
    """What all rows share: sums and differences of pairs of integer elements."""
    if unit.element.bipolar:
        return 0
    return 2 * family.pair_bit * (unit.element.bits + 1) * (unit.simd // 2)


def _row_luts(unit: MatrixVectorUnit, family: _Family) -> float:
    """Terms of one row, their sum and the total."""
    tree = unit.terms.tree
    if unit.element.bipolar:
        terms = family.match_group * (len(tree.terms) - unit.count_tables) + tree.bits
    else:
        terms = sum(shape_of(bounds).width for bounds in tree.terms)
    total_bit = family.total_bit if unit.column_groups > 1 else family.adder_bit
    return terms + family.adder_bit * tree.adder_bits + total_bit * unit.total_format.bits

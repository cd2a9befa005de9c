"""What each part will take on a device, from its spec alone: the analytic figures.

Flip-flops and block memories are counted from what the circuit declares. Lookup tables are the sizes of the
arithmetic times what synthesis spends on a bit of it; those coefficients were read off Yosys 0.70's counts of
accelerators in several foldings (random weights, 48 -> 256 -> 256 -> 5; `synth_ice40`, `synth_xilinx -nowidelut`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, gcd

from hw.components.argmax import ArgMax
from hw.components.counters import is_power_of_two
from hw.components.matvec import MatrixVectorUnit
from hw.components.mvtu import LayerUnit, MatrixVectorThresholdUnit
from hw.components.replay import SELECTED_WORDS, VectorReplay
from hw.components.rom import Storage
from hw.components.sums import shape_of
from hw.components.table import TableLookup
from hw.components.terms import COUNT, TABLE_PATTERNS
from hw.components.threshold import MultiThreshold
from hw.components.width import WidthConverter
from hw.devices import Device


@dataclass(frozen=True)
class Resources:
    """Lookup tables, flip-flops and block memories of a part."""

    luts: int = 0
    flip_flops: int = 0
    block_rams: int = 0

    def __add__(self, other: "Resources") -> "Resources":
        return Resources(
            self.luts + other.luts, self.flip_flops + other.flip_flops, self.block_rams + other.block_rams
        )


def total(parts: Iterable[Resources]) -> Resources:
    """Sum of several parts."""
    return sum(parts, Resources())


@dataclass(frozen=True)
class _Family:
    """Lookup tables that synthesis spends on a unit of arithmetic.

    Attributes:
        match_group: a group of up to three 1-bit weights and elements.
        pair_bit: a bit of an integer element, for its part in a sum and a difference.
        adder_bit: a bit of an adder's result.
        total_bit: one bit of a row's running total, with the choice of its start.
        memory_bits: bits of a memory in logic that one lookup table holds, once it is deeper than `memory_depth`.
        memory_depth: words of a memory in logic that cost one lookup table a bit.
        control: counters and handshake of a matrix-vector unit.
        shift_depth: words from which a shift register becomes lookup tables (0: never).
    """

    match_group: float
    pair_bit: float
    adder_bit: float
    total_bit: float
    memory_bits: int
    memory_depth: int
    control: int
    shift_depth: int


_FAMILIES = {
    "ice40": _Family(3.0, 1.6, 1.0, 2.0, memory_bits=8, memory_depth=16, control=30, shift_depth=0),
    # A handful of syntheses, one inference per 256 and per 16 clocks: rough.
    "ecp5": _Family(3.0, 1.6, 1.2, 2.2, memory_bits=8, memory_depth=16, control=35, shift_depth=0),
    "xc7": _Family(2.0, 1.2, 1.0, 1.0, memory_bits=45, memory_depth=64, control=20, shift_depth=3),
}
# A bit of a bank's feedback and of the choice between banks; counters of a replay; bits of a converter, a winner.
_REPLAY_BIT, _REPLAY_CONTROL = {1: 1.05, 2: 3.05}, {1: 10, 2: 30}
_HELD_CONTROL = 4
_NARROW_BIT, _CONVERTER_CONTROL = 1.2, 6
_WINNER_BIT, _WINNER_CONTROL = 2.0, 6
MARGIN_BIT = {False: 1.5, True: 2.7}  # added to a bit of the winner that tells 'unsorted': constant margin, port
_THRESHOLD_CONTROL = 6


def layer_resources(unit: LayerUnit, device: Device) -> Resources:
    """The unit of a layer with all its memories."""
    if isinstance(unit, MatrixVectorThresholdUnit):
        return matvec_resources(unit.products, device) + threshold_resources(unit.thresholds, device)
    return matvec_resources(unit, device)


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
            + _counter_bits(unit.depth)
            + (0 if is_power_of_two(unit.column_groups) else _counter_bits(unit.column_groups))
            + _counter_bits(unit.row_groups)
            + unit.stages  # valid
            + (unit.stages - 1) * _counter_bits(unit.banks)
            + (unit.stages - 1 + 2 if accumulates else 0)  # last; whether a row group begins, now and a stage later
        ),
    )
    words = unit.banks * unit.depth
    weights = memory_resources(words, unit.pe * unit.terms.stored, unit.weight_storage, device)
    table = memory_resources(words * TABLE_PATTERNS, unit.pe * COUNT.bits, Storage.BLOCK, device)
    constants = unit.pe * unit.varying_bias_bits
    bias = memory_resources(unit.banks * unit.row_groups, constants, unit.bias_storage, device)
    return total([arithmetic, weights, bias, *[table] * unit.count_tables])


def threshold_resources(thresholds: MultiThreshold, device: Device) -> Resources:
    """Several thresholds a row, with the memory of their levels."""
    n_levels, total_bits = thresholds.levels.shape[1], thresholds.total.bits
    counter = _counter_bits(thresholds.row_groups) if n_levels else 0
    levels = thresholds.pe * n_levels
    arithmetic = Resources(
        luts=levels * (total_bits + 1) + thresholds.output_format.bits + _THRESHOLD_CONTROL,
        flip_flops=thresholds.input_format.bits + thresholds.output_format.bits + counter + 2,
    )
    if n_levels == 0:
        return arithmetic
    width = levels * thresholds.level_bits
    return arithmetic + memory_resources(thresholds.banks * thresholds.row_groups, width, thresholds.storage, device)


def table_resources(lookup: TableLookup, device: Device) -> Resources:
    """A table on every lane."""
    rom = lookup.rom
    memory = memory_resources(len(rom.rows), rom.width, rom.storage, device)
    return total([memory] * lookup.lanes) + Resources(luts=1, flip_flops=1)


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


def memory_resources(depth: int, width: int, storage: Storage, device: Device) -> Resources:
    """A memory of `depth` words of `width` bits with a registered output."""
    if width == 0:
        return Resources()
    if storage is Storage.BLOCK:
        return Resources(block_rams=device.block_ram.count(depth, width))
    family = _FAMILIES[device.family]
    if depth == 1:
        return Resources()
    luts = width if depth <= family.memory_depth else ceil(depth * width / family.memory_bits)
    return Resources(luts=luts, flip_flops=width)


def replay_resources(replay: VectorReplay, device: Device) -> Resources:
    """A vector replay."""
    if replay.repeats == 1 and replay.banks == 1:
        return Resources()
    counters = _counter_bits(replay.words) + _counter_bits(replay.repeats)
    if replay.words == 1:
        return Resources(luts=_HELD_CONTROL + counters, flip_flops=replay.word_bits + counters + 1)
    bits = replay.word_bits * replay.words * replay.banks
    if replay.banks == 2 and replay.words <= SELECTED_WORDS:
        choice_luts = 1 if replay.words == 2 or device.lut_inputs == 6 else 2
        counters += _counter_bits(replay.words)
        luts = choice_luts * replay.word_bits + _REPLAY_CONTROL[1] + counters
        return Resources(luts=luts, flip_flops=bits + counters + 2)
    family = _FAMILIES[device.family]
    in_luts = 0 < family.shift_depth <= replay.words
    flags = 1
    if replay.banks == 2:
        counters, flags = counters + _counter_bits(replay.words), 4
    shift_luts = replay.word_bits * replay.banks * ceil(replay.words / 16) if in_luts else 0
    return Resources(
        luts=round(_REPLAY_BIT[replay.banks] * replay.word_bits) + _REPLAY_CONTROL[replay.banks] + shift_luts,
        flip_flops=(0 if in_luts else bits) + counters + flags,
    )


def converter_resources(converter: WidthConverter) -> Resources:
    """A width converter; where neither width divides the other, both of its halves."""
    bits, lanes_in, lanes_out = converter.element_bits, converter.lanes_in, converter.lanes_out
    middle = gcd(lanes_in, lanes_out)
    if middle not in (lanes_in, lanes_out):
        halves = WidthConverter(bits, lanes_in, middle), WidthConverter(bits, middle, lanes_out)
        return total(converter_resources(half) for half in halves)
    if lanes_in == lanes_out:
        return Resources()
    if lanes_out > lanes_in:
        counter = _counter_bits(lanes_out // lanes_in)
        return Resources(luts=_CONVERTER_CONTROL, flip_flops=converter.bits_out + counter + 1)
    counter = _counter_bits(lanes_in // lanes_out + 1)
    return Resources(
        luts=round(_NARROW_BIT * converter.bits_in) + _CONVERTER_CONTROL, flip_flops=converter.bits_in + counter
    )


def argmax_resources(argmax: ArgMax) -> Resources:
    """The winner."""
    bits = argmax.score.bits
    winner = Resources(
        luts=round(_WINNER_BIT * bits) + _WINNER_CONTROL,
        flip_flops=bits + 2 * _counter_bits(argmax.classes) + 1,
    )
    if not argmax.can_be_unsorted:
        return winner
    margin_registers = bits + 1 if argmax.margin_port else 0
    return winner + Resources(round(MARGIN_BIT[argmax.margin_port] * bits), margin_registers + 1)


def _counter_bits(states: int) -> int:
    return (states - 1).bit_length()

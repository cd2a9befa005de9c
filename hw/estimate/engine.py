"""What an engine will take on a device, from its spec alone: the analytic figures.

Block memories and flip-flops are counted from what the circuit declares. Lookup tables are bits of arithmetic times
what synthesis spends on them, fitted to Yosys 0.70's counts of sixteen engines of random small networks a family,
which they meet within 5 %, but for one on iCE40.
"""

from dataclasses import dataclass

from hw.components.counters import counter_bits
from hw.components.engine.activations import LANES_OF_A_BLOCK, ActivationMemory
from hw.components.engine.engine import Engine
from hw.components.rom import Storage
from hw.devices import Device
from hw.estimate.mapping import in_blocks_written_by_bit
from hw.estimate.memory import MemoryShape, choice_luts, memory_resources
from hw.estimate.resources import Resources, total


@dataclass(frozen=True)
class _Family:
    """Lookup tables that synthesis spends.

    Attributes:
        counted_bit: on a bit that is counted without tables.
        joined_bit: on a bit of the adders that join the tables' counts.
        sum_bit: on a bit of the accumulator, which is cleared, doubled and added to.
        total_bit: on a bit of a row's total.
        control_bit: on a bit of the counters and of the weights' address.
        input_bit: on a bit of an input element.
        block: on eight lanes of activations, whose writes are told apart.
        control: on handshake and gates of flags.
        shifts: whether registers in a row without a reset become lookup tables.
        one_word_blocks: block memories for eight lanes of a single word, whose addresses are constants.
    """

    counted_bit: float
    joined_bit: float
    sum_bit: float
    total_bit: float
    control_bit: float
    input_bit: float
    block: float
    control: float
    shifts: bool
    one_word_blocks: int


_FAMILIES = {
    "ice40": _Family(1.64, 1.98, 2.05, 0.99, 1.50, 0.69, -0.5, 1.7, shifts=False, one_word_blocks=2),
    "ecp5": _Family(1.67, 1.66, 2.31, 1.35, 1.57, 0.72, 0.4, 3.7, shifts=False, one_word_blocks=2),
    "xc7": _Family(1.11, 1.17, 1.27, 1.23, 1.13, 0.48, 0.6, -0.6, shifts=True, one_word_blocks=1),
}
# Clocks that the target region of a step, and the phase, are carried along.
_TARGET_CLOCKS, _PHASE_CLOCKS = 3, 4


def engine_resources(engine: Engine, device: Device) -> Resources:
    """An engine with all its memories, without the winner behind it."""
    family = _FAMILIES[device.family]
    banks = len(engine.weight_depths)
    address_bits = counter_bits(sum(engine.weight_depths))
    region_bits = counter_bits(engine.n_regions)
    counters = engine.row_bits + engine.step_bits + engine.phase_bits + address_bits
    in_logic = engine.count_storage is Storage.LOGIC
    luts = (
        engine.lanes * max(1, banks - 1)  # choice of the bank and XNOR, two banks to a lookup table
        + (family.counted_bit * engine.lanes if in_logic else family.joined_bit * _joined_bits(engine))
        + family.sum_bit * engine.sum_bits
        + family.total_bit * engine.total_bits
        + family.control_bit * counters
        + family.input_bit * engine.input_format.bits
        + family.block * engine.activations.blocks
        + family.control
    )
    flip_flops = (
        engine.step_bits
        + engine.phase_bits
        + 3 * 4  # load, write, last, score through three stages
        + 6  # the first step's mark; count, clear and double on their way
        + engine.row_bits
        + address_bits
        + banks
        - 1
        + engine.sum_bits
        + (counter_bits(engine.counter.bits + 1) if in_logic else 0)
    )
    carried = Resources(flip_flops=_TARGET_CLOCKS * region_bits + _PHASE_CLOCKS * engine.phase_bits)
    if family.shifts:
        carried = Resources(luts=region_bits + engine.phase_bits)
    return Resources(round(luts), flip_flops) + carried + _memories(engine, device)


def _joined_bits(engine: Engine) -> int:
    """Bits of the adders behind the count tables."""
    terms, bits, joined = engine.counter.n_tables, engine.counter.table.width, 0
    while terms > 1:
        terms, bits = terms // 2, bits + 1
        joined += terms * bits
    return joined


def _memories(engine: Engine, device: Device) -> Resources:
    columns = engine.varying_columns
    sizes = [
        *zip(engine.weight_depths, columns.weights, strict=True),
        *[(len(engine.counter.table.rows), engine.counter.table.width)] * engine.counter.n_tables,
        (engine.row_depth, columns.rows),
        (engine.program_depth, columns.program),
    ]
    read_only = [memory_resources(MemoryShape(depth, width, Storage.BLOCK), device) for depth, width in sizes]
    return total([*read_only, *[_eight_lanes(engine.activations, device)] * engine.activations.blocks])


def _eight_lanes(activations: ActivationMemory, device: Device) -> Resources:
    """Memory of activations."""
    if activations.words == 1:
        return Resources(block_rams=_FAMILIES[device.family].one_word_blocks)
    doublings = counter_bits(LANES_OF_A_BLOCK)
    mapped = in_blocks_written_by_bit(device.family, activations.words, doublings)
    choice = LANES_OF_A_BLOCK * choice_luts(mapped.rows, device) + (mapped.rows if mapped.rows > 1 else 0)
    return Resources(choice, counter_bits(mapped.rows), mapped.units)

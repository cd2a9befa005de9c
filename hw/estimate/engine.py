"""What an engine will take on a device, from its spec alone: the analytic figures."""

from itertools import accumulate

from hw.components.counters import counter_bits
from hw.components.engine.activations import LANES_OF_A_BLOCK, ActivationMemory
from hw.components.engine.engine import Engine
from hw.components.rom import Storage
from hw.devices import Device
from hw.estimate.chains import Chain, added, compared, counters
from hw.estimate.coefficients import Features, luts_of
from hw.estimate.mapping import in_blocks_written_by_bit
from hw.estimate.memory import MemoryShape, choice_luts, memory_resources
from hw.estimate.resources import Resources, total

# Clocks that the target region of a step, and the phase, are carried along.
_TARGET_CLOCKS, _PHASE_CLOCKS = 3, 4
# Where registers in a row that know no reset become lookup tables.
_SHIFTS_IN_LUTS = ("xc7",)
# Block memories for eight lanes of a single word, whose addresses are constants.
_ONE_WORD_BLOCKS = {"ice40": 2, "ecp5": 2, "xc7": 1}


def engine_resources(engine: Engine, device: Device) -> Resources:
    """An engine with all its memories, without the winner behind it."""
    arithmetic = Resources(round(luts_of(engine_features(engine), device)), _flip_flops(engine, device))
    return arithmetic + engine_memories(engine, device)


def engine_features(engine: Engine) -> Features:
    """What it spends lookup tables on, beside the choice among rows of block memories.

    - `engine`: handshake and gates of flags.
    - `engine_match`: a lane's choice of the bank and its XNOR, two banks to a lookup table.
    - `engine_counted`: a bit that is counted without tables.
    - `engine_joined_bit`: a bit of the adders that join the tables' counts.
    - `engine_sum_bit`: a bit of the accumulator, which is cleared, doubled and added to.
    - `engine_total_bit`: a bit of a row's total.
    - `engine_counter_bit`: a bit of the counters and of the weights' address.
    - `engine_input_bit`: a bit of an input element.
    - `engine_block`: eight lanes of activations, whose writes are told apart.
    - `engine_carried_bit`: a bit that is carried along for some clocks.
    """
    counts_in_logic = engine.count_storage is Storage.LOGIC
    address_bits = counter_bits(sum(engine.weight_depths))
    return {
        "engine": 1,
        "engine_match": engine.lanes * max(1, len(engine.weight_depths) - 1),
        "engine_counted": engine.lanes if counts_in_logic else 0,
        "engine_joined_bit": 0 if counts_in_logic else _joined_bits(engine),
        "engine_sum_bit": engine.sum_bits,
        "engine_total_bit": engine.total_bits,
        "engine_counter_bit": engine.row_bits + engine.step_bits + engine.phase_bits + address_bits,
        "engine_input_bit": engine.input_format.bits,
        "engine_block": engine.activations.blocks,
        "engine_carried_bit": counter_bits(engine.n_regions) + engine.phase_bits,
    }


def engine_memories(engine: Engine, device: Device) -> Resources:
    """All its memories."""
    columns = engine.varying_columns
    sizes = [
        *zip(engine.weight_depths, columns.weights, strict=True),
        *[(len(engine.counter.table.rows), engine.counter.table.width)] * engine.counter.n_tables,
        (engine.row_depth, columns.rows),
        (engine.program_depth, columns.program),
    ]
    read_only = [memory_resources(MemoryShape(depth, width, Storage.BLOCK), device) for depth, width in sizes]
    return total([*read_only, *[_eight_lanes(engine.activations, device)] * engine.activations.blocks])


def engine_chains(engine: Engine) -> list[Chain]:
    """Counters, the weights' address and its comparisons with where memories begin, the count, sum and total."""
    words = counter_bits(sum(engine.weight_depths))
    # Of several operands compressors leave two, of which the lowest bit is a single one. The counts of tables join
    # the sum in one adder; what is added up in logic stands in a register before.
    in_logic, in_tables = engine.count_storage is Storage.LOGIC, engine.counter.n_tables > 1
    return [
        *counters(1 << engine.row_bits, 1 << engine.step_bits, len(engine.program)),
        *(compared(words, start) for start in accumulate(engine.weight_depths[:-1])),
        *([Chain(counter_bits(engine.lanes + 1), known=1)] if in_logic else []),
        added(words),
        Chain(engine.sum_bits, known=int(in_tables)),
        added(engine.total_bits),
    ]


def _joined_bits(engine: Engine) -> int:
    """Bits of the adders behind the count tables."""
    terms, bits, joined = engine.counter.n_tables, engine.counter.table.width, 0
    while terms > 1:
        terms, bits = terms // 2, bits + 1
        joined += terms * bits
    return joined


def _flip_flops(engine: Engine, device: Device) -> int:
    carried = _TARGET_CLOCKS * counter_bits(engine.n_regions) + _PHASE_CLOCKS * engine.phase_bits
    return (
        engine.step_bits
        + engine.phase_bits
        + 3 * 4  # load, write, last, score through three stages
        + 6  # the first step's mark; count, clear and double on their way
        + engine.row_bits
        + counter_bits(sum(engine.weight_depths))
        + len(engine.weight_depths)
        - 1
        + engine.sum_bits
        + (counter_bits(engine.counter.bits + 1) if engine.count_storage is Storage.LOGIC else 0)
        + (0 if device.family in _SHIFTS_IN_LUTS else carried)
    )


def _eight_lanes(activations: ActivationMemory, device: Device) -> Resources:
    """Memory of activations."""
    if activations.words == 1:
        return Resources(block_rams=_ONE_WORD_BLOCKS[device.family])
    doublings = counter_bits(LANES_OF_A_BLOCK)
    mapped = in_blocks_written_by_bit(device.family, activations.words, doublings)
    choice = LANES_OF_A_BLOCK * choice_luts(mapped.rows, device) + (mapped.rows if mapped.rows > 1 else 0)
    return Resources(choice, counter_bits(mapped.rows), mapped.units)

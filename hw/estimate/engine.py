"""What an engine will take on a device, from its spec alone: the analytic figures.

Block memories and flip-flops are counted from what the circuit declares. Lookup tables are bits of arithmetic times
what synthesis spends on them, read off Yosys 0.70's counts of seven engines for iCE40, which they meet within 8 %;
other families are not calibrated.
"""

from hw.components.engine.activations import LANES_OF_A_BLOCK, ActivationMemory
from hw.components.engine.engine import Engine
from hw.components.rom import Storage
from hw.devices import Device
from hw.estimate.mapping import in_blocks, in_blocks_written_by_bit
from hw.estimate.resources import Resources

_CONTROL = 2  # what handshake and gates of flags take more than shared logic saves elsewhere
_LOGIC_COUNT_BIT = 1.75  # a bit counted without tables
_EASY_WORDS = 256  # of activations; more are packed more tightly, and this many then cost so many lookup tables
_PACKED_WORDS_LUTS = 20
# Addresses of a single word are constants, and synthesis may then keep eight lanes apart.
_ONE_WORD_BLOCKS = {"ice40": 2, "ecp5": 2, "xc7": 1}


def engine_resources(engine: Engine, device: Device) -> Resources:
    """An engine with all its memories, without the winner behind it."""
    banks = len(engine.weight_depths)
    address_bits = (sum(engine.weight_depths) - 1).bit_length()
    region_bits = (engine.n_regions - 1).bit_length()
    counter_bits = engine.counter.bits.bit_length()
    in_logic = engine.count_storage is Storage.LOGIC
    luts = (
        engine.lanes * max(1, banks - 1)  # choice of the bank and XNOR, two banks to a lookup table
        + (round(_LOGIC_COUNT_BIT * engine.lanes) if in_logic else 2 * counter_bits)
        + 2 * engine.sum_bits
        + engine.total_bits
        + address_bits
        + engine.row_bits
        + engine.step_bits
        + engine.phase_bits
        + engine.input_format.bits
        + _PACKED_WORDS_LUTS * engine.activations.blocks * ((engine.activations.words - 1) // _EASY_WORDS)
        + _CONTROL
    )
    flip_flops = (
        engine.step_bits
        + 5 * engine.phase_bits
        + 3 * (4 + region_bits)  # load, write, last, score and the target through three stages
        + 6  # the first step's mark; count, clear and double on their way
        + engine.row_bits
        + address_bits
        + banks
        - 1
        + engine.sum_bits
        + (counter_bits if in_logic else 0)
    )
    return Resources(luts, flip_flops, _block_rams(engine, device))


def _block_rams(engine: Engine, device: Device) -> int:
    columns = engine.varying_columns
    memories = [
        *zip(engine.weight_depths, columns.weights, strict=True),
        *[(len(engine.counter.table.rows), engine.counter.table.width)] * engine.counter.n_tables,
        (engine.row_depth, columns.rows),
        (engine.program_depth, columns.program),
    ]
    read_only = sum(in_blocks(device.family, depth, width).units for depth, width in memories if width)
    return read_only + engine.activations.blocks * _activation_blocks(engine.activations, device)


def _activation_blocks(activations: ActivationMemory, device: Device) -> int:
    """Block memories for eight lanes."""
    if activations.words == 1:
        return _ONE_WORD_BLOCKS[device.family]
    doublings = (LANES_OF_A_BLOCK - 1).bit_length()
    return in_blocks_written_by_bit(device.family, activations.words, doublings).units

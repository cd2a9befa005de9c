"""What an engine will take on a device, from its spec alone: the analytic figures.

Block memories and flip-flops are counted from what the circuit declares. Lookup tables are bits of arithmetic times
what synthesis spends on them, read off Yosys 0.70's counts of seven engines for iCE40, which they meet within 8 %;
other families are not calibrated.
"""

from collections.abc import Sequence

import numpy as np

from hw.components.engine.activations import LANES_OF_A_BLOCK
from hw.components.engine.engine import Engine
from hw.components.rom import Storage
from hw.devices import Device
from hw.estimate.mapping import in_blocks, in_blocks_written_by_bit
from hw.estimate.resources import Resources

_CONTROL = 2  # what handshake and gates of flags take more than shared logic saves elsewhere
_LOGIC_COUNT_BIT = 1.75  # a bit counted without tables
_EASY_WORDS = 256  # of activations; more are packed more tightly, and this many then cost so many lookup tables
_PACKED_WORDS_LUTS = 20


def engine_resources(engine: Engine, device: Device) -> Resources:
    """An engine with all its memories, without the winner behind it."""
    banks = len(engine.weight_roms)
    address_bits = (sum(len(rom.rows) for rom in engine.weight_roms) - 1).bit_length()
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
    tables = [engine.counter.table] * engine.counter.n_tables
    roms = (*engine.weight_roms, *tables, engine.row_rom, engine.program_rom)
    read_only = sum(in_blocks(device.family, len(rom.rows), _varying_bits(rom.rows)).units for rom in roms)
    lanes = in_blocks_written_by_bit(device.family, engine.activations.words, (LANES_OF_A_BLOCK - 1).bit_length())
    return read_only + engine.activations.blocks * lanes.units


def _varying_bits(words: Sequence[int]) -> int:
    """Bits in which the words differ from each other; synthesis keeps the others out of the memory."""
    array = np.array(words, dtype=np.int64)
    return int(np.bitwise_or.reduce(array ^ array[0])).bit_count()

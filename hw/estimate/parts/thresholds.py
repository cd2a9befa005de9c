"""What the thresholds behind a matrix-vector unit take."""

from hw.components.counters import counter_bits
from hw.components.rom import Storage
from hw.components.threshold import MultiThreshold
from hw.devices import Device
from hw.estimate.chains import Chain, counters
from hw.estimate.coefficients import Features, luts_of
from hw.estimate.memory import MemoryShape, memory_resources, read_only_memory
from hw.estimate.parts.banks import address_chains
from hw.estimate.parts.counter import counter_features
from hw.estimate.resources import Resources


def threshold_resources(thresholds: MultiThreshold, device: Device) -> Resources:
    """Several thresholds a row, with the memory of their levels."""
    arithmetic = Resources(round(luts_of(threshold_features(thresholds), device)), _flip_flops(thresholds))
    if thresholds.levels.size == 0:
        return arithmetic
    return arithmetic + memory_resources(level_memory(thresholds), device)


def level_memory(thresholds: MultiThreshold) -> MemoryShape:
    """The memory of levels, as synthesis is left with it."""
    depth = thresholds.banks * thresholds.row_groups
    if thresholds.writable:
        return MemoryShape(depth, thresholds.level_format.bits, thresholds.storage, is_written=True)
    if thresholds.storage is Storage.LOGIC:
        depth = thresholds.differing_banks * thresholds.row_groups
    return read_only_memory(depth, thresholds.level_columns, thresholds.storage)


def threshold_features(thresholds: MultiThreshold) -> Features:
    """What they spend lookup tables on, beside the counter of row groups.

    - `thresholds`: their handshake.
    - `level_bit`: a bit of a total compared with a level.
    - `level`: a comparison's result on its way to the output.
    - `output_bit`: a bit of an output.
    """
    n_levels = thresholds.levels.shape[1]
    levels = thresholds.pe * n_levels
    return {
        "thresholds": 1,
        "level_bit": levels * thresholds.total.bits,
        "level": levels,
        "output_bit": thresholds.output_format.bits,
        **(counter_features(thresholds.row_groups) if n_levels else {}),
    }


def threshold_chains(thresholds: MultiThreshold) -> list[Chain]:
    """A comparison for every level of a lane, the counter of row groups, and the address among banks."""
    levels = thresholds.pe * thresholds.levels.shape[1]
    if levels == 0:
        return []
    # Levels are not negative: of a total that is not either, the bits below the sign are compared.
    return [
        *counters(thresholds.row_groups),
        *address_chains(thresholds.banks, thresholds.row_groups, thresholds.writable),
        Chain(thresholds.total.bits - 1, compares=2, times=levels),
    ]


def _flip_flops(thresholds: MultiThreshold) -> int:
    counter = counter_bits(thresholds.row_groups) if thresholds.levels.size else 0
    return thresholds.input_format.bits + thresholds.output_format.bits + counter + 2

"""What the thresholds behind a matrix-vector unit take."""

from hw.components.counters import counter_bits
from hw.components.threshold import MultiThreshold
from hw.devices import Device
from hw.estimate.memory import MemoryShape, memory_resources, read_only_memory
from hw.estimate.resources import Resources

_THRESHOLD_CONTROL = 6


def threshold_resources(thresholds: MultiThreshold, device: Device) -> Resources:
    """Several thresholds a row, with the memory of their levels."""
    n_levels, total_bits = thresholds.levels.shape[1], thresholds.total.bits
    counter = counter_bits(thresholds.row_groups) if n_levels else 0
    levels = thresholds.pe * n_levels
    arithmetic = Resources(
        luts=levels * (total_bits + 1) + thresholds.output_format.bits + _THRESHOLD_CONTROL,
        flip_flops=thresholds.input_format.bits + thresholds.output_format.bits + counter + 2,
    )
    if n_levels == 0:
        return arithmetic
    return arithmetic + memory_resources(level_memory(thresholds), device)


def level_memory(thresholds: MultiThreshold) -> MemoryShape:
    """The memory of levels, as synthesis is left with it."""
    depth = thresholds.banks * thresholds.row_groups
    if thresholds.writable:
        return MemoryShape(depth, thresholds.level_format.bits, thresholds.storage, is_written=True)
    return read_only_memory(depth, thresholds.level_columns, thresholds.storage)

"""What a table on every lane takes."""

from hw.components.table import TableLookup
from hw.devices import Device
from hw.estimate.memory import memory_resources
from hw.estimate.resources import Resources, total


def table_resources(lookup: TableLookup, device: Device) -> Resources:
    """A table on every lane."""
    rom = lookup.rom
    memory = memory_resources(len(rom.rows), rom.width, rom.storage, device)
    return total([memory] * lookup.lanes) + Resources(luts=1, flip_flops=1)

"""What a table on every lane takes."""

from dataclasses import replace

import numpy as np

from hw.components.columns import Columns, bits_of
from hw.components.rom import Storage
from hw.components.table import TableLookup
from hw.devices import Device
from hw.estimate.memory import memory_resources, read_only_memory
from hw.estimate.resources import Resources, total

_HANDSHAKE = Resources(luts=1, flip_flops=1)


def table_resources(lookup: TableLookup, device: Device) -> Resources:
    """A table on every lane."""
    rom = lookup.rom
    columns = Columns.of(bits_of(np.array(rom.rows)[:, None], rom.width))
    memory = read_only_memory(len(rom.rows), columns, rom.storage)
    if rom.storage is Storage.BLOCK:
        return memory_resources(replace(memory, readers=lookup.lanes), device) + _HANDSHAKE
    return total([memory_resources(memory, device)] * lookup.lanes) + _HANDSHAKE

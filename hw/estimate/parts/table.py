"""What a table on every lane takes."""

from dataclasses import replace

import numpy as np

from hw.components.columns import Columns, bits_of
from hw.components.rom import Storage
from hw.components.table import TableLookup
from hw.devices import Device
from hw.estimate.coefficients import Features, luts_of
from hw.estimate.memory import memory_resources, read_only_memory
from hw.estimate.resources import Resources


def table_resources(lookup: TableLookup, device: Device) -> Resources:
    """A table on every lane, with the handshake's flip-flop."""
    control = Resources(round(luts_of(table_features(lookup), device)), 1)
    rom = lookup.rom
    columns = Columns.of(bits_of(np.array(rom.rows)[:, None], rom.width))
    if rom.storage is Storage.LOGIC:
        return control + Resources(flip_flops=columns.distinct * lookup.lanes)
    memory = read_only_memory(len(rom.rows), columns, rom.storage)
    return control + memory_resources(replace(memory, readers=lookup.lanes), device)


def table_features(lookup: TableLookup) -> Features:
    """What it spends lookup tables on.

    - `table`: its handshake.
    - `table_step`: a value at which a bit of the element changes, where the table is in logic. Tables of quantizers
      rise, so that there are far fewer of these than in random bits.
    """
    rom = lookup.rom
    rows = np.array(rom.rows)
    steps = bits_of((rows[1:] ^ rows[:-1])[:, None], rom.width).sum() if rom.storage is Storage.LOGIC else 0
    return {"table": 1, "table_step": lookup.lanes * int(steps)}

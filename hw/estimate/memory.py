"""What a memory takes, from its depth and width alone."""

from dataclasses import dataclass
from math import ceil

from hw.components.rom import Storage
from hw.devices import Device
from hw.estimate.resources import Resources


@dataclass(frozen=True)
class _Family:
    """Lookup tables of a memory in logic.

    Attributes:
        memory_bits: bits that one lookup table holds, once the memory is deeper than `memory_depth`.
        memory_depth: words of a memory that costs one lookup table a bit.
    """

    memory_bits: int
    memory_depth: int


_FAMILIES = {"ice40": _Family(8, 16), "ecp5": _Family(8, 16), "xc7": _Family(45, 64)}


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

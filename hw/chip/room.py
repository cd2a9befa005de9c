"""Room that a chip takes around its accelerator: what a folding has to leave free."""

from hw.devices import Device
from hw.estimate.resources import Resources
from hw.link.host_link import frame_bytes

# Host link, UART and reset after Yosys 0.70: about 500 lookup tables and 370 flip-flops on iCE40 for a window of 48
# samples, which other windows change little; the rest is for what placement cannot pack together.
_LUTS, _FLIP_FLOPS = 700, 450
# With nearly all block memories in use, wires to them run across the whole device.
_FREE_BLOCK_RAMS = 10


def room_around(device: Device, window_bytes: int) -> Resources:
    """What to leave free on a device for the host link and for placement.

    Args:
        device: what holds the chip.
        window_bytes: of a spike window as the host sends it.
    """
    store = device.block_ram.count(frame_bytes(window_bytes), 8)
    return Resources(_LUTS, _FLIP_FLOPS, store + device.block_rams // _FREE_BLOCK_RAMS)

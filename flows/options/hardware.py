"""What the gateware is made for: a device, its clock, and when it answers 'unsorted'."""

from typing import Annotated

from typer import Option

from flows.settings.hardware import HardwareSettings

_PANEL = "Hardware"

Device = Annotated[
    str,
    Option("--device", help="Device to fold and synthesise for: up5k, xc7a35t, ...", rich_help_panel=_PANEL),
]
ClockMhz = Annotated[
    float,
    Option("--clock-mhz", help="Clock that rates, latency and power are given for.", rich_help_panel=_PANEL),
]
Axi = Annotated[bool, Option("--axi", help="Name the stream ports after AXI4-Stream.", rich_help_panel=_PANEL)]
UnsortedMargin = Annotated[
    int | None,
    Option(
        "--unsorted-margin",
        help="Answer 'unsorted' where the best score leads by less. Without it, what the model's file states.",
        rich_help_panel=_PANEL,
    ),
]
UnsortedRegister = Annotated[
    bool,
    Option(
        "--unsorted-register",
        help="Make that margin an input of the gateware, which may change between spikes.",
        rich_help_panel=_PANEL,
    ),
]


def hardware(
    *,
    device: Device = HardwareSettings.device,
    clock_mhz: ClockMhz = HardwareSettings.clock_mhz,
    unsorted_margin: UnsortedMargin = None,
    unsorted_register: UnsortedRegister = False,
) -> HardwareSettings:
    """The device, its clock, and when it answers 'unsorted'."""
    return HardwareSettings(device, clock_mhz, unsorted_margin=unsorted_margin, unsorted_register=unsorted_register)

"""The device, its clock, and when it answers 'unsorted'."""

from dataclasses import dataclass

from flows.settings.require import require
from hw.devices import device_named


@dataclass(frozen=True)
class HardwareSettings:
    """What the gateware is made for."""

    # Name of a device that the folding, synthesis and power figures are for.
    device: str = "up5k"
    # Clock for which latency and power are given, and to which timing is held.
    clock_mhz: float = 12.0
    # Name the stream ports after AXI4-Stream.
    axi: bool = False
    # Lead of the best score below which a spike is unsorted; None takes what the model's file states, else never.
    unsorted_margin: int | None = None
    # The margin is an input of the gateware, not a constant in it.
    unsorted_register: bool = False

    def __post_init__(self) -> None:
        device_named(self.device)
        margin = self.unsorted_margin
        require(margin is None or margin >= 0, "--unsorted-margin", margin, "a lead from 0 (never unsorted) on")
        require(0 < self.clock_mhz <= 1_000, "--clock-mhz", self.clock_mhz, "more than 0, at most 1000 MHz")

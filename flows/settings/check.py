"""The check of the gateware: what simulates it, and on how much."""

from dataclasses import dataclass
from typing import Literal

from flows.settings.require import MOST_INPUTS, require, require_seed

DesignEngine = Literal["amaranth", "verilator"]
Engine = Literal[DesignEngine, "netlist"]
SpikeCount = int | Literal["all"]
DEFAULT_SPIKES = 200
"""To simulate, and to leave as test vectors."""


@dataclass(frozen=True)
class CheckSettings:
    """How the gateware and the integer network are held against the ONNX reference."""

    # Test spikes through the simulator, and left as test vectors; or all that were cut, whatever part they are in.
    spikes: SpikeCount = DEFAULT_SPIKES
    # Random inputs on which the integer network is compared with the ONNX reference.
    random_inputs: int = 100_000
    # Leave a waveform file (.vcd) of the simulation.
    vcd: bool = False
    # First and last spike of which the waveform file tells, counted from 0; None for all.
    vcd_spikes: tuple[int, int] | None = None
    # What simulates the gateware: Amaranth's own simulator, or Verilator, which compiles first and is far faster: the
    # design itself, or the netlist that synthesis maps onto the device.
    engine: Engine = "amaranth"
    # Of random inputs and random spikes.
    seed: int = 0

    def __post_init__(self) -> None:
        few = self.spikes == "all" or 1 <= self.spikes <= MOST_INPUTS
        require(few, "--spikes", self.spikes, f"1 to {MOST_INPUTS} or all")
        random = self.random_inputs
        require(1 <= random <= MOST_INPUTS, "--random-inputs", random, f"1 to {MOST_INPUTS}")
        if self.vcd_spikes is not None:
            first, last = self.vcd_spikes
            within = 0 <= first <= last and (self.spikes == "all" or last < self.spikes)
            there = "" if self.spikes == "all" else f" within the spikes 0 to {self.spikes - 1}"
            require(within, "--vcd-spikes", f"{first}:{last}", f"FIRST:LAST{there}")
        require_seed(self.seed)

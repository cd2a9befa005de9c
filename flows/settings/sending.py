"""What is sent to a board, and how long its answers are waited for."""

from dataclasses import dataclass
from pathlib import Path

from flows.settings.check import SpikeCount
from flows.settings.require import MOST_INPUTS, require, require_seed

_LONGEST_WAIT_S = 60.0  # for an answer


@dataclass(frozen=True)
class SendSettings:
    """Spikes that go to a board which is plugged in."""

    # Name of the serial port, such as /dev/ttyUSB1.
    port: str
    # Bits a second; None takes those that the run's chip was built for.
    baud: int | None = None
    # Test spikes of the run, or all that were cut; random inputs for a model from elsewhere.
    spikes: SpikeCount = 100
    # How long an answer may take, until its request is sent again.
    timeout_s: float = 1.0
    # QONNX file whose weights are loaded first, and whose network the answers are then held against.
    load: Path | None = None
    # That is loaded, and that sorts.
    weight_set: int = 0
    # Take a board whatever design it says it holds.
    any_design: bool = False
    # Of random inputs.
    seed: int = 0

    def __post_init__(self) -> None:
        require(self.baud is None or self.baud >= 1, "--baud", self.baud, "at least 1")
        require(0 < self.timeout_s <= _LONGEST_WAIT_S, "--timeout-s", self.timeout_s, "more than 0, at most 60")
        few = self.spikes == "all" or 1 <= self.spikes <= MOST_INPUTS
        require(few, "--spikes", self.spikes, f"1 to {MOST_INPUTS} or all")
        require_seed(self.seed)

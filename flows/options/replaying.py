"""The case of a difference that is run again."""

from pathlib import Path
from typing import Annotated

from typer import Option

from flows.settings.check import DesignEngine

SimulatorOfCase = Annotated[
    DesignEngine | None,
    Option("--engine", help="What simulates.", show_default="the simulator that showed the difference"),
]
VcdFile = Annotated[
    Path | None,
    Option("--vcd", help="File to write the simulation's waveforms to (.vcd).", metavar="FILE", show_default=False),
]

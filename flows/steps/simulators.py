"""The simulators behind one function."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_dir

from flows.settings.check import DesignEngine, Engine
from hw.accelerator.accelerator import Accelerator
from hw.simulate import amaranth, compiled, synthesised
from hw.simulate.result import Answers, Simulation
from hw.simulate.streams import Pauses

CACHE = Path(user_cache_dir("spikeloom")) / "verilated"


def simulate(
    engine: DesignEngine,
    accelerator: Accelerator,
    spikes: NDArray[np.integer],
    pauses: Pauses = Pauses(),
    vcd: Path | None = None,
    vcd_spikes: range | None = None,
    progress: Callable[[float], None] | None = None,
) -> Simulation:
    """Run spike windows through an accelerator; arguments and errors as for the simulator that `engine` names."""
    if engine == "verilator":
        return compiled.simulate(
            accelerator, spikes, cache=CACHE, pauses=pauses, vcd=vcd, vcd_spikes=vcd_spikes, progress=progress
        )
    return amaranth.simulate(accelerator, spikes, pauses=pauses, vcd=vcd, vcd_spikes=vcd_spikes, progress=progress)


def answers_by(
    engine: Engine,
    accelerator: Accelerator,
    spikes: NDArray[np.integer],
    vcd: Path | None = None,
    vcd_spikes: range | None = None,
    progress: Callable[[float], None] | None = None,
) -> Answers:
    """The same by any engine: a netlist has no layers that could be watched, and gives answers alone."""
    if engine == "netlist":
        return synthesised.simulate(
            accelerator, spikes, cache=CACHE, vcd=vcd, vcd_spikes=vcd_spikes, progress=progress
        )
    return simulate(engine, accelerator, spikes, vcd=vcd, vcd_spikes=vcd_spikes, progress=progress)

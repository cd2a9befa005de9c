"""Both simulators behind one function."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_dir

from flows.settings import Engine
from hw.accelerator.accelerator import Accelerator
from hw.simulate import amaranth, compiled
from hw.simulate.result import Simulation
from hw.simulate.streams import Pauses


def simulate(
    engine: Engine,
    accelerator: Accelerator,
    spikes: NDArray[np.integer],
    pauses: Pauses = Pauses(),
    vcd: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Simulation:
    """Run spike windows through an accelerator; arguments and errors as for the simulator that `engine` names."""
    if engine == "verilator":
        cache = Path(user_cache_dir("spikeloom")) / "verilated"
        return compiled.simulate(accelerator, spikes, cache=cache, pauses=pauses, vcd=vcd, progress=progress)
    return amaranth.simulate(accelerator, spikes, pauses=pauses, vcd=vcd, progress=progress)

"""A compiled simulation that is interrupted leaves nothing running."""

import os

import numpy as np
import pytest

from hw.accelerator.accelerator import Accelerator
from hw.devices import device_named
from hw.netlist import emit
from hw.schedule.fold import fold
from hw.simulate.compiled import watching_layers
from hw.simulate.verilator.run import Stimulus, run
from tests.hw.networks import random_network


def interrupted(fraction):
    raise KeyboardInterrupt


def test_the_program_of_an_interrupted_simulation_is_ended(tmp_path):
    network = random_network(np.random.default_rng(0), n_inputs=4, hidden=(4,))
    accelerator = Accelerator(network, fold(network, device_named("up5k"), 32))
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\necho 1\nexec sleep 20\n")
    program.chmod(0o755)
    with pytest.raises(KeyboardInterrupt):
        run(program, watching_layers(emit(accelerator), accelerator), [], Stimulus(1, 1, 1), interrupted)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)

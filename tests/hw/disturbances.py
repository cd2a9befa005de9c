"""Compiled designs of every kind, and spikes through them while something happens at random moments."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from flows.bench.networks import random_network as large_network
from hw.accelerator.accelerator import Accelerator
from hw.accelerator.load import load_frame
from hw.devices import device_named
from hw.netlist import emit
from hw.network.types import BIPOLAR, IntegerFormat, Network
from hw.network.vectors import random_inputs
from hw.schedule.designs import designs_of
from hw.schedule.fold import choose
from hw.schedule.target import Target
from hw.simulate.compiled import packed
from hw.simulate.result import results_of
from hw.simulate.streams import Pauses
from hw.simulate.verilator.bench import Bench, Register
from hw.simulate.verilator.program import compile_program
from hw.simulate.verilator.run import Event, Stimulus, run
from hw.tools.yosys import run_yosys
from tests.hw.networks import engine_schedule, random_network, random_schedule, random_table, retrained

INT4, UINT2 = IntegerFormat(4, signed=True), IntegerFormat(2, signed=False)
DIFFERENT_SPIKES = 4096


def pipeline(rng):
    network = random_network(rng, 8, (12, 8), 4, INT4)
    return Accelerator(network, random_schedule(rng, network, unrolled_share=0))


def pipeline_of_two_bits(rng):
    """Several thresholds a row behind an input table, and a margin."""
    table = random_table(rng, INT4, IntegerFormat(3, signed=True))
    network = replace(random_network(rng, 8, (12, 8), 4, INT4, (UINT2, BIPOLAR), table), margin=2)
    return Accelerator(network, random_schedule(rng, network, unrolled_share=0))


def unrolled(rng):
    network = random_network(rng, 8, (12, 8), 4, INT4)
    return Accelerator(network, random_schedule(rng, network, "xc7a35t", unrolled_share=1))


def engine(rng):
    network = random_network(rng, 8, (12, 8), 4, INT4)
    return Accelerator(network, engine_schedule(network, lanes=8))


def loadable(rng):
    """Two weight sets, and two layers of three written at run time."""
    network = random_network(rng, 8, (12, 8), 4, INT4)
    schedule = random_schedule(rng, network, "xc7a35t", unrolled_share=0)
    folds = tuple(replace(fold, loadable=index != 1) for index, fold in enumerate(schedule.layers))
    return Accelerator(network, replace(schedule, layers=folds, weight_sets=2))


def paper(rng):
    """48 int8 -> 256 -> 256 -> 5 on UP5K at 256 clocks an inference."""
    network = large_network(0, 48, (256, 256), 5, IntegerFormat(8, signed=True))
    return Accelerator(network, choose(designs_of(network, device_named("up5k")), Target(256)).schedule)


DESIGNS = (pipeline, pipeline_of_two_bits, unrolled, engine, loadable)


@dataclass(frozen=True, eq=False)
class Compiled:
    """A design as a program.

    Attributes:
        network: what its answers are held against: that of the frame, where one is loaded before the first spike.
    """

    accelerator: Accelerator
    network: Network
    frames: tuple[bytes, ...]
    bench: Bench
    program: Path

    @property
    def interval(self):
        return self.accelerator.schedule.initiation_interval

    @property
    def latency(self):
        return self.accelerator.latency_clocks

    @property
    def begins(self):
        """A clock in which all frames are loaded and spikes flow."""
        return sum(map(len, self.frames)) + self.latency + 20


@dataclass(frozen=True, eq=False)
class Traffic:
    """The results that came: spike, clock, and whether unit and score are the network's."""

    n_spikes: int
    spikes: np.ndarray
    clocks: np.ndarray
    right: np.ndarray


def compiled(design, seed, cache):
    """A design as a program; its netlist is flattened, which gives every flip-flop a name at the top."""
    rng = np.random.default_rng(seed)
    accelerator = design(rng)
    # In the bank that was spare: the choice of banks has to outlast whatever happens.
    loads = accelerator.weights is not None and accelerator.weights.loads
    network = retrained(rng, accelerator.network, (True, False, True)) if loads else accelerator.network
    frames = (load_frame(accelerator, network),) if loads else ()
    netlist = emit(accelerator)
    verilog = flattened(netlist)
    bench = Bench(netlist.top, netlist.ports, accelerator.held_inputs, registers=registers_of(verilog))
    sources = {"bench.sv": bench.verilog, f"{netlist.top}.v": verilog}
    program = compile_program(sources, cache, cells=netlist.rtlil.count("\n  cell "))
    return Compiled(accelerator, network, frames, bench, program)


def flattened(netlist):
    """Verilog of the whole netlist as one module."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "top.il").write_text(netlist.rtlil)
        script = "read_rtlil top.il; proc -nomux -norom; memory_collect; flatten; write_verilog -norename top.v"
        run_yosys(script, Path(folder))
        return (Path(folder) / "top.v").read_text()


def registers_of(verilog):
    """Registers of a flat netlist: what has a value at the start, and what a memory's words are read into."""
    found = re.findall(r"^  reg (?:signed )?(?:\[(\d+):0\] )?(?:(\S+) += \d+'\S+|(_\d+_));", verilog, re.MULTILINE)
    return tuple(Register(name or output, int(high or 0) + 1) for high, name, output in found)


def moments(rng, kinds, n, first, span):
    """Events at random clocks, up to `span` clocks from one to the next."""
    clocks = first + np.cumsum(rng.integers(1, span + 1, n))
    what = zip(rng.choice(kinds, n), clocks, rng.integers(1, 4, n), strict=True)
    return [Event(kind, int(clock), int(length)) for kind, clock, length in what]


def traffic(design, n_spikes, events=(), pauses=Pauses(), seed=0):
    """Spikes through a compiled design while events happen."""
    accelerator, network = design.accelerator, design.network
    different = random_inputs(network.input_format, network.n_inputs, DIFFERENT_SPIKES, seed)
    order = np.arange(n_spikes) % DIFFERENT_SPIKES
    stimulus = Stimulus(
        n_spikes,
        accelerator.words_per_spike,
        100 * accelerator.schedule.quiet_cycles,
        pauses=pauses,
        frames=design.frames,
        events=events,
    )
    records = run(design.program, design.bench, packed(accelerator, different[order]), stimulus)
    classes, best_scores = results_of(design.bench.ports, records.words)
    units, scores = network.classes(different), network.scores(different).max(axis=1)
    which = order[records.spikes]
    right = (classes == units[which]) & (best_scores == scores[which])
    return Traffic(n_spikes, records.spikes, records.clocks, right)

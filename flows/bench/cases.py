"""The designs of the gateware benchmark: how each is made, what it should keep within, and what others need."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from flows.bench.networks import INT8, random_network
from hw.accelerator.accelerator import Accelerator
from hw.devices import Device, device_named
from hw.network.types import BIPOLAR, IntegerFormat, Network
from hw.schedule.designs import designs_of
from hw.schedule.engine import schedule_engine
from hw.schedule.fold import choose
from hw.schedule.target import Target
from hw.schedule.types import Architecture, Schedule
from hw.schedule.unroll import unroll

HIDDEN, UNITS = (256, 256), 5


@dataclass(frozen=True)
class Goal:
    """A bound that the project has set itself.

    Attributes:
        figure: "lut", "block_ram", "fmax_mhz" or "lut_per_synapse".
        value: the bound.
        at_least: whether more is better.
    """

    figure: str
    value: float
    at_least: bool = False

    def is_met(self, measured: float) -> bool:
        """Whether a figure keeps within the bound."""
        return measured >= self.value if self.at_least else measured <= self.value


@dataclass(frozen=True)
class Rival:
    """What somebody else's design takes for the same work.

    Attributes:
        name: program and version.
        luts: lookup tables.
        how: where the figure comes from.
    """

    name: str
    luts: int
    how: str


@dataclass(frozen=True)
class Case:
    """A design of the benchmark.

    Attributes:
        name: as it is asked for.
        device: where it is synthesised for.
        input_format: of a network's inputs.
        n_inputs: inputs of the network, before two hidden layers of 256 rows and 5 units.
        schedule: how it is built.
        goals: what it should keep within.
        rivals: what others need.
    """

    name: str
    device: str
    input_format: IntegerFormat
    n_inputs: int
    schedule: Callable[[Network, Device], Schedule]
    goals: tuple[Goal, ...]
    rivals: tuple[Rival, ...] = ()

    def accelerator(self, seed: int) -> Accelerator:
        """The accelerator of a random network; the same seed gives the same one."""
        network = random_network(seed, self.n_inputs, HIDDEN, UNITS, self.input_format)
        return Accelerator(network, self.schedule(network, device_named(self.device)))


def _pipeline(cycles: int, block_rams: int | None = None) -> Callable[[Network, Device], Schedule]:
    """The pipeline of fewest lookup tables at so many clocks an inference, within so many block memories."""

    def chosen(network: Network, device: Device) -> Schedule:
        within = device if block_rams is None else replace(device, block_rams=block_rams)
        return choose(designs_of(network, within, Architecture.PIPELINE), Target(cycles)).schedule

    return chosen


def _engine(cycles: int) -> Callable[[Network, Device], Schedule]:
    return lambda network, device: schedule_engine(network, device, cycles)


_LUT_A_SYNAPSE = Goal("lut_per_synapse", 2.1)
_PROTOTYPE = "a throw-away prototype of this project"
_DA4ML = "da4ml 0.6.0"
_FINN = "finn-plus 1.6.1"
_ESTIMATED = "its own estimate; its binary layers need a vendor's HLS to be synthesised"

CASES = (
    Case(
        "up5k-engine",
        "up5k",
        INT8,
        48,
        _engine(12_000),
        (Goal("lut", 300), Goal("block_ram", 30), Goal("fmax_mhz", 30, at_least=True)),
        (Rival(_PROTOTYPE, 342, "synthesised, Yosys 0.70"),),
    ),
    Case(
        "up5k-256",
        "up5k",
        INT8,
        48,
        _pipeline(256, 29),
        (Goal("lut", 2600), Goal("block_ram", 29), Goal("fmax_mhz", 30, at_least=True)),
        (Rival(_PROTOTYPE, 2956, "synthesised, Yosys 0.70"),),
    ),
    Case(
        "xc7-unrolled",
        "xc7a100t",
        BIPOLAR,
        64,
        unroll,
        (Goal("lut", 30_000),),
        (Rival(_DA4ML, 46_545, "synthesised, Yosys 0.70: weights of ±1, 8 stages, generated in 18 minutes"),),
    ),
    Case(
        "ecp5-16",
        "lfe5u-25f",
        INT8,
        48,
        _pipeline(16),
        (Goal("lut", 24_288), Goal("fmax_mhz", 50, at_least=True)),
    ),
    Case(
        "xc7-1280",
        "xc7a35t",
        BIPOLAR,
        64,
        _pipeline(1280, 6),
        (Goal("lut", 1000), Goal("block_ram", 6), _LUT_A_SYNAPSE),
        (Rival(_FINN, 1487, _ESTIMATED),),
    ),
    Case(
        "xc7-160",
        "xc7a35t",
        BIPOLAR,
        64,
        _pipeline(160, 20),
        (Goal("lut", 3600), Goal("block_ram", 20), _LUT_A_SYNAPSE),
        (Rival(_FINN, 5360, _ESTIMATED),),
    ),
    Case(
        "xc7-20",
        "xc7a35t",
        BIPOLAR,
        64,
        _pipeline(20),
        (Goal("lut", 20_000), _LUT_A_SYNAPSE),
        (Rival(_FINN, 36_411, _ESTIMATED),),
    ),
)

"""The whole sorter: spike windows in, units out."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from amaranth.lib import data
from numpy.typing import NDArray

from hw.accelerator.pipeline import Pipeline, PipelineCircuit
from hw.accelerator.weights import ChangingWeights
from hw.components.argmax import ArgMax
from hw.components.engine.engine import Engine, EngineCircuit
from hw.components.unrolled.argmax import ParallelArgMax
from hw.components.words import WordFormat
from hw.devices import device_named
from hw.errors import BadInput
from hw.network.alike import check_alike
from hw.network.types import Network
from hw.schedule.types import Schedule


@dataclass(frozen=True, eq=False)
class Accelerator:
    """A network built as its schedule says: a `Pipeline` of layers, or an `Engine` that all layers share.

    Both take spike windows as stream words of input elements, first sample first, and give a result for each window,
    in order, with backpressure either way.

    Attributes:
        network: the first weight set's.
        schedule: made for it.
        others: networks of further weight sets, which differ in weights, thresholds and offsets only; sets beyond
            them begin as the first.

    Raises:
        BadInput: if the schedule does not belong to the network, or the other networks to the circuit.
    """

    network: Network
    schedule: Schedule
    others: tuple[Network, ...] = ()

    def __post_init__(self) -> None:
        self.schedule.check(self.network)
        if len(self.others) >= self.schedule.weight_sets:
            sets = self.schedule.weight_sets
            raise BadInput(f"{1 + len(self.others)} networks for {sets} weight sets: expected at most as many")
        for other in self.others:
            check_alike(self.network, other, any_margin=self.schedule.margin_port)
        if self.engine is not None and self.engine.cycles != self.schedule.initiation_interval:
            raise BadInput("the schedule states other clocks than its engine takes; make it anew")

    @property
    def design(self) -> Pipeline | Engine:
        """What is built."""
        design = self.engine or self.pipeline
        assert design is not None, "a schedule without an engine is a pipeline's"
        return design

    @cached_property
    def engine(self) -> Engine | None:
        """The engine that all layers share; None for a pipeline."""
        folding = self.schedule.engine
        if folding is None:
            return None
        block_ram = device_named(self.schedule.device).block_ram
        return Engine(self.network, folding.lanes, block_ram, folding.count_storage, self.schedule.margin_port)

    @cached_property
    def pipeline(self) -> Pipeline | None:
        """The pipeline of layers; None for an engine."""
        if self.schedule.engine is not None:
            return None
        missing = self.schedule.weight_sets - 1 - len(self.others)
        return Pipeline(self.schedule, (self.network, *self.others, *[self.network] * missing))

    @property
    def weights(self) -> ChangingWeights | None:
        """What gives each inference its weights; None where all inferences have the same."""
        return None if self.pipeline is None else self.pipeline.weights

    @property
    def input_format(self) -> WordFormat:
        """Words of the spike stream."""
        return self.design.input_format

    @property
    def words_per_spike(self) -> int:
        """Words of one spike window."""
        return self.design.words_per_spike

    @property
    def argmax(self) -> ArgMax | ParallelArgMax:
        """The winner's spec."""
        return self.design.argmax

    @property
    def result_layout(self) -> data.StructLayout:
        """Members of a result: `unit` in the low bits, `score` above."""
        return self.argmax.result_layout

    @property
    def margin_bits(self) -> int:
        """Width of the input `margin`; 0 where there is none."""
        return self.argmax.score.bits if self.schedule.margin_port else 0

    @property
    def held_inputs(self) -> dict[str, int]:
        """Inputs beside the streams, and what a simulation holds them at: the network's margin, the first set."""
        margin = {"margin": self.network.margin} if self.margin_bits else {}
        return {**margin, **({"weight_set": 0} if self.schedule.weight_sets > 1 else {})}

    @property
    def latency_clocks(self) -> int:
        """From a spike's first word to its result, if nothing is on its way before it and the source never waits."""
        return self.design.latency_clocks

    @property
    def outputs(self) -> tuple[tuple[WordFormat, int], ...]:
        """For every layer the words of its output stream, and how many of them a spike takes."""
        return self.design.outputs

    def compute(self, spikes: NDArray[np.integer]) -> NDArray[np.int64]:
        """Units `[n]` of spike windows `[n, n_inputs]`, through the very sums that the circuit forms.

        Unsorted ones are the number of units; a margin that is an input is taken to be the network's.
        """
        return self.design.compute(spikes)

    def circuit(self) -> PipelineCircuit | EngineCircuit:
        """The Amaranth component, with streams `spikes` and `units`, and the inputs that the schedule asks for."""
        return self.design.circuit()

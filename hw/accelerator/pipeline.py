"""A network as a pipeline: a unit for every layer, all at work at once."""

import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from amaranth.hdl import Module, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from numpy.typing import NDArray

from hw.accelerator.weights import ChangingWeights
from hw.components.argmax import ArgMax
from hw.components.buffer import StreamBuffer
from hw.components.mvtu import LayerUnit, bank_like, banked, layer_unit
from hw.components.probe import SumProbes
from hw.components.replay import VectorReplay
from hw.components.rom import Rom
from hw.components.table import TableLookup
from hw.components.unrolled.argmax import ParallelArgMax
from hw.components.unrolled.layer import UnrolledLayer, UnrolledLayerCircuit
from hw.components.width import WidthConverter
from hw.components.words import WordFormat
from hw.devices import device_named
from hw.network.types import Network
from hw.schedule.timing import clocks_of_words
from hw.schedule.types import LayerFolding, Schedule


@dataclass(frozen=True, eq=False)
class Pipeline:
    """A network folded layer by layer, as a streaming dataflow pipeline.

    Every layer is a width converter, a vector replay and a matrix-vector-threshold unit, with a buffer behind it
    where its pipeline is deep; the scores then pass one at a time to the winner. A layer whose weights are constants
    is unrolled instead, and if it is the last one, all scores pass to the winner at once. Where the network has a
    front, its table stands before the first layer. Spike windows come in as words of the first layer's SIMD elements,
    first sample first; a result goes out for each window, in order. Gives and takes backpressure. Initiation interval
    as the schedule states it, if the source never waits.

    Attributes:
        schedule: of the networks.
        networks: the one that each weight set begins as; they differ in weights, thresholds and offsets only.
    """

    schedule: Schedule
    networks: tuple[Network, ...]

    @property
    def network(self) -> Network:
        """The first weight set's."""
        return self.networks[0]

    @cached_property
    def units(self) -> tuple[LayerUnit | UnrolledLayer, ...]:
        """The folded unit or the unrolled layer for every layer, the score layer last."""
        return tuple(self._unit(index, fold) for index, fold in enumerate(self.schedule.layers))

    def _unit(self, index: int, fold: LayerFolding) -> LayerUnit | UnrolledLayer:
        if fold.is_unrolled:
            layer, element = self.network.layers[index], self.network.format_into(index)
            return UnrolledLayer(layer, element, device_named(self.schedule.device).lut_inputs, fold.levels_per_stage)
        banks = [self._folded(index, network) for network in self.networks]
        if fold.loadable:
            banks.append(banks[0])  # the spare one, whose contents do not matter
        return banked(banks, fold.loadable) if len(banks) > 1 else banks[0]

    def _folded(self, index: int, network: Network) -> LayerUnit:
        fold, unit = self.schedule.layers[index], layer_unit(network.layers[index], network.format_into(index))
        storages = fold.weight_storage, fold.bias_storage
        return unit.folded(fold.pe, fold.simd, *storages, fold.count_tables, fold.deep_pipeline)

    @cached_property
    def weights(self) -> ChangingWeights | None:
        """What gives each inference its weights; None where all inferences have the same."""
        if not self.schedule.weights_change:
            return None
        design = self.schedule.to_json() + "".join(network.digest for network in self.networks)
        spike_words = self.input_format, self.words_per_spike
        start = zlib.crc32(design.encode())
        return ChangingWeights(self.units, self.schedule, spike_words, self.latency_clocks, start)

    def bank_of(self, index: int, network: Network) -> list[Rom]:
        """What a folded layer of a network is in the memories of this pipeline.

        Raises:
            BadInput: if a constant of the layer is beyond what the memories have room for.
        """
        built = self.units[index]
        assert not isinstance(built, UnrolledLayer), "constants are in no memory"
        return bank_like(self._folded(index, network), built)

    @property
    def input_format(self) -> WordFormat:
        """Words of the spike stream."""
        return WordFormat(self.network.input_format, self.units[0].simd)

    @property
    def words_per_spike(self) -> int:
        """Words of one spike window."""
        return self.units[0].column_groups

    @property
    def front(self) -> TableLookup | None:
        """The table before the first layer, where the network has one."""
        table = self.network.front
        return None if table is None else TableLookup(table, self.units[0].simd)

    @property
    def latency_clocks(self) -> int:
        """From a spike's first word to its result, if nothing is on its way before it and the source never waits."""
        parts = [*self.units, *filter(None, self.buffers), self.argmax, *([self.front] if self.front else [])]
        return clocks_of_words(self.schedule.layers) + sum(part.latency_clocks for part in parts)

    @property
    def outputs(self) -> tuple[tuple[WordFormat, int], ...]:
        """For every layer the words of its output stream, and how many of them a spike takes."""
        return tuple((unit.output_format, unit.row_groups) for unit in self.units)

    @property
    def converters(self) -> tuple[WidthConverter, ...]:
        """The width converter before each layer."""
        lanes = (self.input_format.lanes, *(unit.pe for unit in self.units[:-1]))
        return tuple(
            WidthConverter(unit.element.bits, n, unit.simd) for unit, n in zip(self.units, lanes, strict=True)
        )

    @property
    def replays(self) -> tuple[VectorReplay, ...]:
        """The vector replay before each layer."""
        return tuple(
            VectorReplay(unit.input_format.bits, unit.column_groups, unit.row_groups, fold.banks)
            for unit, fold in zip(self.units, self.schedule.layers, strict=True)
        )

    @property
    def buffers(self) -> tuple[StreamBuffer | None, ...]:
        """The buffer behind each layer; None where it has none."""
        return tuple(
            StreamBuffer(unit.output_format.bits) if fold.deep_pipeline else None
            for unit, fold in zip(self.units, self.schedule.layers, strict=True)
        )

    @property
    def score_converter(self) -> WidthConverter:
        """From the score layer's PE lanes to one score a clock, or to all where it is unrolled."""
        head = self.units[-1]
        return WidthConverter(self.argmax.score.bits, head.pe, head.pe if self.schedule.layers[-1].is_unrolled else 1)

    @property
    def argmax(self) -> ArgMax | ParallelArgMax:
        """The winner's spec."""
        winner = ParallelArgMax if self.schedule.layers[-1].is_unrolled else ArgMax
        score = self.units[-1].output_format.element
        return winner(self.network.head.rows, score, self.network.margin, self.schedule.margin_port)

    def compute(self, spikes: NDArray[np.integer]) -> NDArray[np.int64]:
        """Units `[n]` of spike windows `[n, n_inputs]`, through the very sums that the circuit forms.

        Unsorted ones are the number of units; a margin that is an input is taken to be the network's.
        """
        values: NDArray[np.integer] = self.front.compute(spikes) if self.front else spikes
        for unit in self.units:
            values = unit.compute(values)
        return self.argmax.compute(values)

    def circuit(self) -> "PipelineCircuit":
        """The Amaranth component, with streams `spikes` and `units`, and the inputs that the schedule asks for."""
        return PipelineCircuit(self)


class PipelineCircuit(wiring.Component):
    """Circuit of a `Pipeline`: stream `spikes` of input words, stream `units` of results.

    With a margin that is an input there is `margin`, unsigned, sampled with an inference's first score. Where weights
    change there are the members of `ChangingWeights`; `weight_set` belongs to a spike's first word, and holds as that
    does until it is taken.

    `outputs` holds every layer's output stream, so that a simulation can watch it; the stream is called `o` and
    belongs to a submodule `layer0`, `layer1`, ..., by which a simulation of the netlist finds it. `probes` shows what
    every layer's rows add up, None for one that is unrolled: its rows share sums, and form no accumulator.
    """

    def __init__(self, spec: Pipeline):
        self.spec = spec
        self.layers = [unit.circuit() for unit in spec.units]
        self.outputs = [layer.o for layer in self.layers]
        margin = {"margin": In(spec.argmax.score.bits)} if spec.schedule.margin_port else {}
        super().__init__(
            {
                "spikes": In(stream.Signature(unsigned(spec.input_format.bits))),
                "units": Out(stream.Signature(spec.argmax.result_layout)),
                **margin,
                **(spec.weights.members if spec.weights else {}),
            }
        )

    @property
    def probes(self) -> tuple[SumProbes | None, ...]:
        """Totals and constants of every layer's rows, for a simulation."""
        return tuple(None if isinstance(layer, UnrolledLayerCircuit) else layer.probes for layer in self.layers)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        source = wiring.flipped(self.spikes)
        if self.spec.weights:
            source = self._choose_weights(m, self.spec.weights, source)
        if self.spec.front:
            m.submodules.front = front = self.spec.front.circuit()
            wiring.connect(m, source, front.i)
            source = front.o
        parts = zip(self.spec.converters, self.spec.replays, self.layers, self.spec.buffers, strict=True)
        for index, (converter_spec, replay_spec, layer, buffer_spec) in enumerate(parts):
            m.submodules[f"width{index}"] = converter = converter_spec.circuit()
            m.submodules[f"replay{index}"] = replay = replay_spec.circuit()
            m.submodules[f"layer{index}"] = layer
            wiring.connect(m, source, converter.i)
            wiring.connect(m, converter.o, replay.i)
            wiring.connect(m, replay.o, layer.i)
            source = layer.o
            if buffer_spec is not None:
                m.submodules[f"buffer{index}"] = buffer = buffer_spec.circuit()
                wiring.connect(m, source, buffer.i)
                source = buffer.o
        m.submodules.scores = scores = self.spec.score_converter.circuit()
        m.submodules.argmax = argmax = self.spec.argmax.circuit()
        wiring.connect(m, source, scores.i)
        wiring.connect(m, scores.o, argmax.i)
        wiring.connect(m, argmax.o, wiring.flipped(self.units))
        if self.spec.schedule.margin_port:
            m.d.comb += argmax.margin.eq(self.margin)
        return m

    def _choose_weights(
        self, m: Module, weights: ChangingWeights, source: wiring.PureInterface
    ) -> wiring.PureInterface:
        """Gives each inference its weights; the stream of spike words behind."""
        layers = [layer for layer in self.layers if not isinstance(layer, UnrolledLayerCircuit)]
        parts = tuple(part for layer in layers for part in layer.parts if part.spec.banks > 1)
        m.submodules.weights = circuit = weights.circuit(parts)
        wiring.connect(m, source, circuit.i)
        m.d.comb += circuit.ended.eq(self.units.valid & self.units.ready)
        if weights.schedule.weight_sets > 1:
            m.d.comb += circuit.weight_set.eq(self.weight_set)
        if weights.loads:
            wiring.connect(m, wiring.flipped(self.load), circuit.load)
            m.d.comb += [self.load_count.eq(circuit.load_count), self.load_good.eq(circuit.load_good)]
        return circuit.o

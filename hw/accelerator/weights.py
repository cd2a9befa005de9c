"""Weights that differ between inferences: sets that spikes choose, frames that write a set anew."""

from dataclasses import dataclass
from functools import cached_property

from amaranth.hdl import Const, Module, Value, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.components.inflight import InFlight, InFlightCircuit
from hw.components.loader import LOAD_LAYOUT, WeightLoader
from hw.components.matvec import MatrixVectorCircuit, MatrixVectorUnit
from hw.components.mvtu import LayerUnit
from hw.components.threshold import MultiThreshold, MultiThresholdCircuit
from hw.components.unrolled.layer import UnrolledLayer
from hw.components.words import WordFormat
from hw.schedule.types import Schedule

PartCircuit = MatrixVectorCircuit | MultiThresholdCircuit


@dataclass(frozen=True, eq=False)
class ChangingWeights:
    """Gives each inference its weights when it begins, and keeps them for it while frames write others.

    A fixed layer's memories have a bank for each weight set. A loadable layer's have one more, which is spare: which
    bank a set's weights are in changes with each frame (`WeightLoader`). What an inference takes is noted once
    (`InFlight`), and every part of every layer follows those notes, so that no result comes of two sets of weights.

    Passes spike words on as `InFlight` does.

    Attributes:
        units: of all layers.
        schedule: that they were built by.
        spike_words: words of a spike, and how many.
        latency_clocks: from a spike's first word to its result.
        design: what a frame's checksum begins with.
    """

    units: tuple[LayerUnit | UnrolledLayer, ...]
    schedule: Schedule
    spike_words: tuple[WordFormat, int]
    latency_clocks: int
    design: int

    @cached_property
    def parts(self) -> tuple[tuple[MatrixVectorUnit | MultiThreshold, bool], ...]:
        """What has memories, layer by layer, and whether they are loadable."""
        layers = zip(self.units, self.schedule.layers, strict=True)
        return tuple(
            (part, fold.loadable)
            for unit, fold in layers
            if not isinstance(unit, UnrolledLayer)
            for part in unit.parts
            if part.banks > 1
        )

    @property
    def loads(self) -> bool:
        """Whether any layer is loadable."""
        return any(fold.loadable for fold in self.schedule.layers)

    @property
    def tag_layout(self) -> data.StructLayout:
        """What is noted of an inference: its `set` for fixed layers, its `bank` for loadable ones."""
        sets = self.schedule.weight_sets
        kinds = {loadable for _, loadable in self.parts}
        fixed = {"set": unsigned((sets - 1).bit_length())} if False in kinds else {}
        return data.StructLayout({**fixed, **({"bank": unsigned(sets.bit_length())} if self.loads else {})})

    @property
    def in_flight(self) -> InFlight:
        """What keeps the notes: of as many inferences as keep every part of the pipeline busy."""
        needed = 2 + (self.latency_clocks + 2) // self.schedule.initiation_interval
        capacity = 1 << (needed - 1).bit_length()
        word, words = self.spike_words
        return InFlight(word.bits, words, self.tag_layout.size, len(self.parts), capacity)

    @property
    def loader(self) -> WeightLoader:
        """What writes the loadable layers' memories.

        Raises:
            ValueError: if there are none.
        """
        roms = [rom for part, loadable in self.parts if loadable for rom in part.bank]
        sizes = tuple((len(rom.rows), rom.row_bytes) for rom in roms)
        return WeightLoader(sizes, self.schedule.weight_sets, self.design)

    @property
    def members(self) -> dict[str, wiring.Member]:
        """What an accelerator has beside its streams of spikes and units."""
        sets = self.schedule.weight_sets
        load = {"load": In(stream.Signature(LOAD_LAYOUT)), "load_count": Out(8), "load_good": Out(1)}
        return {**({"weight_set": In(range(sets))} if sets > 1 else {}), **(load if self.loads else {})}

    def circuit(self, parts: tuple[PartCircuit, ...]) -> "ChangingWeightsCircuit":
        """The Amaranth component, which chooses the banks of the circuits of `parts`."""
        return ChangingWeightsCircuit(self, parts)


class ChangingWeightsCircuit(wiring.Component):
    """Circuit of `ChangingWeights`: streams `i` and `o` of spike words, and `ended`, that a result leaves.

    With several weight sets there is `weight_set`; with loadable layers the stream `load`, `load_count` and
    `load_good`, as the loader's `count` and `good`.
    """

    def __init__(self, spec: ChangingWeights, parts: tuple[PartCircuit, ...]):
        self.spec, self.parts = spec, parts
        words = stream.Signature(unsigned(spec.spike_words[0].bits))
        super().__init__({"i": In(words), "o": Out(words), "ended": In(1), **spec.members})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.in_flight = in_flight = self.spec.in_flight.circuit()
        wiring.connect(m, wiring.flipped(self.i), in_flight.i)
        wiring.connect(m, in_flight.o, wiring.flipped(self.o))
        m.d.comb += in_flight.ended.eq(self.ended)
        weight_set = self.weight_set if self.spec.schedule.weight_sets > 1 else Const(0, 0)
        layout = self.spec.tag_layout
        tag = data.View(layout, in_flight.tag)
        if "set" in layout.members:
            m.d.comb += tag.set.eq(weight_set)
        if self.spec.loads:
            m.d.comb += tag.bank.eq(self._load(m, in_flight, weight_set))
        for reader, (part, (_, loadable)) in enumerate(zip(self.parts, self.spec.parts, strict=True)):
            noted = data.View(layout, getattr(in_flight, f"tag{reader}"))
            m.d.comb += part.bank.eq(noted.bank if loadable else noted.set)
            m.d.comb += in_flight.finished[reader].eq(part.vector_end)
        return m

    def _load(self, m: Module, in_flight: InFlightCircuit, weight_set: Value) -> Value:
        """Lets frames write the loadable memories; the bank of a weight set."""
        m.submodules.loader = loader = self.spec.loader.circuit()
        wiring.connect(m, wiring.flipped(self.load), loader.i)
        m.d.comb += [
            loader.weight_set.eq(weight_set),
            loader.busy.eq(in_flight.older),
            in_flight.mark.eq(loader.changes),
            self.load_count.eq(loader.count),
            self.load_good.eq(loader.good),
        ]
        first = 0
        for part in (part for part in self.parts if part.spec.writable):
            end = first + len(part.spec.bank)
            m.d.comb += [getattr(part.writes, name).eq(getattr(loader.writes, name)) for name in _PLACE]
            m.d.comb += part.writes.enable.eq(loader.writes.enable[first:end])
            first = end
        return loader.bank


_PLACE = ("bank", "row", "byte", "data")

"""An accelerator whose weights are written while spikes flow, and what each of its results has to be made of."""

from dataclasses import dataclass, replace
from functools import cached_property

from amaranth.hdl import Array, Assert, Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.accelerator.pipeline import Pipeline
from hw.accelerator.weights import ChangingWeights
from hw.components.inflight import InFlight
from hw.components.loader import CHECKSUM_BYTES, WeightLoader
from tests.hw.formal.definitions import matches, word_of
from tests.hw.formal.functions import winner_word
from tests.hw.formal.held import expect


class AnyChecksum(wiring.Component):
    """In place of a checksum: whoever makes the circuit says when a frame's is right."""

    start: In(1)
    data: In(8)
    valid: In(1)
    match_detected: Out(1)

    def elaborate(self, platform: object) -> Module:
        return Module()

    def create(self) -> "AnyChecksum":
        """As `amaranth.lib.crc.Parameters` creates its circuit."""
        return self


@dataclass(frozen=True)
class AnyLoader(WeightLoader):
    """A loader whose frames are right whenever something outside says so."""

    verdict: AnyChecksum | None = None

    @property
    def checksum(self) -> AnyChecksum:
        return self.verdict


@dataclass(frozen=True, eq=False)
class AnyWeights(ChangingWeights):
    """Changing weights with such a loader, and few inferences in flight, since many say no more."""

    verdict: AnyChecksum | None = None
    capacity: int = 2

    @property
    def in_flight(self) -> InFlight:
        return replace(super().in_flight, capacity=self.capacity)

    @property
    def loader(self) -> AnyLoader:
        real = super().loader
        return AnyLoader(real.memories, real.weight_sets, real.start, self.verdict)


@dataclass(frozen=True, eq=False)
class AnyPipeline(Pipeline):
    """A pipeline with such weights."""

    @cached_property
    def verdict(self) -> AnyChecksum:
        return AnyChecksum()

    @cached_property
    def weights(self) -> AnyWeights:
        real = super().weights
        return AnyWeights(
            real.units, real.schedule, real.spike_words, real.latency_clocks, real.design, verdict=self.verdict
        )


@dataclass(frozen=True, eq=False)
class _InFlight:
    """An inference begins; a word passes, at its place; the last one does; how many there are a clock later."""

    begins: Signal
    passes: Signal
    last: Signal
    place: Signal
    count_next: Signal


class SwitchOver(wiring.Component):
    """A network of one score layer of bipolar inputs, loaded while spikes flow: no result mixes two sets of weights.

    Beside the circuit stands what it should hold: for each weight set the bytes of the last right frame, and those of
    the frame under way. An inference is given the bytes of its set as they are in the clock in which it begins, which
    is the clock before its first word can pass; its result has to be made of these alone.
    """

    def __init__(self, pipeline: AnyPipeline):
        self.pipeline = pipeline
        sets = pipeline.schedule.weight_sets
        super().__init__(
            {
                "spike": In(pipeline.input_format.bits),
                "spike_valid": In(1),
                "unit_ready": In(1),
                "load_data": In(8),
                "load_first": In(1),
                "load_valid": In(1),
                "verdict": In(1),
                **({"weight_set": In(range(sets))} if sets > 1 else {}),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipeline = self.pipeline
        m.submodules.circuit = circuit = pipeline.circuit()
        m.d.comb += [
            circuit.spikes.payload.eq(self.spike),
            circuit.spikes.valid.eq(self.spike_valid),
            circuit.units.ready.eq(self.unit_ready),
            circuit.load.payload.data.eq(self.load_data),
            circuit.load.payload.first.eq(self.load_first),
            circuit.load.valid.eq(self.load_valid),
            pipeline.verdict.match_detected.eq(self.verdict),
        ]
        chosen: Value = Const(0)
        if pipeline.schedule.weight_sets > 1:
            m.d.comb += circuit.weight_set.eq(self.weight_set)
            chosen = self.weight_set
        in_flight = self._in_flight(m, circuit)
        contents, judging, changes = self._frames(m, circuit)
        self._readiness(m, circuit, in_flight, judging, changes)
        self._results(m, circuit, in_flight, Array(Cat(one) for one in contents)[chosen])
        return m

    def _in_flight(self, m: Module, circuit: wiring.Component) -> "_InFlight":
        """When inferences begin, and how many there are."""
        capacity, words = self.pipeline.weights.in_flight.capacity, self.pipeline.words_per_spike
        inside, place = Signal(name="inside_spike"), Signal(range(words))
        count, count_next = Signal(range(capacity + 1), name="in_flight"), Signal(range(capacity + 1))
        begins, passes, last = Signal(), Signal(), Signal()
        m.d.comb += [
            begins.eq(self.spike_valid & ~inside & (count != capacity)),
            passes.eq(self.spike_valid & circuit.spikes.ready),
            last.eq(passes & (place == words - 1)),
            count_next.eq(count + begins - (circuit.units.valid & self.unit_ready)),
            Assert(~passes | inside, "no word passes before its inference began"),
        ]
        m.d.sync += count.eq(count_next)
        with m.If(begins):
            m.d.sync += inside.eq(1)
        with m.If(passes):
            m.d.sync += [place.eq(Mux(last, 0, place + 1)), inside.eq(~last)]
        return _InFlight(begins, passes, last, place, count_next)

    def _frames(self, m: Module, circuit: wiring.Component) -> tuple[list[list[Signal]], Value, Value]:
        """The bytes that each weight set has; whether a frame is judged, and whether it is right."""
        takes = circuit.load.valid & circuit.load.ready
        loader = self.pipeline.weights.loader
        n_bytes = loader.frame_bytes - 1 - CHECKSUM_BYTES
        spare = [Signal(8, name=f"frame{n}") for n in range(n_bytes)]
        sets = [
            [
                Signal(8, init=value, name=f"set{s}_{n}", reset_less=True)
                for n, value in enumerate(self._initial(network))
            ]
            for s, network in enumerate(self.pipeline.networks)
        ]
        at, inside, judging, named = Signal(range(loader.frame_bytes)), Signal(), Signal(), Signal(8)
        whole = takes & inside & ~self.load_first & (at == loader.frame_bytes - 1)
        m.d.sync += judging.eq(whole)
        with m.If(takes & self.load_first):
            m.d.sync += [inside.eq(1), at.eq(1), named.eq(self.load_data)]
        with m.Elif(takes & inside):
            m.d.sync += [inside.eq(~whole), at.eq(Mux(whole, 0, at + 1))]
            for n, byte in enumerate(spare, 1):
                with m.If(at == n):
                    m.d.sync += byte.eq(self.load_data)
        changes, count, good = Signal(), Signal(8), Signal()
        m.d.comb += changes.eq(judging & self.verdict & (named < len(sets)))
        for index, contents in enumerate(sets):
            with m.If(changes & (named == index)):
                m.d.sync += [held.eq(new) for held, new in zip(contents, spare, strict=True)]
        with m.If(judging):
            m.d.sync += [count.eq(count + 1), good.eq(changes)]
        m.d.comb += Assert(Cat(circuit.load_count, circuit.load_good) == Cat(count, good), "frames are judged")
        return sets, judging, changes

    def _readiness(
        self, m: Module, circuit: wiring.Component, in_flight: "_InFlight", judging: Value, changes: Value
    ) -> None:
        """A frame waits while one is judged, and for inferences that began before the last change; for no other."""
        older = Signal.like(in_flight.count_next, name="older")
        with m.If(changes):
            m.d.sync += older.eq(in_flight.count_next)
        with m.Elif((older != 0) & circuit.units.valid & self.unit_ready):
            m.d.sync += older.eq(older - 1)
        m.d.comb += Assert(circuit.load.ready == (~judging & (older == 0)), "frames wait for older inferences only")

    def _initial(self, network) -> list[int]:
        roms = self.pipeline.bank_of(0, network)
        return [byte for rom in roms for row in rom.rows for byte in row.to_bytes(rom.row_bytes, "little")]

    def _results(self, m: Module, circuit: wiring.Component, in_flight: "_InFlight", contents: Value) -> None:
        """Hold the results to the bytes that `contents` was for each inference when it began."""
        taken = Signal.like(contents)
        with m.If(in_flight.begins):
            m.d.sync += taken.eq(contents)
        earlier = [Signal.like(self.spike, name=f"word{n}") for n in range(self.pipeline.words_per_spike - 1)]
        for n, word in enumerate(earlier):
            with m.If(in_flight.passes & (in_flight.place == n)):
                m.d.sync += word.eq(self.spike)
        answer = self._answer(taken, [*earlier, self.spike])
        expect(m, circuit.units, answer, in_flight.last, self.pipeline.weights.in_flight.capacity)

    def _answer(self, contents: Value, words: list[Value]) -> Value:
        """The winner, from the bytes of a memory of weights and one of row constants."""
        unit, spec = self.pipeline.units[0], self.pipeline.argmax
        rows, columns = unit.weights.shape
        bytes_of = [contents[at : at + 8] for at in range(0, len(contents), 8)]
        scores = []
        for row in range(rows):
            weights = [byte[0] for byte in bytes_of[row * columns :][:columns]]
            constant = bytes_of[rows * columns + row][: unit.bias_bits].as_signed()
            score = constant + (matches(weights, words) << unit.shift)
            scores.append(word_of(spec.score, [score]).as_signed())
        return winner_word(spec, scores, Const(spec.margin))

"""Drives an accelerator whose weights change: spikes that choose a set, frames of bytes, a sink that stalls."""

from dataclasses import dataclass, replace

import numpy as np
from amaranth.hdl import ClockDomain, Module, Value
from amaranth.sim import Simulator

from hw.accelerator.load import load_frame
from hw.network.vectors import random_inputs
from tests.hw.networks import retrained

MOST_CLOCKS = 20_000  # of a stretch of traffic


@dataclass(frozen=True)
class Spike:
    """A spike that went in, and how many frames had been judged when it was offered and when it was taken."""

    weight_set: int
    values: np.ndarray
    offered_at: int
    taken_at: int


class Spikes:
    """Random spikes with random sets."""

    def __init__(self, accelerator, circuit, rng, gap):
        self.accelerator, self.circuit, self.rng, self.gap = accelerator, circuit, rng, gap
        self.taken, self.words, self.offered = [], [], False

    def drive(self, ctx, count, more):
        if not self.words and more:
            self._draw(ctx)
        if not self.offered and self.words and self.rng.random() >= self.gap:
            self.offered = True
            self.offered_at = count if self.offered_at is None else self.offered_at
            ctx.set(self.circuit.spikes.payload, self.words[0])
        ctx.set(self.circuit.spikes.valid, self.offered)

    def _draw(self, ctx):
        network, sets = self.accelerator.network, self.accelerator.schedule.weight_sets
        seed = int(self.rng.integers(1 << 30))
        self.values = random_inputs(network.input_format, network.n_inputs, 4, seed)[3]
        (self.words,) = self.accelerator.input_format.pack(self.values[None])
        self.weight_set, self.offered_at = int(self.rng.integers(sets)), None
        if sets > 1:
            ctx.set(self.circuit.weight_set, self.weight_set)

    def observe(self, ctx, count):
        if self.offered and ctx.get(self.circuit.spikes.ready):
            if len(self.words) == self.accelerator.words_per_spike:
                self.taken.append(Spike(self.weight_set, self.values, self.offered_at, count))
            self.words, self.offered = self.words[1:], False


class Frames:
    """The bytes of frames, one after another."""

    def __init__(self, circuit, rng, gap, frames):
        self.circuit, self.rng, self.gap, self.offered = circuit, rng, gap, False
        self.left = [(byte, int(at == 0)) for frame in frames for at, byte in enumerate(frame)]

    def drive(self, ctx):
        if not self.offered and self.left and self.rng.random() >= self.gap:
            self.offered = True
            ctx.set(self.circuit.load.payload.data, self.left[0][0])
            ctx.set(self.circuit.load.payload.first, self.left[0][1])
        ctx.set(self.circuit.load.valid, self.offered)

    def observe(self, ctx):
        if self.offered and ctx.get(self.circuit.load.ready):
            self.left, self.offered = self.left[1:], False


class Answers:
    """The results, and the words that each layer gave on the way."""

    def __init__(self, accelerator, circuit, rng, pause):
        self.accelerator, self.circuit, self.rng, self.pause = accelerator, circuit, rng, pause
        self.results, self.layers = [], [[] for _ in circuit.outputs]
        self.waits = False  # a result, since a clock

    def drive(self, ctx):
        takes = self.rng.random() >= self.pause.stall
        ctx.set(self.circuit.units.ready, takes and (self.waits or not self.pause.sink_waits))

    def observe(self, ctx):
        for log, o in zip(self.layers, self.circuit.outputs, strict=True):
            if ctx.get(o.valid & o.ready):
                log.append(ctx.get(Value.cast(o.payload)))
        valid, ready = ctx.get(self.circuit.units.valid), ctx.get(self.circuit.units.ready)
        if valid and ready:
            self.results.append(ctx.get(Value.cast(self.circuit.units.payload)))
        self.waits = bool(valid and not ready)

    def rows(self):
        """For each spike all that came of it: every layer's outputs, the unit, its score."""
        outputs = zip(self.accelerator.outputs, self.layers, strict=True)
        layers = [word.unpack(log).reshape(len(self.results), -1) for (word, _), log in outputs]
        results = [self.accelerator.result_layout.from_bits(word) for word in self.results]
        return np.concatenate([*layers, [[r.unit] for r in results], [[r.score] for r in results]], axis=1)


def expected(network, values):
    """What must come of a spike, as in `Answers.rows`."""
    x = values[None]
    scores = network.scores(x)
    parts = [*network.words(x), scores, network.classes(x)[:, None], scores.max(axis=1)[:, None]]
    return np.concatenate(parts, axis=1)[0]


def frames_of(rng, accelerator, kinds):
    """Frames of the kinds asked for, and the networks of all sets behind each that is judged."""
    loader = accelerator.weights.loader
    loadable = [fold.loadable for fold in accelerator.schedule.layers]
    networks, frames, states = list(accelerator.pipeline.networks), [], [accelerator.pipeline.networks]
    for kind in kinds:
        weight_set = int(rng.integers(len(networks)))
        network = retrained(rng, networks[weight_set], loadable)
        frame = load_frame(accelerator, network, weight_set)
        match kind:
            case "good":
                networks[weight_set] = network
            case "corrupt":
                place = int(rng.integers(8, 8 * len(frame)))
                frame = (int.from_bytes(frame, "little") ^ 1 << place).to_bytes(len(frame), "little")
            case "no such set":
                _, contents = loader.compute(frame)
                frame = loader.frame(len(networks), contents)
            case "other design":
                _, contents = loader.compute(frame)
                frame = replace(loader, start=loader.start ^ 1).frame(weight_set, contents)
            case "cut":
                frame = frame[: int(rng.integers(1, len(frame)))]
        frames.append(frame)
        if kind != "cut":
            states.append(tuple(networks))
    return frames, states


def assert_answers_are_of_their_time(bench, states):
    """Each is the whole of one network's: of its set, as it was between the spike's offer and its taking."""
    for spike, answer in zip(bench.spikes.taken, bench.answers.rows(), strict=True):
        possible = [
            expected(state[spike.weight_set], spike.values) for state in states[spike.offered_at : spike.taken_at + 1]
        ]
        assert any(np.array_equal(answer, one) for one in possible)


class Bench:
    """One accelerator, and the traffic of its latest stretch."""

    def __init__(self, accelerator, seed, pause):
        self.accelerator, self.rng, self.pause = accelerator, np.random.default_rng(seed), pause
        self.circuit, self.domain = accelerator.circuit(), ClockDomain("sync")
        self.count = self.good = 0
        self.loads = accelerator.weights is not None and accelerator.weights.loads

    def run(self, *stretches):
        """Stretches of traffic one after another: coroutines that take the simulator's context."""
        top = Module()
        top.domains.sync = self.domain
        top.submodules.circuit = self.circuit

        async def testbench(ctx):
            for name, value in self.accelerator.held_inputs.items():
                ctx.set(getattr(self.circuit, name), value)
            for stretch in stretches:
                await stretch(ctx)

        simulator = Simulator(top)
        simulator.add_clock(1e-6)
        simulator.add_testbench(testbench)
        simulator.run()

    def traffic(self, frames=(), more=6, clocks=None):
        """Spikes without end while frames load, then some more; until all answers are there, or for some clocks."""

        async def stretch(ctx):
            gap = self.pause.gap
            self.spikes = Spikes(self.accelerator, self.circuit, self.rng, gap)
            self.answers = Answers(self.accelerator, self.circuit, self.rng, self.pause)
            load = Frames(self.circuit, self.rng, gap, frames)
            last = None  # how many spikes there will be
            for _ in range(MOST_CLOCKS if clocks is None else clocks):
                taken = len(self.spikes.taken)
                if last is None and not load.left:
                    last = taken + more
                elif taken == len(self.answers.results) == last and not self.spikes.words:
                    break
                self.spikes.drive(ctx, self.count, last is None or taken < last)
                self.answers.drive(ctx)
                if self.loads:
                    load.drive(ctx)
                    load.observe(ctx)
                self.spikes.observe(ctx, self.count)
                self.answers.observe(ctx)
                await ctx.tick()
                if self.loads:
                    self.count, self.good = ctx.get(self.circuit.load_count), ctx.get(self.circuit.load_good)
            else:
                assert clocks is not None, "nothing moves"

        return stretch

    def reset(self):
        """A clock of reset, nothing offered."""

        async def stretch(ctx):
            ctx.set(self.circuit.spikes.valid, 0)
            ctx.set(self.circuit.load.valid, 0)
            ctx.set(self.domain.rst, 1)
            await ctx.tick()
            ctx.set(self.domain.rst, 0)
            self.judged, self.count = self.count, 0

        return stretch

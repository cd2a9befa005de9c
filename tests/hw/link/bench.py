"""A host link at work in the simulator: bytes in, bytes out, and a clock that counts beside it."""

import random
from dataclasses import dataclass, field

from amaranth.hdl import ClockDomain, Module
from amaranth.sim import Simulator

from hw.link.frames import Frame, FrameReader
from hw.link.host_link import HostLink
from hw.link.protocol import Kind
from hw.simulate.streams import CLOCK_PERIOD_S, Pauses
from tests.hw.modelboard import ModelBoard

QUIET_CLOCKS = 400  # behind the last answer, in which nothing may come
MOST_CLOCKS = 60_000  # without a byte either way


def simulated(circuit, *testbenches, background=()):
    """Run testbenches on a circuit to their end."""
    top = Module()
    top.domains.sync = ClockDomain("sync")
    top.submodules.circuit = circuit
    simulator = Simulator(top)
    simulator.add_clock(CLOCK_PERIOD_S)
    for testbench in testbenches:
        simulator.add_testbench(testbench)
    for testbench in background:
        simulator.add_testbench(testbench, background=True)
    simulator.run()


@dataclass
class Bench:
    """Sends pieces of a wire, each once the answers to those before it are there.

    Attributes:
        link: whose circuit is at work.
        pauses: of both sides.
        answers: that came.
        latencies: clocks from the first word that the accelerator took to its result, of every inference.
    """

    link: HostLink
    pauses: Pauses
    answers: list[Frame] = field(default_factory=list)
    latencies: list[int] = field(default_factory=list)

    def run(self, pieces):
        """Send `(bytes, how many answers they must have)`, one after another."""
        self.circuit, self.reader, self.quiet = self.link.circuit(), FrameReader(), 0
        self.rng = random.Random(self.pauses.seed)
        simulated(self.circuit, self._source(pieces), background=(self._sink, self._stopwatch))
        assert self.reader.dropped == 0, "an answer was damaged"

    def _source(self, pieces):
        async def testbench(ctx):
            due = 0
            for wire, n_answers in pieces:
                for byte in wire:
                    await self._send(ctx, byte)
                due += n_answers
                while len(self.answers) < due:
                    await ctx.tick()
                    assert self.quiet < MOST_CLOCKS, f"{len(self.answers)} of {due} answers came"
            await ctx.tick().repeat(QUIET_CLOCKS)
            assert len(self.answers) == due, "more answers than frames"

        return testbench

    async def _send(self, ctx, byte):
        while self.rng.random() < self.pauses.gap:
            await ctx.tick()
        ctx.set(self.circuit.i.payload, byte)
        ctx.set(self.circuit.i.valid, 1)
        ready = False
        while not ready:
            _, _, ready = await ctx.tick().sample(self.circuit.i.ready)
            assert self.quiet < MOST_CLOCKS, "the link takes nothing any more"
        self.quiet = 0
        ctx.set(self.circuit.i.valid, 0)

    async def _sink(self, ctx):
        o, waiting = self.circuit.o, None
        async for _, _, ready, valid, byte in ctx.tick().sample(o.ready, o.valid, o.payload):
            assert waiting in (None, byte if valid else -1), "a byte changed before it was taken"
            waiting = byte if valid and not ready else None
            self.quiet += 1
            if valid and ready:
                self.quiet = 0
                self.answers += self.reader.feed(bytes([byte]))
            ctx.set(o.ready, self.rng.random() >= self.pauses.stall)

    async def _stopwatch(self, ctx):
        spikes, units = self.circuit.accelerator.spikes, self.circuit.accelerator.units
        clock, begun, known = 0, None, False
        tick = ctx.tick().sample(spikes.valid & spikes.ready, units.valid, units.ready)
        async for _, _, word, valid, taken in tick:
            if word and begun is None:
                begun = clock
            if valid and not known:
                self.latencies.append(clock - begun)
            begun, known = (None, False) if valid and taken else (begun, known or bool(valid))
            clock += 1


def model_of(link, trained=None):
    """The board in Python that answers as the link must; `trained` as for a `ModelBoard`."""
    accelerator = link.accelerator
    networks = [accelerator.network] if accelerator.pipeline is None else list(accelerator.pipeline.networks)
    loader = accelerator.weights.loader if link.commands.has_loading else None
    return ModelBoard(networks, link.commands.status, loader, trained or {})


def assert_answers(link, pieces, pauses=Pauses(), trained=None):
    """All that the pieces have answered is what the model answers, the latencies as counted beside the link.

    A STATUS ends its piece, since it counts every frame that is there when it is answered.
    """
    model, reader, bench = model_of(link, trained), FrameReader(link.receiver.most_bytes), Bench(link, pauses)
    frames = [reader.feed(piece) for piece in pieces]
    bench.run(list(zip(pieces, map(len, frames), strict=True)))
    expected, latencies = FrameReader(), iter(bench.latencies)
    answers = []
    for byte in b"".join(pieces):
        for frame in reader.feed(bytes([byte])):
            sorts = frame.kind == Kind.SORT and len(frame.payload) == link.window_bytes
            model.latency_clocks = next(latencies) if sorts else 0
        answers += expected.feed(model.receive(bytes([byte])))
    assert bench.answers == answers
    assert next(latencies, None) is None, "the accelerator worked, and nobody was told"
    return bench

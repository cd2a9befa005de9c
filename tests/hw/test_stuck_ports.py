"""Handshakes stuck at the ports: a stuck stream blocks or repeats, and works again when it is released."""

from dataclasses import dataclass
from itertools import cycle

import numpy as np
import pytest
from amaranth.hdl import ClockDomain, Module, Value
from amaranth.sim import Simulator

from hw.network.vectors import random_inputs
from tests.hw.disturbances import DESIGNS, pipeline


@dataclass(frozen=True)
class Fault:
    """What sits on the lines between source, sorter and sink.

    Attributes:
        valid: level that the valid of spikes is stuck at; None follows the source.
        ready: level that the ready of results is stuck at; None follows the sink.
        heedless: the source goes on whether its word was taken or not, as with its ready stuck at 1.
    """

    valid: int | None = None
    ready: int | None = None
    heedless: bool = False


FAULTS = (Fault(valid=0), Fault(valid=1), Fault(ready=0), Fault(ready=1), Fault(heedless=True))
SOUND = Fault()


class Lines:
    """Words that the sorter took, results that the sink took, clock by clock."""

    def __init__(self, accelerator, seed):
        self.accelerator, self.circuit = accelerator, accelerator.circuit()
        self.rng = np.random.default_rng(seed)
        network = accelerator.network
        spikes = random_inputs(network.input_format, network.n_inputs, 500, seed)
        self.source = cycle([word for spike in accelerator.input_format.pack(spikes) for word in spike])
        self.word = next(self.source)
        self.taken, self.results, self.waiting = [], [], None

    async def clocks(self, ctx, fault, n):
        """Source and sink pause at random, but for what is stuck."""
        spikes, units = self.circuit.spikes, self.circuit.units
        offered = False
        for _ in range(n):
            offered = offered or bool(self.rng.random() < 0.8)
            ctx.set(spikes.valid, offered if fault.valid is None else fault.valid)
            ctx.set(spikes.payload, self.word)
            ctx.set(units.ready, bool(self.rng.random() < 0.7) if fault.ready is None else fault.ready)
            takes = bool(ctx.get(spikes.valid & spikes.ready))
            self._observe(ctx, takes)
            if (takes and fault.valid is None) or fault.heedless:
                self.word, offered = next(self.source), False
            await ctx.tick()

    async def passing(self, ctx, fault, n):
        """As `clocks`; how many words went in, and how many results came out."""
        before = len(self.taken), len(self.results)
        await self.clocks(ctx, fault, n)
        return len(self.taken) - before[0], len(self.results) - before[1]

    async def drained(self, ctx):
        """No more words, until the sorter is silent; the last window may be left unfinished."""
        ctx.set(self.circuit.spikes.valid, 0)
        ctx.set(self.circuit.units.ready, 1)
        for _ in range(self.settling):
            self._observe(ctx, takes=False)
            await ctx.tick()

    @property
    def settling(self):
        """Clocks after which all results are out."""
        return 8 * (self.accelerator.latency_clocks + self.accelerator.schedule.initiation_interval)

    def _observe(self, ctx, takes):
        units = self.circuit.units
        valid, ready, result = ctx.get(units.valid), ctx.get(units.ready), ctx.get(Value.cast(units.payload))
        assert self.waiting is None or (valid and result == self.waiting), "a result changed before it was taken"
        self.waiting = result if valid and not ready else None
        if takes:
            self.taken.append(self.word)
        if valid and ready:
            self.results.append(result)

    def expected(self):
        """Results of the windows that the words make, as many as are whole."""
        network, per_spike = self.accelerator.network, self.accelerator.words_per_spike
        whole = len(self.taken) // per_spike * per_spike
        spikes = self.accelerator.input_format.unpack(self.taken[:whole]).reshape(-1, network.n_inputs)
        return list(zip(network.classes(spikes), network.scores(spikes).max(axis=1), strict=True))

    def seen(self):
        layout = self.accelerator.result_layout
        results = [layout.from_bits(word) for word in self.results]
        return [(result.unit, result.score) for result in results]


def stick(kind, seed, clocks):
    """Every fault for some clocks, soundness between; how many results came."""
    accelerator = kind(np.random.default_rng(seed))
    lines = Lines(accelerator, seed)

    async def testbench(ctx):
        for name, value in accelerator.held_inputs.items():
            ctx.set(getattr(lines.circuit, name), value)
        for fault in FAULTS:
            await lines.passing(ctx, SOUND, clocks)
            went_in, came_out = await lines.passing(ctx, fault, clocks)
            assert (went_in == 0) == (fault.valid == 0) or fault.ready == 0
            if fault.ready == 0:
                assert came_out == 0
                assert await lines.passing(ctx, fault, clocks) == (0, 0), "what is not taken stops the source"
        await lines.clocks(ctx, SOUND, clocks)
        await lines.drained(ctx)

    top = Module()
    top.domains.sync = ClockDomain("sync")
    top.submodules.circuit = lines.circuit
    simulator = Simulator(top)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()
    assert lines.seen() == lines.expected()
    return len(lines.results)


@pytest.mark.verify("injected")
def test_stuck_handshakes_block_or_repeat(record_property):
    """Valid or ready stuck at a port blocks or repeats words, falsifies none, and leaves no hang when released."""
    record_property("faults", len(FAULTS))
    record_property("results", stick(pipeline, 2, 150))


@pytest.mark.slow
@pytest.mark.verify("injected")
@pytest.mark.parametrize("kind", DESIGNS)
def test_stuck_handshakes_on_every_kind_of_design(kind, record_property):
    """Valid or ready stuck at a port, on several designs of each kind: words blocked or repeated, none falsified."""
    record_property("faults", 3 * len(FAULTS))
    record_property("results", sum(stick(kind, seed, 600) for seed in range(3)))

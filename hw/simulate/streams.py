"""Drives a circuit's streams in Amaranth's simulator and holds them to the stream contract."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from amaranth.hdl import ClockDomain, Module, Value
from amaranth.lib import wiring
from amaranth.sim import Simulator

from hw.errors import NoResult
from hw.simulate.waveforms import Dump

CLOCK_PERIOD_S = 1e-6  # of simulated time; cycles are what is counted
IDLE_CYCLES = 64  # clocks after the last word in which nothing may come out


class StreamError(NoResult):
    """A circuit broke the stream contract, or gave too few or too many words."""


@dataclass(frozen=True)
class Pauses:
    """How often source and sink pause.

    Attributes:
        gap: probability that the source offers nothing in a clock.
        stall: probability that the sink takes nothing in a clock.
        seed: of the pauses.
        sink_waits: whether the sink takes nothing before it has seen a word wait, which a circuit whose valid waits
            for ready never shows.

    Raises:
        ValueError: for what is no probability, or a negative seed.
    """

    gap: float = 0.0
    stall: float = 0.0
    seed: int = 0
    sink_waits: bool = False

    def __post_init__(self) -> None:
        for name in ("gap", "stall"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"pauses: a {name} of {getattr(self, name)} is no probability")
        if self.seed < 0:
            raise ValueError(f"pauses: the seed {self.seed} is negative")


@dataclass(frozen=True)
class StreamRun:
    """What came out.

    Attributes:
        words: words that the sink took.
        cycles_in: clock in which each input word was taken.
        cycles_out: clock in which each output word was taken.
        tapped: for each tap, the words that passed it.
    """

    words: list[int]
    cycles_in: list[int]
    cycles_out: list[int]
    tapped: list[list[int]]


def run_stream(
    circuit: wiring.Component,
    words: Sequence[int],
    n_out: int,
    *,
    source: str = "i",
    sink: str = "o",
    taps: Sequence[wiring.PureInterface] = (),
    held: Mapping[str, int] = MappingProxyType({}),
    hold_after: int | None = None,
    pauses: Pauses = Pauses(),
    quiet_cap: int = 10_000,
    idle_cycles: int = IDLE_CYCLES,
    vcd: Path | None = None,
    vcd_words: tuple[int, int] | None = None,
    progress: Callable[[float], None] | None = None,
) -> StreamRun:
    """Feed `words` into one stream of a circuit and take `n_out` words from another.

    Args:
        circuit: component in the `sync` domain.
        words: payloads to offer, in order.
        n_out: words that must come out, no more and no fewer.
        source: name of the input stream.
        sink: name of the output stream.
        taps: further streams inside, to be watched.
        held: inputs beside the streams, by name, and the value that each holds all the time.
        hold_after: offer only so many words at first, and the rest once the first output word has been taken (to
            count the latency of an empty pipeline).
        pauses: seeded random gaps and stalls.
        quiet_cap: clocks without any transfer after which a missing word is an error.
        idle_cycles: clocks at the end in which nothing may come out.
        vcd: file for a waveform dump.
        vcd_words: what is dumped: from when so many words have gone in until so many have come out; None dumps all.
        progress: called with the fraction of output words taken.

    Raises:
        StreamError: if a word is missing or too many, valid falls or a payload changes before it was taken.
    """
    dump = None if vcd is None else Dump(vcd, *(vcd_words or (0, None)))
    bench = _Bench(words, n_out, hold_after, pauses, quiet_cap, idle_cycles, dump, progress)
    top = Module()
    top.domains.sync = ClockDomain("sync")  # a circuit of wires has none of its own
    top.submodules.circuit = circuit
    simulator = Simulator(top)
    simulator.add_clock(CLOCK_PERIOD_S)
    simulator.add_testbench(_holding(circuit, held))
    simulator.add_testbench(bench.process(getattr(circuit, source), getattr(circuit, sink), taps))
    with dump.of(simulator) if dump else nullcontext():
        simulator.run()
    return StreamRun(bench.taken, bench.cycles_in, bench.cycles_out, bench.tapped)


def _holding(circuit: wiring.Component, held: Mapping[str, int]) -> Callable[[Any], Awaitable[None]]:
    async def testbench(ctx: Any) -> None:
        for name, value in held.items():
            ctx.set(getattr(circuit, name), value)

    return testbench


class _Bench:
    """State of one run: what has been offered and taken so far."""

    def __init__(
        self,
        words: Sequence[int],
        n_out: int,
        hold_after: int | None,
        pauses: Pauses,
        quiet_cap: int,
        idle_cycles: int,
        dump: Dump | None,
        progress: Callable[[float], None] | None,
    ):
        self.words, self.n_out, self.hold_after = words, n_out, hold_after
        self.pauses, self.quiet_cap, self.idle_cycles = pauses, quiet_cap, idle_cycles
        self.dump, self.progress = dump, progress
        self.rng = np.random.default_rng(pauses.seed)
        self.taken: list[int] = []
        self.cycles_in: list[int] = []
        self.cycles_out: list[int] = []
        self.tapped: list[list[int]] = []

    def process(self, i: Any, o: Any, taps: Sequence[Any]) -> Callable[[Any], Awaitable[None]]:
        self.tapped = [[] for _ in taps]
        watched = [Value.cast(s) for tap in taps for s in (tap.valid & tap.ready, tap.payload)]

        async def testbench(ctx: Any) -> None:
            offered, ready, waiting = False, False, None
            cycle = idle = quiet = 0
            tick = ctx.tick().sample(i.ready, o.valid, Value.cast(o.payload), *watched)
            async for _, _, i_ready, o_valid, o_payload, *tapped in tick:
                self._watch(tapped)
                if waiting is not None and (not o_valid or o_payload != waiting):
                    raise StreamError(f"clock {cycle}: an output word changed before it was taken")
                waiting = o_payload if o_valid and not ready else None
                quiet += 1
                if offered and i_ready:
                    self.cycles_in.append(cycle)
                    quiet = 0
                if o_valid and ready:
                    self._take(o_payload, cycle)
                    quiet = 0
                done = len(self.taken) == self.n_out and len(self.cycles_in) == len(self.words)
                idle = idle + 1 if done else 0
                if idle > self.idle_cycles:
                    return
                self._check_cap(cycle, quiet)
                if self.dump:
                    self.dump.moved(len(self.cycles_in), len(self.taken))
                offered = self._offers(offered and not i_ready)
                ready = self._accepts(waiting is not None)
                self._drive(ctx, i, o, offered, ready)
                cycle += 1

        return testbench

    def _drive(self, ctx: Any, i: Any, o: Any, offered: bool, ready: bool) -> None:
        ctx.set(i.valid, offered)
        if offered:
            ctx.set(Value.cast(i.payload), self.words[len(self.cycles_in)])
        ctx.set(o.ready, ready)

    def _offers(self, still_waiting: bool) -> bool:
        if still_waiting:
            return True
        next_word = len(self.cycles_in)
        if next_word >= len(self.words):
            return False
        if self.hold_after is not None and next_word >= self.hold_after and not self.taken:
            return False
        return not self.rng.random() < self.pauses.gap

    def _accepts(self, word_waits: bool) -> bool:
        return (word_waits or not self.pauses.sink_waits) and not self.rng.random() < self.pauses.stall

    def _take(self, word: int, cycle: int) -> None:
        if len(self.taken) == self.n_out:
            raise StreamError(f"clock {cycle}: a word came out after the last one expected ({self.n_out})")
        self.taken.append(int(word))
        self.cycles_out.append(cycle)
        if self.progress:
            self.progress(len(self.taken) / self.n_out)

    def _watch(self, tapped: Sequence[int]) -> None:
        for log, passed, payload in zip(self.tapped, tapped[::2], tapped[1::2], strict=True):
            if passed:
                log.append(int(payload))

    def _check_cap(self, cycle: int, quiet: int) -> None:
        if quiet > self.quiet_cap:
            raise StreamError(
                f"clock {cycle}: {len(self.taken)} of {self.n_out} words came out, "
                f"{len(self.cycles_in)} of {len(self.words)} went in, and nothing moves"
            )

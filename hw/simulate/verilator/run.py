"""Runs a compiled bench: words in from NumPy, results and watched words back as NumPy arrays."""

import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from hw.simulate.streams import IDLE_CYCLES, Pauses, StreamError
from hw.simulate.verilator.bench import Bench
from hw.simulate.verilator.program import CompileError

_STUCK, _UNSTABLE = 5, 6  # exit codes of the harness


class Kind(IntEnum):
    """What happens to the bench at some clock; the numbers are the harness's."""

    RESET = 0
    """The reset is active for `length` clocks."""
    STOP_LOW = 1
    """The clock stands still, low, while the other inputs take `length` random values."""
    STOP_HIGH = 2
    """The same with the clock high."""
    UPSET = 3
    """Bit `length` of the bench's registers flips."""


@dataclass(frozen=True)
class Event:
    """Something that happens to the bench.

    Attributes:
        kind: what.
        clock: when: clocks since the start, those of resets not counted.
        length: how long; the kind tells of what.
    """

    kind: Kind
    clock: int
    length: int = 1


@dataclass(frozen=True)
class Waveforms:
    """A dump of the signals while some spikes are run.

    Attributes:
        path: the .vcd file.
        spikes: from the first one's first word to the last one's result; None dumps all.
    """

    path: Path
    spikes: range | None = None


@dataclass(frozen=True)
class Stimulus:
    """What the harness does to a bench.

    Attributes:
        n_spikes: how many spikes there are.
        words_per_spike: words of one.
        quiet_cap: clocks without any transfer after which a missing word is an error.
        hold_after: spikes offered before the first result has come; None offers all.
        pauses: seeded random gaps and stalls.
        frames: weight frames, loaded before the first spike.
        events: what happens to the bench, in order.
        waveforms: what to dump, by a program that was compiled to.
    """

    n_spikes: int
    words_per_spike: int
    quiet_cap: int
    hold_after: int | None = None
    pauses: Pauses = field(default_factory=Pauses)
    frames: Sequence[bytes] = ()
    events: Sequence[Event] = ()
    waveforms: Waveforms | None = None

    def arguments(self, bench: Bench) -> dict[str, object]:
        """The harness's arguments, by name."""
        held = self.n_spikes if self.hold_after is None else self.hold_after
        return {
            "words": self.n_spikes * self.words_per_spike,
            "results": self.n_spikes,
            "words_per_spike": self.words_per_spike,
            "hold_after": held * self.words_per_spike,
            "quiet_cap": self.quiet_cap,
            "idle_cycles": IDLE_CYCLES,
            "gap": int(self.pauses.gap * 2**32),
            "stall": int(self.pauses.stall * 2**32),
            "sink_waits": int(self.pauses.sink_waits),
            "seed": self.pauses.seed,
            "word_bits": bench.ports.spike_bits,
            "result_bits": bench.ports.result_bits,
            **{f"tap{index}": tap.size for index, tap in enumerate(bench.taps)},
            **({} if self.waveforms is None else self._dump(self.waveforms)),
        }

    def _dump(self, waveforms: Waveforms) -> dict[str, object]:
        spikes = waveforms.spikes or range(self.n_spikes + 1)
        return {"vcd": waveforms.path.resolve(), "vcd_first": spikes.start, "vcd_end": spikes.stop}


@dataclass(frozen=True, eq=False)
class Records:
    """What a run left. Clocks count from the start, those of resets not counted.

    Attributes:
        starts: clock in which the first word of each spike was taken, int64; spikes that a reset dropped while they
            were sent are among them.
        spikes: spike of each result, int64 `[results]`.
        clocks: clock in which each result was taken, int64 `[results]`.
        words: result words, uint8 `[results, bytes]`, low byte first.
        tapped: for each tap the words that passed, uint8 `[words, bytes]`.
    """

    starts: NDArray[np.int64]
    spikes: NDArray[np.int64]
    clocks: NDArray[np.int64]
    words: NDArray[np.uint8]
    tapped: tuple[NDArray[np.uint8], ...]


def run(
    program: Path,
    bench: Bench,
    words: Iterable[NDArray[np.uint8]],
    stimulus: Stimulus,
    progress: Callable[[float], None] | None = None,
) -> Records:
    """Run a compiled bench.

    Args:
        program: what `compile_program` gave for the bench.
        bench: the bench.
        words: chunks of spike words, each `[..., bytes]`, low byte first.
        stimulus: what is done to it.
        progress: called with the fraction of results.

    Raises:
        StreamError: if nothing moves any more, or a result changes before it is taken.
        CompileError: if the program itself fails.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder, words, stimulus)
        arguments = [f"{name}={value}" for name, value in stimulus.arguments(bench).items()]
        with subprocess.Popen(
            [program.resolve(), *arguments], cwd=folder, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                for line in process.stdout or ():
                    if progress:
                        progress(int(line) / stimulus.n_spikes)
            except BaseException:  # an interruption too; else the program would run on
                process.kill()
                raise
        if process.returncode not in (0, _STUCK, _UNSTABLE):
            raise CompileError(f"the compiled simulation ended with {process.returncode}")
        records = _read(folder, bench)
    if process.returncode:
        what = "nothing moves" if process.returncode == _STUCK else "an output word changed before it was taken"
        raise StreamError(
            f"the compiled circuit gave {len(records.words)} of {stimulus.n_spikes} results, and {what}"
        )
    return records


def _write(folder: Path, words: Iterable[NDArray[np.uint8]], stimulus: Stimulus) -> None:
    with (folder / "spikes.bin").open("wb") as file:
        for chunk in words:
            file.write(chunk.tobytes())
    loads = [(byte, at == 0) for frame in stimulus.frames for at, byte in enumerate(frame)]
    np.array(loads, dtype=np.uint8).tofile(folder / "loads.bin")
    events = [(event.kind, event.clock, event.length) for event in stimulus.events]
    np.array(events, dtype="<u8").tofile(folder / "events.bin")


def _read(folder: Path, bench: Bench) -> Records:
    result = np.dtype([("spike", "<i8"), ("clock", "<i8"), ("word", "u1", (-(-bench.ports.result_bits // 8),))])
    results = np.fromfile(folder / "results.bin", result)
    tapped = [
        np.fromfile(folder / f"tap{index}.bin", np.uint8).reshape(-1, tap.size)
        for index, tap in enumerate(bench.taps)
    ]
    starts = np.fromfile(folder / "starts.bin", "<i8")
    return Records(starts, results["spike"], results["clock"], results["word"], tuple(tapped))

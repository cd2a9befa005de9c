"""Waveforms of a stretch of a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOBase
from pathlib import Path
from typing import TextIO

from amaranth.sim import Simulator

from hw.errors import BadInput


def check_stretch(spikes: range | None, n: int) -> None:
    """Raise BadInput unless these are some of `n` spikes, or None for all."""
    if spikes is not None and not 0 <= spikes.start < spikes.stop <= n:
        raise BadInput(
            f"waveforms of the spikes from {spikes.start} up to {spikes.stop}: expected a stretch within 0 to {n}"
        )


class Dump(TextIOBase):
    """Amaranth's waveforms as a file, from when some words have gone in until some have come out.

    Its simulator dumps from the first clock or not at all. What changes before the stretch is known by its last
    value, which the stretch begins with.

    Args:
        path: the file (.vcd).
        first: words that have gone in when the stretch begins.
        end: words that have come out when it ends; None for the end of the run.
    """

    def __init__(self, path: Path, first: int = 0, end: int | None = None):
        self._path, self._first, self._end = path, first, end
        self._file: TextIO
        self._in_header, self._kept = True, False
        self._time = "#0"
        self._values: dict[str, str] = {}

    @contextmanager
    def of(self, simulator: Simulator) -> Iterator[None]:
        """Dump what the simulator does."""
        with self._path.open("w", encoding="utf-8") as self._file, simulator.write_vcd(self):
            yield

    def moved(self, words_in: int, words_out: int) -> None:
        """Tell how many words have gone in and come out."""
        within = words_in >= self._first and (self._end is None or words_out < self._end)
        if within and not self._kept:
            print(self._time, "$dumpvars", *self._values.values(), "$end", sep="\n", file=self._file)
        self._kept = within

    def write(self, text: str) -> int:
        """Take whole lines."""
        for line in text.splitlines():
            self._take(line)
        return len(text)

    def _take(self, line: str) -> None:
        if self._in_header or self._kept:
            print(line, file=self._file)
            self._in_header = self._in_header and not line.startswith("$enddefinitions")
        elif line.startswith("#"):
            self._time = line
        elif not line.startswith("$"):
            # A bit stands right before its name, anything longer a space before.
            self._values[line[1:] if line[0] in "01xzXZ" else line.rpartition(" ")[2]] = line

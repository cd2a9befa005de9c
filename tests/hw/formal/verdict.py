"""What a proof comes to."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

Mode = Literal["prove", "bmc", "induction", "cover"]


class Undecided(RuntimeError):
    """Neither proven nor refuted: out of time, not inductive, or a tool that failed. It never counts as proven."""


class Outcome(TypedDict):
    """What a solver says."""

    passed: bool
    failing: tuple[str, ...]
    step: int | None
    trace: Path | None


PROVEN = Outcome(passed=True, failing=(), step=None, trace=None)


@dataclass(frozen=True)
class Verdict:
    """Proven or refuted.

    Attributes:
        passed: every assertion holds (or every cover was reached).
        failing: names of assertions that fail, as their messages with underscores (or of covers not reached).
        step: clock in which the first fails, counted from 0; None if none does.
        trace: waveform that leads there; None if none fails, or no solver wrote one.
        seconds: the proof took, tools started included.
    """

    passed: bool
    failing: tuple[str, ...]
    step: int | None
    trace: Path | None
    seconds: float

"""The folding of the gateware: what it is to meet, and what is given of it."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from flows.errors import BadInput
from flows.settings.require import require
from hw.schedule.target import Target, clocks_of_latency, clocks_of_rate

Minimised = Literal["luts", "memory", "balanced"]
BuiltAs = Literal["auto", "pipeline", "engine"]
STORAGES = ("block", "logic", "constant")
DEFAULT_CYCLES = 512


@dataclass(frozen=True)
class FoldingSettings:
    """What the gateware has to keep up with, and what of its folding is given."""

    # Largest initiation interval, in clocks an inference.
    cycles: int | None = None
    # The same in inferences a second at the clock.
    rate_per_s: float | None = None
    # Largest latency from a spike's first word to its result.
    latency_clocks: int | None = None
    # The same in microseconds at the clock.
    latency_us: float | None = None
    # What is to be least among the foldings that keep up: LUTs, block memories, or the scarcest of all.
    minimise: Minimised = "luts"
    # Rows a clock of each layer; None leaves them to the search.
    pe: tuple[int, ...] | None = None
    # Columns a clock of each layer; None leaves them to the search.
    simd: tuple[int, ...] | None = None
    # Where each layer's weights are kept; None leaves it to the search.
    storage: tuple[str, ...] | None = None
    # Schedule to take as it is (.json), in place of any search.
    schedule: Path | None = None
    # A pipeline of layers, one engine that all layers share, or whichever is cheaper.
    architecture: BuiltAs = "auto"
    # Layers whose weights are written at run time, by name; "all" stands for every one.
    loadable: tuple[str, ...] = ()
    # Sets of weights, of which each spike chooses one.
    weight_sets: int = 1
    # Groups of columns of each layer that block memory counts; None leaves them to the search.
    count_tables: tuple[int, ...] | None = None
    # Additions in a row between two registers of unrolled layers.
    levels_per_stage: int = 1
    # More registers in folded layers, for a faster clock; None has them on a board only.
    deep_pipeline: bool | None = None

    def __post_init__(self) -> None:
        for option, value, wanted in (
            ("--cycles", self.cycles, "at least 1 clock an inference"),
            ("--latency-clocks", self.latency_clocks, "at least 1 clock"),
        ):
            require(value is None or value >= 1, option, value, wanted)
        for option, quantity, wanted in (
            ("--rate", self.rate_per_s, "more than 0 inferences a second"),
            ("--latency-us", self.latency_us, "more than 0 microseconds"),
        ):
            require(quantity is None or 0 < quantity < math.inf, option, quantity, wanted)
        _require_one("--cycles", self.cycles, "--rate", self.rate_per_s)
        _require_one("--latency-clocks", self.latency_clocks, "--latency-us", self.latency_us)
        require(1 <= self.weight_sets <= 256, "--weight-sets", self.weight_sets, "1 to 256")
        require(self.levels_per_stage >= 1, "--levels-per-stage", self.levels_per_stage, "at least 1")
        unknown = [storage for storage in self.storage or () if storage not in STORAGES]
        require(not unknown, "--storage", ",".join(unknown), " or ".join(STORAGES))
        if self.schedule is not None:
            suffix = self.schedule.suffix.lower()
            require(suffix == ".json" and self.schedule.is_file(), "--schedule", self.schedule, "a schedule (.json)")
            if replace(self, schedule=None) != FoldingSettings():
                raise BadInput(f"--schedule {self.schedule}: no other option of the folding goes with it")

    def target(self, clock_mhz: float) -> Target:
        """What is to be met, in clocks; nothing where PE and SIMD are given and no target is.

        Raises:
            BadInput: if a rate or a latency is less than a clock.
        """
        interval, latency = self.cycles, self.latency_clocks
        if self.rate_per_s is not None:
            interval = clocks_of_rate(self.rate_per_s, clock_mhz)
            require(
                interval > 0, "--rate", f"{self.rate_per_s:g}", f"at most one inference a clock of {clock_mhz:g} MHz"
            )
        if self.latency_us is not None:
            latency = clocks_of_latency(self.latency_us, clock_mhz)
            require(latency > 0, "--latency-us", f"{self.latency_us:g}", f"a clock of {clock_mhz:g} MHz or more")
        if interval is latency is None and (self.pe is None or self.simd is None):
            interval = DEFAULT_CYCLES
        in_time = self.rate_per_s is not None or self.latency_us is not None
        return Target(interval, latency, clock_mhz if in_time else None)


def _require_one(option: str, value: object, other: str, other_value: object) -> None:
    if value is not None and other_value is not None:
        raise BadInput(f"{option} {value} {other} {other_value}: one of the two is wanted")

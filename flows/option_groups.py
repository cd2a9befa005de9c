"""Options that several commands share, and the settings that they make together."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from flows import options
from flows.settings import ChipSettings, FoldingSettings, HardwareSettings, whole_numbers, words


def taking(**groups: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a command take, in place of a parameter, the options of a function that makes its value.

    Args:
        groups: for each such parameter, by name, the function. Its parameters are keywords with defaults, and are
            called as no other of the command's.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        signatures = {name: inspect.signature(group).parameters for name, group in groups.items()}

        @wraps(command)
        def taken(**given: Any) -> Any:
            made = {
                name: groups[name](**{option: given.pop(option) for option in parameters})
                for name, parameters in signatures.items()
            }
            return command(**given, **made)

        own = inspect.signature(command)
        merged = [
            replaced.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for name, parameter in own.parameters.items()
            for replaced in signatures.get(name, {name: parameter}).values()
        ]
        taken.__dict__["__signature__"] = own.replace(parameters=merged)
        return taken

    return decorate


def hardware(
    *,
    device: options.Device = HardwareSettings.device,
    clock_mhz: options.ClockMhz = HardwareSettings.clock_mhz,
    unsorted_margin: options.UnsortedMargin = None,
    unsorted_register: options.UnsortedRegister = False,
) -> HardwareSettings:
    """The device, its clock, and when it answers 'unsorted'."""
    return HardwareSettings(device, clock_mhz, unsorted_margin=unsorted_margin, unsorted_register=unsorted_register)


def foldings(
    *,
    architecture: options.ArchitectureOf = FoldingSettings.architecture,
    pe: options.Pe = None,
    simd: options.Simd = None,
    storage: options.StorageOf = None,
    count_tables: options.CountTables = None,
    levels_per_stage: options.LevelsPerStage = FoldingSettings.levels_per_stage,
    deep_pipeline: options.DeepPipeline = None,
    loadable: options.Loadable = None,
    weight_sets: options.WeightSets = FoldingSettings.weight_sets,
) -> FoldingSettings:
    """What a folding is chosen from."""
    return FoldingSettings(
        pe=numbers("--pe", pe),
        simd=numbers("--simd", simd),
        storage=words(storage),
        architecture=architecture,
        loadable=words(loadable) or (),
        weight_sets=weight_sets,
        count_tables=numbers("--count-tables", count_tables),
        levels_per_stage=levels_per_stage,
        deep_pipeline=deep_pipeline,
    )


@taking(among=foldings)
def folding(
    *,
    cycles: options.Cycles = None,
    rate: options.Rate = None,
    latency_clocks: options.LatencyClocks = None,
    latency_us: options.LatencyUs = None,
    minimise: options.Minimise = FoldingSettings.minimise,
    among: FoldingSettings,
    schedule: options.ScheduleFile = None,
) -> FoldingSettings:
    """What a folding is chosen from, and which one is."""
    return replace(
        among,
        cycles=cycles,
        rate_per_s=rate,
        latency_clocks=latency_clocks,
        latency_us=latency_us,
        minimise=minimise,
        schedule=schedule,
    )


def chip(
    *,
    board: options.OnBoard = ChipSettings.board,
    clock_mhz: options.ChipClockMhz = None,
    transport: options.TransportOf = ChipSettings.transport,
    baud: options.ChipBaud = ChipSettings.baud,
    scores: options.Scores = ChipSettings.scores,
    seed: options.PlacementSeed = ChipSettings.seed,
    attempts: options.Attempts = ChipSettings.attempts,
    spikes: options.SpikesThroughPins = ChipSettings.spikes,
    native_tools: options.NativeTools = False,
) -> ChipSettings:
    """The chip around the gateware, on a board."""
    return ChipSettings(board, clock_mhz, transport, baud, scores, seed, attempts, spikes, native_tools)


def numbers(option: str, text: str | None) -> tuple[int, ...] | None:
    """Whole numbers of an option that may be left out.

    Raises:
        BadInput: the text is something else; the message names `option`.
    """
    return None if text is None else whole_numbers(option, text)

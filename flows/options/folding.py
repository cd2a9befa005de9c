"""What the gateware has to keep up with, and what of its folding is given."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from typer import Option

from flows.options.taking import taking
from flows.options.texts import numbers, words
from flows.settings.folding import DEFAULT_CYCLES, STORAGES, BuiltAs, FoldingSettings, Minimised

_PANEL = "Folding"

Cycles = Annotated[
    int | None,
    Option(
        "--cycles",
        help=f"Most clocks an inference may take; {DEFAULT_CYCLES} where no target is given.",
        rich_help_panel=_PANEL,
    ),
]
Rate = Annotated[
    float | None,
    Option("--rate", help="Fewest inferences a second, at --clock-mhz.", rich_help_panel=_PANEL),
]
LatencyClocks = Annotated[
    int | None,
    Option("--latency-clocks", help="Most clocks from a spike's first word to its result.", rich_help_panel=_PANEL),
]
LatencyUs = Annotated[
    float | None,
    Option("--latency-us", help="The same in microseconds, at --clock-mhz.", rich_help_panel=_PANEL),
]
Minimise = Annotated[
    Minimised,
    Option(
        "--minimise",
        help="What is least among all that keep up: LUTs, block memories, or the scarcest of all resources.",
        rich_help_panel=_PANEL,
    ),
]
ArchitectureOf = Annotated[
    BuiltAs,
    Option(
        "--architecture",
        help="A pipeline of layers, one engine that all of them share, or whichever is cheaper.",
        rich_help_panel=_PANEL,
    ),
]
Pe = Annotated[
    str | None,
    Option(
        "--pe",
        metavar="N,N,...",
        help="Rows a clock of each layer, as given; the rest is searched.",
        rich_help_panel=_PANEL,
    ),
]
Simd = Annotated[
    str | None,
    Option(
        "--simd",
        metavar="N,N,...",
        help="Columns a clock of each layer, as given; the rest is searched.",
        rich_help_panel=_PANEL,
    ),
]
StorageOf = Annotated[
    str | None,
    Option(
        "--storage",
        metavar="WORD,WORD,...",
        help=f"Where each layer's weights are kept: {' or '.join(STORAGES)}; the rest is searched.",
        rich_help_panel=_PANEL,
    ),
]
CountTables = Annotated[
    str | None,
    Option(
        "--count-tables",
        metavar="N,N,...",
        help="Groups of three columns of each layer that block memory counts; the rest is searched.",
        rich_help_panel=_PANEL,
    ),
]
LevelsPerStage = Annotated[
    int,
    Option(
        "--levels-per-stage",
        help="Additions in a row between two registers of layers whose weights are constants.",
        rich_help_panel=_PANEL,
    ),
]
DeepPipeline = Annotated[
    bool | None,
    Option(
        "--deep-pipeline/--no-deep-pipeline",
        help="More registers in layers whose weights are in memories, for a faster clock.",
        show_default="only on a board",
        rich_help_panel=_PANEL,
    ),
]
ScheduleFile = Annotated[
    Path | None,
    Option("--schedule", help="Schedule (.json) to build as it is; nothing is searched.", rich_help_panel=_PANEL),
]
Loadable = Annotated[
    str | None,
    Option(
        "--loadable",
        metavar="LAYER,LAYER,...",
        help="Layers whose weights can be written at run time, by name, or all.",
        rich_help_panel=_PANEL,
    ),
]
WeightSets = Annotated[
    int,
    Option(
        "--weight-sets",
        help="Sets of weights in one device, of which each spike chooses one (one per channel).",
        rich_help_panel=_PANEL,
    ),
]


def foldings(
    *,
    architecture: ArchitectureOf = FoldingSettings.architecture,
    pe: Pe = None,
    simd: Simd = None,
    storage: StorageOf = None,
    count_tables: CountTables = None,
    levels_per_stage: LevelsPerStage = FoldingSettings.levels_per_stage,
    deep_pipeline: DeepPipeline = None,
    loadable: Loadable = None,
    weight_sets: WeightSets = FoldingSettings.weight_sets,
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
    cycles: Cycles = None,
    rate: Rate = None,
    latency_clocks: LatencyClocks = None,
    latency_us: LatencyUs = None,
    minimise: Minimise = FoldingSettings.minimise,
    among: FoldingSettings,
    schedule: ScheduleFile = None,
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

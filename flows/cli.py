"""The command line: `spikeloom`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from flows import option_groups, options
from flows import steps as step_library
from flows.display import bar_on, shown_on
from flows.errors import BadInput, NotEqualError, one_line, user_message
from flows.option_groups import numbers, taking
from flows.pipeline import Step, run_steps
from flows.report.assemble import assemble
from flows.report.comparison import Comparison, compare_reports
from flows.report.replayed import Replayed
from flows.report.sent import Sent
from flows.report.terminal import show, show_comparison, show_table
from flows.report.write import page_path, write_comparison, write_report
from flows.runfolder import MANIFEST, PROGRAM, RunFolder, existing_run_folder, latest_run
from flows.settings import (
    DEFAULT_SPIKES,
    CheckSettings,
    ChipSettings,
    DemandSettings,
    DesignEngine,
    FoldingSettings,
    HardwareSettings,
    SendSettings,
    Settings,
    SimulationSettings,
    SortingSettings,
    SpikeSettings,
    TrainingSettings,
    UpsetSettings,
    number_or_all,
    stretch,
    whole_numbers,
    words,
)
from flows.steps import Kind
from hw.boards.board import board_named
from hw.errors import NoResult

AFTER_TRAINING = "lower"
"""First step that reads the QONNX file: where `hw` and `sim` go on in a folder that `train` has left."""

RUNS = Path("runs")


class Workbench(Protocol):
    """What the commands set to work; the module `flows.steps` is one."""

    def build(self, settings: Settings, kind: Kind) -> Sequence[Step]:
        """The steps of a run, in order."""

    def write_recording(
        self, settings: SimulationSettings, path: Path, progress: Callable[[float, str], None]
    ) -> str:
        """Simulate a ground-truth recording into a `.npz` file; returns one line about it."""

    def write_finn(self, source: Path, path: Path) -> str:
        """Write the network of a run folder, or of a QONNX file, as a FINN-style graph; returns one line about it."""

    def write_frame(self, model: Path, run: Path, path: Path, weight_set: int) -> str:
        """Write the frame that loads a QONNX file's weights into a run's gateware; returns one line about it."""

    def replay_case(self, path: Path, engine: DesignEngine | None, vcd: Path | None) -> Replayed:
        """Run the case of a difference again."""

    def load_onto_board(self, run: Path, runs_loader: bool) -> str:
        """Load a run's bitstream onto its board, or only tell the command that does; returns it."""

    def what_became(self, run: Path) -> str:
        """One line about what a run has left for a board."""

    def send_spikes(self, run: Path, settings: SendSettings, progress: Callable[[float, str], None]) -> Sent:
        """Send a run's spikes to a board that is plugged in, and hold its answers against the integer network."""

    def warm(self, progress: Callable[[float, str], None]) -> Mapping[str, str]:
        """Run every outside tool once, so that its first use is quick; returns tool -> version."""


@dataclass(frozen=True)
class Session:
    """What the commands share: where they write, and what does the work."""

    console: Console
    bench: Workbench


# Typer has classes of its own for what click raised before it; this one it shows.
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]


def _misused(error: Any) -> typer.Exit:
    """What ends a command whose options cannot be read, with one line on stderr."""
    where = "" if error.ctx is None else error.ctx.command_path
    typer.echo(f"error: {one_line(error.format_message())} ({where} --help lists the options)", err=True)
    return typer.Exit(2)


class OneLineErrors(TyperGroup):
    """Ends a user's mistake with one line on stderr; a bug of the program keeps its traceback."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Read what stands before the command; without arguments the help is shown."""
        asks_for_help = not args  # reading takes them out of the list
        try:
            return super().make_context(info_name, args, parent, **extra)
        except _UsageError as error:
            if asks_for_help:
                raise
            raise _misused(error) from None

    def invoke(self, ctx: Any) -> Any:
        """Read the command's own options, and run it."""
        try:
            return super().invoke(ctx)
        except _UsageError as error:
            raise _misused(error) from None
        except KeyboardInterrupt:
            typer.echo("interrupted: finished steps are kept, run again to go on", err=True)
            raise typer.Exit(130) from None
        except (ValueError, OSError, ImportError, NotEqualError, NoResult) as error:
            message = user_message(error)
            if message is None:
                raise
            typer.echo(f"error: {message}", err=True)
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=OneLineErrors,
    name=PROGRAM,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_LOG_WIDTH = 120
_EVERYDAY, _PARTS, _TOOLS = "Everyday", "Parts", "Around it"


def main() -> None:
    """Entry point of the `spikeloom` command."""
    console = Console()
    # A log has no width of its own; tables want more than the 80 columns that would be assumed.
    app(obj=Session(console if console.is_terminal else Console(width=_LOG_WIDTH), step_library))


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {metadata.version(PROGRAM)}")
        raise typer.Exit


@app.callback(epilog="Start with [bold]spikeloom demo[/]: it needs no data, no vendor tool and no network.")
def _session(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """From extracellular recordings to a 1-bit spike sorter in gateware, bit for bit.

    Results land in one run folder. Steps that are up to date are skipped;
    [bold]--from[/] and [bold]--to[/] choose steps.
    """


@app.command(rich_help_panel=_EVERYDAY)
def demo(
    context: typer.Context,
    seed: options.Seed = 0,
    device: options.Device = HardwareSettings.device,
    clock_mhz: options.ClockMhz = HardwareSettings.clock_mhz,
    cycles: options.Cycles = None,
    rate: options.Rate = None,
    spikes: options.Spikes = DEFAULT_SPIKES,
    out: options.Out = None,
    first: options.From = None,
    last: options.To = None,
    force: options.Force = False,
) -> None:
    """Do everything once: simulate, sort, train, export, build, verify, synthesise, report."""
    settings = Settings(
        simulation=SimulationSettings(seed=seed),
        spikes=SpikeSettings(seed=seed),
        sorting=SortingSettings(seed=seed),
        hardware=HardwareSettings(device=device, clock_mhz=clock_mhz),
        folding=FoldingSettings(cycles, rate),
        check=CheckSettings(spikes=spikes, seed=seed),
    )
    _run(context.obj, "demo", settings, out or RUNS / "demo", first, last, force)


@app.command(rich_help_panel=_EVERYDAY)
def train(
    context: typer.Context,
    recording: options.RecordingPath = None,
    read_as: options.ReadAsWhat = "auto",
    not_unit: options.NotUnit = None,
    duration_s: options.DurationS = SimulationSettings.duration_s,
    units: options.Units = SimulationSettings.units,
    similarity: options.Similarity = SimulationSettings.similarity,
    noise: options.Noise = SimulationSettings.noise,
    channels: options.Channels = SimulationSettings.channels,
    firing_hz: options.FiringHz = SimulationSettings.rate_hz,
    sampling_hz: options.SamplingHz = SimulationSettings.sampling_rate_hz,
    drift: options.Drift = SimulationSettings.drift,
    threshold_sigmas: options.ThresholdSigmas = SpikeSettings.threshold_sigmas,
    low_hz: options.LowHz = SpikeSettings.low_hz,
    high_hz: options.HighHz = SpikeSettings.high_hz,
    zero_phase: options.ZeroPhase = SpikeSettings.zero_phase,
    align: options.AlignOn = SpikeSettings.align,
    upsampling: options.Upsampling = SpikeSettings.upsampling,
    window: options.Window = SpikeSettings.window,
    bits: options.Bits = SpikeSettings.bits,
    components: options.Components = SortingSettings.components,
    hidden: options.Hidden = "256,256",
    epochs: options.Epochs = TrainingSettings.epochs,
    seeds: options.Seeds = "0,1,2",
    seed: options.Seed = 0,
    out: options.Out = None,
    first: options.From = None,
    last: options.To = None,
    force: options.Force = False,
) -> None:
    """Train on a recording, read or simulated, and export the network as a QONNX file."""
    settings = Settings(
        recording=recording,
        read_as=read_as,
        simulation=SimulationSettings(
            duration_s, units, similarity, noise, channels, sampling_hz, firing_hz, drift, seed
        ),
        spikes=SpikeSettings(
            threshold_sigmas=threshold_sigmas,
            low_hz=low_hz,
            high_hz=high_hz,
            zero_phase=zero_phase,
            align=align,
            upsampling=upsampling,
            window=window,
            bits=bits,
            not_units=tuple(not_unit or ()),
            seed=seed,
        ),
        sorting=SortingSettings(components, seed),
        training=TrainingSettings(whole_numbers("--seeds", seeds), epochs, whole_numbers("--hidden", hidden)),
    )
    _run(context.obj, "train", settings, out or RUNS / "train", first, last, force)


@app.command(rich_help_panel=_EVERYDAY)
@taking(hardware=option_groups.hardware, folding=option_groups.folding)
def hw(
    *,
    context: typer.Context,
    model: options.Model = None,
    hardware: HardwareSettings,
    folding: FoldingSettings,
    axi: options.Axi = False,
    spikes: options.Spikes = DEFAULT_SPIKES,
    random_inputs: options.RandomInputs = CheckSettings.random_inputs,
    seed: options.Seed = 0,
    out: options.OutAfterTraining = None,
    first: options.From = None,
    last: options.To = None,
    force: options.Force = False,
) -> None:
    """Turn a QONNX file into Verilog, a test bench and a count of resources."""
    settings = Settings(
        model=model,
        hardware=replace(hardware, axi=axi),
        folding=folding,
        check=CheckSettings(spikes, random_inputs, seed=seed),
    )
    _build(context.obj, "hw", settings, out, first, last, force)


@app.command(rich_help_panel=_EVERYDAY)
@taking(hardware=option_groups.hardware, folding=option_groups.folding)
def sim(
    *,
    context: typer.Context,
    model: options.Model = None,
    spikes: options.SpikesToSimulate = str(DEFAULT_SPIKES),
    engine: options.Simulator = CheckSettings.engine,
    vcd: options.Vcd = False,
    vcd_spikes: options.VcdSpikes = None,
    hardware: HardwareSettings,
    folding: FoldingSettings,
    random_inputs: options.RandomInputs = CheckSettings.random_inputs,
    seed: options.Seed = 0,
    out: options.OutAfterTraining = None,
    first: options.From = None,
    last: options.To = None,
    force: options.Force = False,
) -> None:
    """Run spikes through the gateware's simulation and compare every layer with the ONNX reference."""
    check = CheckSettings(
        number_or_all("--spikes", spikes),
        random_inputs,
        vcd or vcd_spikes is not None,
        stretch("--vcd-spikes", vcd_spikes),
        engine,
        seed,
    )
    settings = Settings(model=model, hardware=hardware, folding=folding, check=check)
    _build(context.obj, "sim", settings, out, first, last, force)


@app.command(rich_help_panel=_EVERYDAY)
@taking(chip=option_groups.chip, folding=option_groups.folding)
def bitstream(
    *,
    context: typer.Context,
    model: options.Model = None,
    chip: ChipSettings,
    folding: FoldingSettings,
    unsorted_margin: options.UnsortedMargin = None,
    unsorted_register: options.UnsortedRegister = False,
    random_inputs: options.RandomInputs = CheckSettings.random_inputs,
    out: options.OutOfBoard = None,
    first: options.From = None,
    last: options.To = None,
    force: options.Force = False,
) -> None:
    """Put the sorter on a board: host link, placement, timing, a bitstream. Trains a network if there is none."""
    board = board_named(chip.board)
    clock_mhz = board.clock_mhz if chip.clock_mhz is None else chip.clock_mhz
    if folding.schedule is None and folding.deep_pipeline is None:
        folding = replace(folding, deep_pipeline=True)
    hardware = HardwareSettings(
        board.device.name, clock_mhz, unsorted_margin=unsorted_margin, unsorted_register=unsorted_register
    )
    check = CheckSettings(random_inputs=random_inputs)
    settings = Settings(model=model, hardware=hardware, folding=folding, check=check, chip=chip)
    session: Session = context.obj
    out = out or RUNS / ("train" if model is None else "bitstream")
    if model is None and not _holds_a_network(out):
        _run(session, "bitstream", settings, out, first, last, force)
    else:
        _build(session, "bitstream", settings, out, first, last, force)
    if last is None:
        session.console.print(Text(session.bench.what_became(out)), soft_wrap=True)


@app.command(rich_help_panel=_EVERYDAY)
def program(
    context: typer.Context,
    out: options.OutToProgram = None,
    run: options.RunLoader = False,
) -> None:
    """Tell the command that loads a run's bitstream onto its board, or run it."""
    session: Session = context.obj
    session.console.print(Text(session.bench.load_onto_board(out or RUNS / "train", run)), soft_wrap=True)


@app.command(rich_help_panel=_EVERYDAY)
@taking(hardware=option_groups.hardware, folding=option_groups.foldings)
def explore(
    *,
    context: typer.Context,
    model: options.ModelToExplore = None,
    hardware: HardwareSettings,
    folding: FoldingSettings,
    out: options.OutAfterTraining = None,
    force: options.Force = False,
) -> None:
    """Show every folding worth building: resources, latency, throughput and energy, by formula alone."""
    settings = Settings(model=model, hardware=hardware, folding=folding)
    _build(context.obj, "explore", settings, out, None, None, force)


@app.command(rich_help_panel=_EVERYDAY)
def power(
    context: typer.Context,
    model: options.ModelToExplore = None,
    rate: options.SpikeRate = None,
    channels: options.SharingChannels = DemandSettings.channels,
    within_ms: options.WithinMs = DemandSettings.within_ms,
    most_mhz: options.MostMhz = DemandSettings.most_mhz,
    device: options.Device = HardwareSettings.device,
    architecture: options.ArchitectureOf = FoldingSettings.architecture,
    out: options.OutAfterTraining = None,
    force: options.Force = False,
) -> None:
    """Find the lowest power that keeps up with spikes: clock and folding chosen together."""
    settings = Settings(
        model=model,
        hardware=HardwareSettings(device),
        folding=FoldingSettings(architecture=architecture),
        demand=DemandSettings(rate, channels, within_ms, most_mhz),
    )
    _build(context.obj, "power", settings, out, None, None, force)


@app.command(rich_help_panel=_EVERYDAY)
def faults(
    context: typer.Context,
    model: options.Model = None,
    most_flips: options.MostFlips = UpsetSettings.most_flips,
    draws: options.Draws = UpsetSettings.draws,
    spikes: options.SpikesJudged = UpsetSettings.spikes,
    device: options.Device = HardwareSettings.device,
    clock_mhz: options.ClockMhz = HardwareSettings.clock_mhz,
    cycles: options.Cycles = None,
    rate: options.Rate = None,
    architecture: options.ArchitectureOf = FoldingSettings.architecture,
    pe: options.Pe = None,
    simd: options.Simd = None,
    storage: options.StorageOf = None,
    schedule: options.ScheduleFile = None,
    unsorted_margin: options.UnsortedMargin = None,
    seed: options.Seed = 0,
    out: options.OutAfterTraining = None,
    first: options.From = None,
    last: options.To = None,
    force: options.Force = False,
) -> None:
    """Flip bits in the memories of the gateware: accuracy against their number, and which memories matter."""
    settings = Settings(
        model=model,
        hardware=HardwareSettings(device, clock_mhz, unsorted_margin=unsorted_margin),
        folding=FoldingSettings(
            cycles,
            rate,
            pe=numbers("--pe", pe),
            simd=numbers("--simd", simd),
            storage=words(storage),
            schedule=schedule,
            architecture=architecture,
        ),
        upsets=UpsetSettings(most_flips, draws, spikes, seed),
    )
    _build(context.obj, "faults", settings, out, first, last, force)


@app.command(rich_help_panel=_EVERYDAY)
def report(context: typer.Context, compare: options.Compared = None, out: options.OutToReport = None) -> None:
    """Show a run's report and write it anew (report.html, report.md, report.json), or set two runs side by side."""
    console: Console = context.obj.console
    if compare is None:
        _report(console, existing_run_folder(out or latest_run(RUNS)))
    else:
        first, second = (assemble(existing_run_folder(path)) for path in compare)
        _compare(console, compare_reports(first, second), out)


@app.command(rich_help_panel=_PARTS)
def simulate(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="File to write (.npz).", metavar="FILE")],
    duration_s: options.DurationS = SimulationSettings.duration_s,
    units: options.Units = SimulationSettings.units,
    similarity: options.Similarity = SimulationSettings.similarity,
    noise: options.Noise = SimulationSettings.noise,
    channels: options.Channels = SimulationSettings.channels,
    firing_hz: options.FiringHz = SimulationSettings.rate_hz,
    sampling_hz: options.SamplingHz = SimulationSettings.sampling_rate_hz,
    drift: options.Drift = SimulationSettings.drift,
    seed: options.Seed = 0,
) -> None:
    """Write a ground-truth recording to a file."""
    settings = SimulationSettings(duration_s, units, similarity, noise, channels, sampling_hz, firing_hz, drift, seed)
    session: Session = context.obj
    with session.console.status("simulating") as status:
        line = session.bench.write_recording(settings, path, _told_to(status.update))
    session.console.print(Text(line))


@app.command(rich_help_panel=_PARTS)
def finn(
    context: typer.Context,
    source: Annotated[
        Path, typer.Argument(help="Run folder, or QONNX file (.onnx).", metavar="RUN_OR_MODEL", show_default=False)
    ],
    path: Annotated[Path, typer.Argument(help="File to write (.onnx).", metavar="FILE", show_default=False)],
) -> None:
    """Write a network as a FINN-style graph: XnorPopcountMatMul, MultiThreshold and TopK."""
    session: Session = context.obj
    with session.console.status("writing the graph"):
        line = session.bench.write_finn(source, path)
    session.console.print(Text(line), soft_wrap=True)


@app.command(rich_help_panel=_PARTS)
def frame(
    context: typer.Context,
    model: Annotated[
        Path, typer.Argument(help="QONNX file (.onnx) with the new weights.", metavar="MODEL", show_default=False)
    ],
    run: Annotated[
        Path, typer.Argument(help="Folder of the run that built the gateware.", metavar="RUN", show_default=False)
    ],
    path: Annotated[Path, typer.Argument(help="File to write.", metavar="FILE", show_default=False)],
    weight_set: Annotated[int, typer.Option("--weight-set", help="Weight set that is written anew.")] = 0,
) -> None:
    """Write new weights as the bytes that running gateware with loadable layers takes."""
    session: Session = context.obj
    with session.console.status("writing the frame"):
        line = session.bench.write_frame(model, run, path, weight_set)
    session.console.print(Text(line), soft_wrap=True)


@app.command(rich_help_panel=_PARTS)
def replay(
    context: typer.Context,
    case: Annotated[
        Path, typer.Argument(help="File that a failed step has written.", metavar="CASE", show_default=False)
    ],
    engine: options.SimulatorOfCase = None,
    vcd: options.VcdFile = None,
) -> None:
    """Run the case of a difference again; exits with 1 while it differs."""
    session: Session = context.obj
    with session.console.status("running the case"):
        replayed = session.bench.replay_case(case, engine, vcd)
    session.console.print(Text(replayed.line), soft_wrap=True)
    if replayed.table is not None:
        show_table(replayed.table, session.console)
    if replayed.differs:
        raise typer.Exit(1)


@app.command(rich_help_panel=_PARTS)
def send(
    context: typer.Context,
    run: Annotated[
        Path, typer.Argument(help="Folder of the run that built the gateware.", metavar="RUN", show_default=False)
    ],
    port: options.Port,
    baud: options.Baud = SendSettings.baud,
    spikes: options.SpikesToSend = str(SendSettings.spikes),
    timeout_s: options.TimeoutS = SendSettings.timeout_s,
    load: options.LoadedModel = None,
    weight_set: options.WeightSet = SendSettings.weight_set,
    any_design: options.AnyDesign = False,
    seed: options.Seed = 0,
) -> None:
    """Send a run's spikes to a board that is plugged in; exits with 1 if an answer is not the integer network's."""
    session: Session = context.obj
    settings = SendSettings(
        port, baud, number_or_all("--spikes", spikes), timeout_s, load, weight_set, any_design, seed
    )
    with bar_on(session.console) as progress:
        sent = session.bench.send_spikes(run, settings, progress)
    session.console.print(Text(sent.line), soft_wrap=True)
    show_table(sent.table, session.console)
    if sent.mismatches:
        raise typer.Exit(1)


@app.command(rich_help_panel=_PARTS)
def steps(
    context: typer.Context,
    kind: Annotated[Kind, typer.Argument(help="Command whose steps are listed.")] = "demo",
) -> None:
    """List the steps, for --from and --to."""
    table = Table("Step", "What it does", "Reads", box=None, pad_edge=False, header_style="cyan")
    for step in context.obj.bench.build(Settings(), kind):
        table.add_row(Text(step.name, style="bold"), Text(step.description), Text(", ".join(step.needs)))
    context.obj.console.print(table)


@app.command(rich_help_panel=_TOOLS)
def warm(context: typer.Context) -> None:
    """Run every outside tool once: the first start of the synthesis tool takes a minute or more."""
    session: Session = context.obj
    with session.console.status("warming the tools") as status:
        versions = session.bench.warm(_told_to(status.update))
    for tool, version in versions.items():
        session.console.print(Text(f"{tool} {version}"))


def _told_to(show_line: Callable[[str], None]) -> Callable[[float, str], None]:
    def progress(fraction: float, message: str = "") -> None:
        show_line(f"{100 * fraction:3.0f} % {message}")

    return progress


def _build(
    session: Session,
    kind: Kind,
    settings: Settings,
    out: Path | None,
    first: str | None,
    last: str | None,
    force: bool,
) -> None:
    """Build a given model, or go on with what `train` left: its results are taken as they stand."""
    if settings.model is None:
        out, first = out or RUNS / "train", first or AFTER_TRAINING
        existing_run_folder(out)
        names = [step.name for step in session.bench.build(settings, kind)]
        if first in names[: names.index(AFTER_TRAINING)]:
            raise BadInput(f"--from {first}: `{kind}` takes what `train` left; its first step is {AFTER_TRAINING!r}")
    _run(session, kind, settings, out or RUNS / kind, first, last, force)


def _holds_a_network(out: Path) -> bool:
    """Whether a run folder holds a network that was trained there."""
    return (out / MANIFEST).is_file() and "export" in existing_run_folder(out).manifest()


def _run(
    session: Session,
    kind: Kind,
    settings: Settings,
    out: Path,
    first: str | None,
    last: str | None,
    force: bool,
) -> None:
    chain = session.bench.build(settings, kind)
    _refuse_to_mix(out, settings.model)
    with shown_on(session.console) as display:
        folder = run_steps(chain, out, display, first, last, force)
    _report(session.console, folder)


def _refuse_to_mix(out: Path, model: Path | None) -> None:
    """A run's report is about one network: trained there, or from elsewhere."""
    if not (out / MANIFEST).is_file():
        return
    manifest = existing_run_folder(out).manifest()
    lowered = manifest.get(AFTER_TRAINING)
    if model is not None and "export" in manifest:
        raise BadInput(f"{out} holds a network that was trained there: give --model a folder of its own with --out")
    if model is None and lowered is not None and not lowered.needs:
        raise BadInput(f"{out} was made from a model from elsewhere: give another folder with --out")


def _report(console: Console, folder: RunFolder) -> None:
    show(write_report(folder), console)
    console.print()
    console.print(Text(f"The whole report: {page_path(folder)}"), soft_wrap=True)


def _compare(console: Console, comparison: Comparison, out: Path | None) -> None:
    show_comparison(comparison, console)
    if out is not None:
        console.print()
        console.print(Text(f"The whole comparison: {write_comparison(comparison, out)}"), soft_wrap=True)

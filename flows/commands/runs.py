"""Commands that make a run, or look at one."""

from dataclasses import replace
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from flows import option_groups, options
from flows.commands.session import RUNS, build_design, run_in, show_report
from flows.option_groups import numbers, taking
from flows.report.assemble import assemble
from flows.report.comparison import Comparison, compare_reports
from flows.report.terminal import show_comparison
from flows.report.write import write_comparison
from flows.runfolder import existing_run_folder, latest_run
from flows.settings import (
    DEFAULT_SPIKES,
    CheckSettings,
    DemandSettings,
    FoldingSettings,
    HardwareSettings,
    Settings,
    SimulationSettings,
    SortingSettings,
    SpikeSettings,
    TrainingSettings,
    UpsetSettings,
    margin_or_word,
    number_or_all,
    stretch,
    whole_numbers,
    words,
)


def demo(
    context: typer.Context,
    templates: options.Templates = None,
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
        templates=templates,
        simulation=SimulationSettings(seed=seed),
        spikes=SpikeSettings(seed=seed),
        sorting=SortingSettings(seed=seed),
        hardware=HardwareSettings(device=device, clock_mhz=clock_mhz),
        folding=FoldingSettings(cycles, rate),
        check=CheckSettings(spikes=spikes, seed=seed),
    )
    run_in(context.obj, "demo", settings, out or RUNS / "demo", first, last, force)


def train(
    context: typer.Context,
    recording: options.RecordingPath = None,
    read_as: options.ReadAsWhat = "auto",
    array: options.ArrayName = None,
    not_unit: options.NotUnit = None,
    leave_out: options.LeaveOut = None,
    realign: options.Realign = False,
    reference_labels: options.ReferenceLabels = False,
    templates: options.Templates = None,
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
    differences: options.Differences = SpikeSettings.differences,
    bits: options.Bits = SpikeSettings.bits,
    components: options.Components = SortingSettings.components,
    sort_units: options.SortUnits = None,
    sorting: options.GivenSorting = None,
    hidden: options.Hidden = "256,256",
    epochs: options.Epochs = TrainingSettings.epochs,
    seeds: options.Seeds = "0,1,2",
    unsorted: options.Unsorted = "auto",
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
        templates=templates,
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
            differences=differences,
            bits=bits,
            not_units=tuple(not_unit or ()),
            leave_out=numbers("--leave-out", leave_out) or (),
            array=array,
            realign=realign,
            reference_labels=reference_labels,
            seed=seed,
        ),
        given_sorting=sorting,
        sorting=SortingSettings(components, sort_units, seed),
        training=TrainingSettings(
            whole_numbers("--seeds", seeds),
            epochs,
            whole_numbers("--hidden", hidden),
            margin_or_word("--unsorted", unsorted),
        ),
    )
    run_in(context.obj, "train", settings, out or RUNS / "train", first, last, force)


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
    build_design(context.obj, "hw", settings, out, first, last, force)


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
    build_design(context.obj, "sim", settings, out, first, last, force)


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
    build_design(context.obj, "explore", settings, out, None, None, force)


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
    build_design(context.obj, "power", settings, out, None, None, force)


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
    build_design(context.obj, "faults", settings, out, first, last, force)


def report(context: typer.Context, compare: options.Compared = None, out: options.OutToReport = None) -> None:
    """Show a run's report and write it anew (report.html, report.md, report.json), or set two runs side by side."""
    console: Console = context.obj.console
    if compare is None:
        show_report(console, existing_run_folder(out or latest_run(RUNS)))
    else:
        first, second = (assemble(existing_run_folder(path)) for path in compare)
        _compare(console, compare_reports(first, second), out)


def _compare(console: Console, comparison: Comparison, out: Path | None) -> None:
    show_comparison(comparison, console)
    if out is not None:
        console.print()
        console.print(Text(f"The whole comparison: {write_comparison(comparison, out)}"), soft_wrap=True)

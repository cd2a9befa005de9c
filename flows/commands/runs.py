"""Commands that make a run, or look at one."""

from dataclasses import replace
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from flows import options
from flows.commands.session import RUNS, build_design, run_in, show_report
from flows.options.taking import taking
from flows.options.texts import margin_or_word, number_or_all, numbers, stretch, whole_numbers, words
from flows.report.assemble import assemble
from flows.report.comparison import Comparison, compare_reports
from flows.report.terminal import show_comparison
from flows.report.write import write_comparison
from flows.runfolder import existing_run_folder, latest_run
from flows.settings import Settings
from flows.settings.check import DEFAULT_SPIKES, CheckSettings
from flows.settings.demand import DemandSettings
from flows.settings.folding import FoldingSettings
from flows.settings.hardware import HardwareSettings
from flows.settings.simulated_recording import SimulationSettings
from flows.settings.spikes import SpikeSettings
from flows.settings.training import SortingSettings, TrainingSettings
from flows.settings.upsets import UpsetSettings


def demo(
    context: typer.Context,
    templates: options.simulated_recording.Templates = None,
    seed: options.run.Seed = 0,
    device: options.hardware.Device = HardwareSettings.device,
    clock_mhz: options.hardware.ClockMhz = HardwareSettings.clock_mhz,
    cycles: options.folding.Cycles = None,
    rate: options.folding.Rate = None,
    spikes: options.check.Spikes = DEFAULT_SPIKES,
    out: options.run.Out = None,
    first: options.run.From = None,
    last: options.run.To = None,
    force: options.run.Force = False,
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
    recording: options.inputs.RecordingPath = None,
    read_as: options.inputs.ReadAsWhat = "auto",
    array: options.inputs.ArrayName = None,
    not_unit: options.inputs.NotUnit = None,
    leave_out: options.inputs.LeaveOut = None,
    realign: options.inputs.Realign = False,
    reference_labels: options.inputs.ReferenceLabels = False,
    templates: options.simulated_recording.Templates = None,
    duration_s: options.simulated_recording.DurationS = SimulationSettings.duration_s,
    units: options.simulated_recording.Units = SimulationSettings.units,
    similarity: options.simulated_recording.Similarity = SimulationSettings.similarity,
    noise: options.simulated_recording.Noise = SimulationSettings.noise,
    channels: options.simulated_recording.Channels = SimulationSettings.channels,
    firing_hz: options.simulated_recording.FiringHz = SimulationSettings.rate_hz,
    sampling_hz: options.simulated_recording.SamplingHz = SimulationSettings.sampling_rate_hz,
    drift: options.simulated_recording.Drift = SimulationSettings.drift,
    threshold_sigmas: options.spikes.ThresholdSigmas = SpikeSettings.threshold_sigmas,
    low_hz: options.spikes.LowHz = SpikeSettings.low_hz,
    high_hz: options.spikes.HighHz = SpikeSettings.high_hz,
    zero_phase: options.spikes.ZeroPhase = SpikeSettings.zero_phase,
    align: options.spikes.AlignOn = SpikeSettings.align,
    upsampling: options.spikes.Upsampling = SpikeSettings.upsampling,
    window: options.spikes.Window = SpikeSettings.window,
    differences: options.spikes.Differences = None,
    bits: options.spikes.Bits = SpikeSettings.bits,
    components: options.training.Components = SortingSettings.components,
    sort_units: options.training.SortUnits = None,
    sorting: options.training.GivenSorting = None,
    hidden: options.training.Hidden = "256,256",
    epochs: options.training.Epochs = TrainingSettings.epochs,
    seeds: options.training.Seeds = "0,1,2",
    unsorted: options.training.Unsorted = "auto",
    seed: options.run.Seed = 0,
    out: options.run.Out = None,
    first: options.run.From = None,
    last: options.run.To = None,
    force: options.run.Force = False,
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
            differences=numbers("--differences", differences),
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


@taking(hardware=options.hardware.hardware, folding=options.folding.folding)
def hw(
    *,
    context: typer.Context,
    model: options.inputs.Model = None,
    hardware: HardwareSettings,
    folding: FoldingSettings,
    axi: options.hardware.Axi = False,
    spikes: options.check.Spikes = DEFAULT_SPIKES,
    random_inputs: options.check.RandomInputs = CheckSettings.random_inputs,
    seed: options.run.Seed = 0,
    out: options.run.OutAfterTraining = None,
    first: options.run.From = None,
    last: options.run.To = None,
    force: options.run.Force = False,
) -> None:
    """Turn a QONNX file into Verilog, a test bench and a count of resources."""
    settings = Settings(
        model=model,
        hardware=replace(hardware, axi=axi),
        folding=folding,
        check=CheckSettings(spikes, random_inputs, seed=seed),
    )
    build_design(context.obj, "hw", settings, out, first, last, force)


@taking(hardware=options.hardware.hardware, folding=options.folding.folding)
def sim(
    *,
    context: typer.Context,
    model: options.inputs.Model = None,
    spikes: options.check.SpikesToSimulate = str(DEFAULT_SPIKES),
    engine: options.check.Simulator = CheckSettings.engine,
    vcd: options.check.Vcd = False,
    vcd_spikes: options.check.VcdSpikes = None,
    hardware: HardwareSettings,
    folding: FoldingSettings,
    random_inputs: options.check.RandomInputs = CheckSettings.random_inputs,
    seed: options.run.Seed = 0,
    out: options.run.OutAfterTraining = None,
    first: options.run.From = None,
    last: options.run.To = None,
    force: options.run.Force = False,
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


@taking(hardware=options.hardware.hardware, folding=options.folding.foldings)
def explore(
    *,
    context: typer.Context,
    model: options.inputs.ModelToExplore = None,
    hardware: HardwareSettings,
    folding: FoldingSettings,
    out: options.run.OutAfterTraining = None,
    force: options.run.Force = False,
) -> None:
    """Show every folding worth building: resources, latency, throughput and energy, by formula alone."""
    settings = Settings(model=model, hardware=hardware, folding=folding)
    build_design(context.obj, "explore", settings, out, None, None, force)


def power(
    context: typer.Context,
    model: options.inputs.ModelToExplore = None,
    rate: options.demand.SpikeRate = None,
    channels: options.demand.SharingChannels = DemandSettings.channels,
    within_ms: options.demand.WithinMs = DemandSettings.within_ms,
    most_mhz: options.demand.MostMhz = DemandSettings.most_mhz,
    device: options.hardware.Device = HardwareSettings.device,
    architecture: options.folding.ArchitectureOf = FoldingSettings.architecture,
    out: options.run.OutAfterTraining = None,
    force: options.run.Force = False,
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
    model: options.inputs.Model = None,
    most_flips: options.upsets.MostFlips = UpsetSettings.most_flips,
    draws: options.upsets.Draws = UpsetSettings.draws,
    spikes: options.upsets.SpikesJudged = UpsetSettings.spikes,
    device: options.hardware.Device = HardwareSettings.device,
    clock_mhz: options.hardware.ClockMhz = HardwareSettings.clock_mhz,
    cycles: options.folding.Cycles = None,
    rate: options.folding.Rate = None,
    architecture: options.folding.ArchitectureOf = FoldingSettings.architecture,
    pe: options.folding.Pe = None,
    simd: options.folding.Simd = None,
    storage: options.folding.StorageOf = None,
    schedule: options.folding.ScheduleFile = None,
    unsorted_margin: options.hardware.UnsortedMargin = None,
    seed: options.run.Seed = 0,
    out: options.run.OutAfterTraining = None,
    first: options.run.From = None,
    last: options.run.To = None,
    force: options.run.Force = False,
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


def report(context: typer.Context, compare: options.run.Compared = None, out: options.run.OutToReport = None) -> None:
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

"""Commands for a single file: a recording, a graph, a frame of weights, a case."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from flows import options
from flows.commands.session import Session, told_to
from flows.report.terminal import show_table
from flows.settings.simulated_recording import SimulationSettings, require_templates
from flows.settings.spiketrains import SortSettings


def simulate(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="File to write (.npz).", metavar="FILE")],
    duration_s: options.simulated_recording.DurationS = SimulationSettings.duration_s,
    units: options.simulated_recording.Units = SimulationSettings.units,
    similarity: options.simulated_recording.Similarity = SimulationSettings.similarity,
    noise: options.simulated_recording.Noise = SimulationSettings.noise,
    channels: options.simulated_recording.Channels = SimulationSettings.channels,
    firing_hz: options.simulated_recording.FiringHz = SimulationSettings.rate_hz,
    sampling_hz: options.simulated_recording.SamplingHz = SimulationSettings.sampling_rate_hz,
    drift: options.simulated_recording.Drift = SimulationSettings.drift,
    templates: options.simulated_recording.Templates = None,
    seed: options.run.Seed = 0,
) -> None:
    """Write a ground-truth recording to a file."""
    require_templates(templates)
    settings = SimulationSettings(duration_s, units, similarity, noise, channels, sampling_hz, firing_hz, drift, seed)
    session: Session = context.obj
    with session.console.status("simulating") as status:
        line = session.bench.write_recording(settings, templates, path, told_to(status.update))
    session.console.print(Text(line))


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


def sort(
    context: typer.Context,
    run: Annotated[
        Path, typer.Argument(help="Folder of the run that trained the network.", metavar="RUN", show_default=False)
    ],
    path: Annotated[Path, typer.Argument(help="File or folder to write.", metavar="PATH", show_default=False)],
    recording: options.spiketrains.SortedRecording = None,
    written_as: options.spiketrains.WrittenAs = SortSettings.written_as,
    unsorted_margin: options.hardware.UnsortedMargin = None,
) -> None:
    """Sort a recording with a run's network, and write the spike trains for other programs."""
    session: Session = context.obj
    settings = SortSettings(recording, written_as, unsorted_margin)
    with session.console.status("sorting") as status:
        line = session.bench.export_sorting(run, path, settings, told_to(status.update))
    session.console.print(Text(line), soft_wrap=True)


def replay(
    context: typer.Context,
    case: Annotated[
        Path, typer.Argument(help="File that a failed step has written.", metavar="CASE", show_default=False)
    ],
    engine: options.replaying.SimulatorOfCase = None,
    vcd: options.replaying.VcdFile = None,
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

"""What the commands share: where they write, what does the work, and how a run is made and shown."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.text import Text

from flows.display import shown_on
from flows.errors import BadInput
from flows.pipeline import Step, run_steps
from flows.report.replayed import Replayed
from flows.report.sent import Sent
from flows.report.terminal import show
from flows.report.write import page_path, write_report
from flows.runfolder import MANIFEST, RunFolder, existing_run_folder
from flows.settings import Settings
from flows.settings.check import DesignEngine
from flows.settings.sending import SendSettings
from flows.settings.simulated_recording import SimulationSettings
from flows.settings.spiketrains import SortSettings
from flows.steps import Kind

AFTER_TRAINING = "lower"
"""First step that reads the QONNX file: where `hw` and `sim` go on in a folder that `train` has left."""


RUNS = Path("runs")


class Workbench(Protocol):
    """What the commands set to work; the module `flows.steps` is one."""

    def build(self, settings: Settings, kind: Kind) -> Sequence[Step]:
        """The steps of a run, in order."""

    def write_recording(
        self, settings: SimulationSettings, templates: Path | None, path: Path, progress: Callable[[float, str], None]
    ) -> str:
        """Simulate a ground-truth recording into a `.npz` file; returns one line about it."""

    def write_finn(self, source: Path, path: Path) -> str:
        """Write the network of a run folder, or of a QONNX file, as a FINN-style graph; returns one line about it."""

    def write_frame(self, model: Path, run: Path, path: Path, weight_set: int) -> str:
        """Write the frame that loads a QONNX file's weights into a run's gateware; returns one line about it."""

    def export_sorting(
        self, run: Path, path: Path, settings: SortSettings, progress: Callable[[float, str], None]
    ) -> str:
        """Sort a recording with a run's network into a file or folder; returns one line about it."""

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


def told_to(show_line: Callable[[str], None]) -> Callable[[float, str], None]:
    """Progress as a line of text, for work that is no step."""

    def progress(fraction: float, message: str = "") -> None:
        show_line(f"{100 * fraction:3.0f} % {message}")

    return progress


def build_design(
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
    run_in(session, kind, settings, out or RUNS / kind, first, last, force)


def holds_a_network(out: Path) -> bool:
    """Whether a run folder holds a network that was trained there."""
    return (out / MANIFEST).is_file() and "export" in existing_run_folder(out).manifest()


def run_in(
    session: Session,
    kind: Kind,
    settings: Settings,
    out: Path,
    first: str | None,
    last: str | None,
    force: bool,
) -> None:
    """Run the steps of a kind in a folder, and show what they tell."""
    chain = session.bench.build(settings, kind)
    _refuse_to_mix(out, settings.model)
    with shown_on(session.console) as display:
        folder = run_steps(chain, out, display, first, last, force)
    show_report(session.console, folder)


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


def show_report(console: Console, folder: RunFolder) -> None:
    """Write a run's report anew and show it."""
    show(write_report(folder), console)
    console.print()
    console.print(Text(f"The whole report: {page_path(folder)}"), soft_wrap=True)

"""Everything a person can choose, checked once, in a file for each subject; a step takes its parameters from here."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from flows.errors import BadInput
from flows.settings.board import ChipSettings
from flows.settings.check import CheckSettings
from flows.settings.demand import DemandSettings
from flows.settings.folding import FoldingSettings
from flows.settings.hardware import HardwareSettings
from flows.settings.inputs import ReadAs, require_readable
from flows.settings.require import require
from flows.settings.simulated_recording import SimulationSettings, require_templates
from flows.settings.spikes import SpikeSettings
from flows.settings.training import SortingSettings, TrainingSettings
from flows.settings.upsets import UpsetSettings
from hw.network.limits import MAX_FILE_BYTES as MAX_MODEL_BYTES
from qat.recordings.limits import SORTING_RECORD


@dataclass(frozen=True)
class Settings:
    """All choices of one run."""

    # File to read; None simulates a recording.
    recording: Path | None = None
    # What to take from a file that holds both a continuous trace and windows already cut.
    read_as: ReadAs = "auto"
    # Mean waveforms that units and background of a simulated recording are made of; None takes parametric ones.
    templates: Path | None = None
    # QONNX file to build; None takes the network that this run trains.
    model: Path | None = None
    # Sorting made elsewhere whose units are the labels; None sorts without supervision.
    given_sorting: Path | None = None
    simulation: SimulationSettings = field(default_factory=SimulationSettings)
    spikes: SpikeSettings = field(default_factory=SpikeSettings)
    sorting: SortingSettings = field(default_factory=SortingSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    hardware: HardwareSettings = field(default_factory=HardwareSettings)
    folding: FoldingSettings = field(default_factory=FoldingSettings)
    check: CheckSettings = field(default_factory=CheckSettings)
    upsets: UpsetSettings = field(default_factory=UpsetSettings)
    demand: DemandSettings = field(default_factory=DemandSettings)
    chip: ChipSettings = field(default_factory=ChipSettings)

    def __post_init__(self) -> None:
        require_readable("--recording", self.recording)
        require_readable("--model", self.model)
        require_readable("--sorting", self.given_sorting)
        if self.given_sorting is not None and self.given_sorting.is_dir():
            # Before its digest is taken: any other folder may hold a whole disk.
            known = (self.given_sorting / SORTING_RECORD).is_file()
            require(known, "--sorting", self.given_sorting, "a folder saved by SpikeInterface")
        if self.recording is None:
            for option, chosen in self._choices_of_reading.items():
                require(not chosen, option, "without --recording", "a recording to read")
            require_templates(self.templates)
        elif replace(self.simulation, seed=0) != SimulationSettings():
            raise BadInput(f"--recording {self.recording}: options of a simulated recording do not apply to it")
        elif self.templates is not None:
            raise BadInput(
                f"--templates {self.templates}: is for a simulated recording; --recording is read as it is"
            )
        if self.model is not None:
            suffix = self.model.suffix.lower()
            require(suffix == ".onnx" and self.model.is_file(), "--model", self.model, "a QONNX file (.onnx)")
            # Before its digest is taken: a terabyte of nothing takes an hour to read.
            small = self.model.stat().st_size <= MAX_MODEL_BYTES
            require(small, "--model", self.model, f"a file of at most {MAX_MODEL_BYTES >> 20} MB")
            require(self.check.spikes != "all", "--spikes", "all", "with --model, a number")
        if self.given_sorting is not None and replace(self.sorting, seed=0) != SortingSettings():
            raise BadInput(
                f"--sorting {self.given_sorting}: nothing is pre-sorted then; leave out --sort-units and --components"
            )
        self.folding.target(self.hardware.clock_mhz)
        if self.folding.schedule is not None and self.hardware.unsorted_register:
            raise BadInput("--unsorted-register: with --schedule, the schedule says whether there is one")

    @property
    def _choices_of_reading(self) -> Mapping[str, bool]:
        """Whether each option that only says how a recording is read is given."""
        spikes = self.spikes
        return {
            "--read-as": self.read_as != "auto",
            "--array": spikes.array is not None,
            "--not-unit": bool(spikes.not_units),
            "--leave-out": bool(spikes.leave_out),
            "--realign": spikes.realign,
            "--reference-labels": spikes.reference_labels,
        }

"""Everything a person can choose, checked once; a step takes its parameters from here."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from flows.errors import BadInput
from hw.boards.board import board_named
from hw.devices import device_named
from hw.link.protocol import BAUD
from hw.network.limits import MAX_FILE_BYTES as MAX_MODEL_BYTES
from hw.schedule.target import Target, clocks_of_latency, clocks_of_rate
from qat.recordings.limits import MAX_FILE_BYTES as MAX_RECORDING_BYTES
from qat.recordings.limits import READ_WHOLE, SORTING_RECORD

ReadAs = Literal["auto", "windows", "raw"]
Align = Literal["auto", "trough", "peak", "both"]
DesignEngine = Literal["amaranth", "verilator"]
Engine = Literal[DesignEngine, "netlist"]
SpikeCount = int | Literal["all"]
SortingFormat = Literal["spikeinterface", "npz", "nwb", "phy"]
UnsortedMargin = int | Literal["auto", "off"]
DEFAULT_SPIKES = 200
"""To simulate, and to leave as test vectors."""
Minimised = Literal["luts", "memory", "balanced"]
Transport = Literal["uart", "spi"]
BuiltAs = Literal["auto", "pipeline", "engine"]

STORAGES = ("block", "logic", "constant")
DEFAULT_CYCLES = 256

_MOST_INPUTS = 10_000_000  # more than the spikes of a day
_MOST_DRAWS = 10_000  # far beyond what a mean asks for
_LONGEST_WAIT_S = 60.0  # for an answer
_MARGIN_WORDS: Mapping[str, UnsortedMargin] = {"auto": "auto", "off": "off"}
_MOST_SEED = 2**32 - 1  # what every generator of random numbers in use takes


def _require(holds: bool, option: str, value: object, wanted: str) -> None:
    if not holds:
        raise BadInput(f"{option} {value}: {wanted} is wanted")


def _require_one(option: str, value: object, other: str, other_value: object) -> None:
    if value is not None and other_value is not None:
        raise BadInput(f"{option} {value} {other} {other_value}: one of the two is wanted")


def _is_seed(value: int) -> bool:
    return 0 <= value <= _MOST_SEED


def _require_seed(seed: int) -> None:
    _require(_is_seed(seed), "--seed", seed, f"a whole number from 0 to {_MOST_SEED}")


def _require_readable(option: str, path: Path | None) -> None:
    if path is None:
        return
    _require(path.exists(), option, path, "a file that is there")
    # A pipe or a device may never end.
    _require(path.is_file() or path.is_dir(), option, path, "a regular file or a folder")
    if path.suffix.lower() in READ_WHOLE:
        # Before anything is read.
        small = path.stat().st_size <= MAX_RECORDING_BYTES
        _require(small, option, path, f"a file of at most {MAX_RECORDING_BYTES >> 30} GB")


@dataclass(frozen=True)
class SimulationSettings:
    """The ground-truth recording that is simulated where no recording is given."""

    # Length of the recording.
    duration_s: float = 60.0
    # Units that fire; each is one class to be found again.
    units: int = 3
    # Mean pairwise correlation of the units' waveforms: 0.6 easy, 0.8 moderate, 0.9 hard, 0.96 hardest.
    similarity: float = 0.60
    # Standard deviation of the background noise as a fraction of the spike amplitude.
    noise: float = 0.10
    # Electrode channels that see every unit.
    channels: int = 1
    # Samples a second of every channel.
    sampling_rate_hz: float = 24_000.0
    # Mean firing rate of every unit.
    rate_hz: float = 10.0
    # Change of every unit's amplitude from the recording's start to its end, as a fraction of the amplitude.
    drift: float = 0.0
    # Of waveforms, spike times and noise.
    seed: int = 0

    def __post_init__(self) -> None:
        duration_s, rate_hz = self.duration_s, self.rate_hz
        _require(0.1 <= duration_s <= 86_400, "--duration-s", duration_s, "0.1 second to a day (86400)")
        _require(1 <= self.units <= 64, "--units", self.units, "1 to 64")
        _require(0 <= self.similarity < 1, "--similarity", self.similarity, "0 up to, not including, 1")
        _require(0.05 <= self.noise <= 0.40, "--noise", self.noise, "0.05 to 0.40 of the spike amplitude")
        _require(1 <= self.channels <= 64, "--channels", self.channels, "1 to 64")
        sampling_hz = self.sampling_rate_hz
        _require(5_000 <= sampling_hz <= 200_000, "--sampling-hz", sampling_hz, "5000 to 200000 Hz")
        _require(0 < rate_hz <= 200, "--firing-hz", rate_hz, "more than 0, at most 200 spikes a second")
        _require(0 <= self.drift < 1, "--drift", self.drift, "0 up to, not including, 1")
        _require_seed(self.seed)


@dataclass(frozen=True)
class SpikeSettings:
    """How spikes are detected, aligned, cut and quantized."""

    # A spike is a deflection of this many times the noise, which is estimated from the median.
    threshold_sigmas: float = 4.0
    # Lower edge of the band-pass filter.
    low_hz: float = 300.0
    # Upper edge of the band-pass filter.
    high_hz: float = 3_000.0
    # Filter forward and backward, which hardware cannot; False filters causally.
    zero_phase: bool = False
    # Deflection that is looked for and put on the alignment sample.
    align: Align = "auto"
    # Alignment on a grid this many times finer than the samples; 1 is on the sample.
    upsampling: int = 1
    # Samples of a window per channel.
    window: int = 48
    # How often each sample has the one before subtracted, before the network sees it; 0: the samples themselves.
    differences: int = 2
    # Bits of a sample as the hardware sees it, two's complement.
    bits: int = 8
    # Labels of the source that stand for no single unit (multi-unit activity, noise).
    not_units: tuple[int, ...] = ()
    # Labels of windows that are dropped before anything else.
    leave_out: tuple[int, ...] = ()
    # Array of the file that holds the windows; None takes `waveforms`.
    array: str | None = None
    # Shift windows that came cut onto their extrema.
    realign: bool = False
    # The labels are somebody's sorting, not ground truth.
    reference_labels: bool = False
    # Of the split, which is at random only where spike times are absent.
    seed: int = 0

    def __post_init__(self) -> None:
        sigmas = self.threshold_sigmas
        _require(0 < sigmas <= 100, "--threshold-sigmas", sigmas, "more than 0, at most 100")
        band = f"{self.low_hz:g} --high-hz {self.high_hz:g}"
        _require(0 < self.low_hz < self.high_hz < math.inf, "--low-hz", band, "0 < low < high")
        _require(1 <= self.upsampling <= 64, "--upsampling", self.upsampling, "1 to 64")
        _require(8 <= self.window <= 1024, "--window", self.window, "8 to 1024 samples")
        _require(0 <= self.differences <= 2, "--differences", self.differences, "0, 1 or 2")
        _require(2 <= self.bits <= 16, "--bits", self.bits, "2 to 16")
        _require_seed(self.seed)


@dataclass(frozen=True)
class SortingSettings:
    """Unsupervised pre-sorting."""

    # Templates at first, far more than there can be units; the data choose which are one.
    components: int = 30
    # Number of units where it is known; None leaves it to the data.
    units: int | None = None
    # Of the mixtures' starting points.
    seed: int = 0

    def __post_init__(self) -> None:
        _require(1 <= self.components <= 64, "--components", self.components, "1 to 64")
        given = self.units is None or 1 <= self.units <= self.components
        _require(given, "--sort-units", self.units, f"1 to {self.components}, the number of --components")
        _require_seed(self.seed)


@dataclass(frozen=True)
class TrainingSettings:
    """Training of the 1-bit network and of its full-precision twin."""

    # One training each; the network that is best on the validation part is exported.
    seeds: tuple[int, ...] = (0, 1, 2)
    # Passes over the training part, of both networks.
    epochs: int | None = None
    # Units of each hidden layer.
    hidden: tuple[int, ...] = (256, 256)
    # Lead of the best score below which a spike is unsorted: calibrated on the validation part, none, or given.
    unsorted: UnsortedMargin = "auto"

    def __post_init__(self) -> None:
        good_seeds = bool(self.seeds) and all(map(_is_seed, self.seeds)) and len(set(self.seeds)) == len(self.seeds)
        wanted = f"one or more different whole numbers from 0 to {_MOST_SEED}"
        _require(good_seeds, "--seeds", _joined(self.seeds), wanted)
        good_epochs = self.epochs is None or 1 <= self.epochs <= 10_000
        _require(good_epochs, "--epochs", self.epochs, "1 to 10000")
        good_hidden = bool(self.hidden) and all(1 <= width <= 4096 for width in self.hidden)
        _require(good_hidden, "--hidden", _joined(self.hidden), "one or more layers of 1 to 4096 units")
        _require(
            self.unsorted in ("auto", "off") or (isinstance(self.unsorted, int) and self.unsorted >= 0),
            "--unsorted",
            self.unsorted,
            "auto, off, or a lead from 0 on",
        )


@dataclass(frozen=True)
class HardwareSettings:
    """What the gateware is made for."""

    # Name of a device that the folding, synthesis and power figures are for.
    device: str = "up5k"
    # Clock for which latency and power are given, and to which timing is held.
    clock_mhz: float = 12.0
    # Name the stream ports after AXI4-Stream.
    axi: bool = False
    # Lead of the best score below which a spike is unsorted; None takes what the model's file states, else never.
    unsorted_margin: int | None = None
    # The margin is an input of the gateware, not a constant in it.
    unsorted_register: bool = False

    def __post_init__(self) -> None:
        device_named(self.device)
        margin = self.unsorted_margin
        _require(margin is None or margin >= 0, "--unsorted-margin", margin, "a lead from 0 (never unsorted) on")
        _require(0 < self.clock_mhz <= 1_000, "--clock-mhz", self.clock_mhz, "more than 0, at most 1000 MHz")


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
            _require(value is None or value >= 1, option, value, wanted)
        for option, quantity, wanted in (
            ("--rate", self.rate_per_s, "more than 0 inferences a second"),
            ("--latency-us", self.latency_us, "more than 0 microseconds"),
        ):
            _require(quantity is None or 0 < quantity < math.inf, option, quantity, wanted)
        _require_one("--cycles", self.cycles, "--rate", self.rate_per_s)
        _require_one("--latency-clocks", self.latency_clocks, "--latency-us", self.latency_us)
        _require(1 <= self.weight_sets <= 256, "--weight-sets", self.weight_sets, "1 to 256")
        _require(self.levels_per_stage >= 1, "--levels-per-stage", self.levels_per_stage, "at least 1")
        unknown = [storage for storage in self.storage or () if storage not in STORAGES]
        _require(not unknown, "--storage", ",".join(unknown), " or ".join(STORAGES))
        if self.schedule is not None:
            suffix = self.schedule.suffix.lower()
            _require(suffix == ".json" and self.schedule.is_file(), "--schedule", self.schedule, "a schedule (.json)")
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
            _require(
                interval > 0, "--rate", f"{self.rate_per_s:g}", f"at most one inference a clock of {clock_mhz:g} MHz"
            )
        if self.latency_us is not None:
            latency = clocks_of_latency(self.latency_us, clock_mhz)
            _require(latency > 0, "--latency-us", f"{self.latency_us:g}", f"a clock of {clock_mhz:g} MHz or more")
        if interval is latency is None and (self.pe is None or self.simd is None):
            interval = DEFAULT_CYCLES
        in_time = self.rate_per_s is not None or self.latency_us is not None
        return Target(interval, latency, clock_mhz if in_time else None)


@dataclass(frozen=True)
class CheckSettings:
    """How the gateware and the integer network are held against the ONNX reference."""

    # Test spikes through the simulator, and left as test vectors; or all that were cut, whatever part they are in.
    spikes: SpikeCount = DEFAULT_SPIKES
    # Random inputs on which the integer network is compared with the ONNX reference.
    random_inputs: int = 100_000
    # Leave a waveform file (.vcd) of the simulation.
    vcd: bool = False
    # First and last spike of which the waveform file tells, counted from 0; None for all.
    vcd_spikes: tuple[int, int] | None = None
    # What simulates the gateware: Amaranth's own simulator, or Verilator, which compiles first and is far faster: the
    # design itself, or the netlist that synthesis maps onto the device.
    engine: Engine = "amaranth"
    # Of random inputs and random spikes.
    seed: int = 0

    def __post_init__(self) -> None:
        few = self.spikes == "all" or 1 <= self.spikes <= _MOST_INPUTS
        _require(few, "--spikes", self.spikes, f"1 to {_MOST_INPUTS} or all")
        random = self.random_inputs
        _require(1 <= random <= _MOST_INPUTS, "--random-inputs", random, f"1 to {_MOST_INPUTS}")
        if self.vcd_spikes is not None:
            first, last = self.vcd_spikes
            within = 0 <= first <= last and (self.spikes == "all" or last < self.spikes)
            there = "" if self.spikes == "all" else f" within the spikes 0 to {self.spikes - 1}"
            _require(within, "--vcd-spikes", f"{first}:{last}", f"FIRST:LAST{there}")
        _require_seed(self.seed)


@dataclass(frozen=True)
class ChipSettings:
    """The chip around the gateware, on a board."""

    # Name of the board; it has the device.
    board: str = "icebreaker"
    # Clock of everything on the chip; None takes the board's oscillator.
    clock_mhz: float | None = None
    # What the host talks over.
    transport: Transport = "uart"
    # Bits a second of a UART.
    baud: int = BAUD
    # Answers tell the best score.
    scores: bool = True
    # Of the first placement; where it misses the clock, the next seeds are tried.
    seed: int = 1
    # Placements that are tried.
    attempts: int = 4
    # Spikes that go through the mapped chip, in and out through its pins; 0 simulates none.
    spikes: int = 60
    # Run the machine's own tools in place of those of the package index.
    native_tools: bool = False

    def __post_init__(self) -> None:
        board_named(self.board)
        clock = self.clock_mhz
        _require(clock is None or 0 < clock <= 1_000, "--clock-mhz", clock, "more than 0, at most 1000 MHz")
        _require(self.baud >= 1, "--baud", self.baud, "at least 1")
        paced = self.transport == "uart" or self.baud == BAUD
        _require(paced, "--baud", self.baud, "with --transport spi, none")
        _require(1 <= self.attempts <= 100, "--attempts", self.attempts, "1 to 100")
        _require(0 <= self.spikes <= _MOST_INPUTS, "--spikes", self.spikes, f"0 to {_MOST_INPUTS}")
        _require_seed(self.seed)


@dataclass(frozen=True)
class SendSettings:
    """Spikes that go to a board which is plugged in."""

    # Name of the serial port, such as /dev/ttyUSB1.
    port: str
    # Bits a second; None takes those that the run's chip was built for.
    baud: int | None = None
    # Test spikes of the run, or all that were cut; random inputs for a model from elsewhere.
    spikes: SpikeCount = 100
    # How long an answer may take, until its request is sent again.
    timeout_s: float = 1.0
    # QONNX file whose weights are loaded first, and whose network the answers are then held against.
    load: Path | None = None
    # That is loaded, and that sorts.
    weight_set: int = 0
    # Take a board whatever design it says it holds.
    any_design: bool = False
    # Of random inputs.
    seed: int = 0

    def __post_init__(self) -> None:
        _require(self.baud is None or self.baud >= 1, "--baud", self.baud, "at least 1")
        _require(0 < self.timeout_s <= _LONGEST_WAIT_S, "--timeout-s", self.timeout_s, "more than 0, at most 60")
        few = self.spikes == "all" or 1 <= self.spikes <= _MOST_INPUTS
        _require(few, "--spikes", self.spikes, f"1 to {_MOST_INPUTS} or all")
        _require_seed(self.seed)


@dataclass(frozen=True)
class SortSettings:
    """A recording that a trained network sorts."""

    # Recording to sort; None takes the run's own spikes.
    recording: Path | None = None
    # Format of what is written.
    written_as: SortingFormat = "spikeinterface"
    # Lead of the best score below which a spike is unsorted; None takes what the network's file states.
    unsorted_margin: int | None = None

    def __post_init__(self) -> None:
        margin = self.unsorted_margin
        _require_readable("--recording", self.recording)
        _require(margin is None or margin >= 0, "--unsorted-margin", margin, "a lead from 0 (never unsorted) on")


@dataclass(frozen=True)
class UpsetSettings:
    """Bits that are flipped in the memories of the gateware."""

    # Flips grow in powers of two up to here, or to the bits of a memory.
    most_flips: int = 1024
    # Random places for each number of flips in each memory.
    draws: int = 20
    # Spikes that accuracy is counted over.
    spikes: int = 1000
    # Of the places, and of random inputs.
    seed: int = 0

    def __post_init__(self) -> None:
        _require(self.most_flips >= 1, "--most-flips", self.most_flips, "at least 1")
        _require(1 <= self.draws <= _MOST_DRAWS, "--draws", self.draws, f"1 to {_MOST_DRAWS}")
        _require(1 <= self.spikes <= _MOST_INPUTS, "--spikes", self.spikes, f"1 to {_MOST_INPUTS}")
        _require_seed(self.seed)


@dataclass(frozen=True)
class DemandSettings:
    """Spikes that a sorter has to keep up with, at the lowest power."""

    # Spikes a second of one channel; None looks at several rates.
    rate_per_s: float | None = None
    # Channels that share the sorter.
    channels: int = 1
    # From a spike's last sample to its class, but for one spike in a hundred.
    within_ms: float = 10.0
    # Fastest clock that is looked at.
    most_mhz: float = 24.0

    def __post_init__(self) -> None:
        rate = self.rate_per_s
        _require(rate is None or 0 < rate <= 1e6, "--rate", rate, "more than 0, at most a million spikes a second")
        _require(1 <= self.channels <= 1_000_000, "--channels", self.channels, "1 to 1000000")
        _require(0 < self.within_ms <= 1e6, "--within-ms", self.within_ms, "more than 0, at most a million ms")
        _require(0 < self.most_mhz <= 1_000, "--most-mhz", self.most_mhz, "more than 0, at most 1000 MHz")


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
        _require_readable("--recording", self.recording)
        _require_readable("--model", self.model)
        _require_readable("--sorting", self.given_sorting)
        if self.given_sorting is not None and self.given_sorting.is_dir():
            # Before its digest is taken: any other folder may hold a whole disk.
            known = (self.given_sorting / SORTING_RECORD).is_file()
            _require(known, "--sorting", self.given_sorting, "a folder saved by SpikeInterface")
        if self.recording is None:
            for option, chosen in self._choices_of_reading.items():
                _require(not chosen, option, "without --recording", "a recording to read")
            require_templates(self.templates)
        elif replace(self.simulation, seed=0) != SimulationSettings():
            raise BadInput(f"--recording {self.recording}: options of a simulated recording do not apply to it")
        elif self.templates is not None:
            raise BadInput(
                f"--templates {self.templates}: is for a simulated recording; --recording is read as it is"
            )
        if self.model is not None:
            suffix = self.model.suffix.lower()
            _require(suffix == ".onnx" and self.model.is_file(), "--model", self.model, "a QONNX file (.onnx)")
            # Before its digest is taken: a terabyte of nothing takes an hour to read.
            small = self.model.stat().st_size <= MAX_MODEL_BYTES
            _require(small, "--model", self.model, f"a file of at most {MAX_MODEL_BYTES >> 20} MB")
            _require(self.check.spikes != "all", "--spikes", "all", "with --model, a number")
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


def require_templates(path: Path | None) -> None:
    """Raise BadInput for a file of mean waveforms that cannot be one, before anything of it is read."""
    if path is not None:
        _require(path.is_file() and path.suffix.lower() == ".npz", "--templates", path, "a file (.npz) that is there")
        small = path.stat().st_size <= MAX_RECORDING_BYTES
        _require(small, "--templates", path, f"a file of at most {MAX_RECORDING_BYTES >> 30} GB")


def whole_numbers(option: str, text: str) -> tuple[int, ...]:
    """The numbers of a list such as `0,1,2`.

    Raises:
        BadInput: the text is no list of whole numbers; the message names `option`.
    """
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError as error:
        raise BadInput(f"{option} {text}: whole numbers joined by commas are wanted, such as 0,1,2") from error


def number_or_all(option: str, text: str) -> SpikeCount:
    """A number, or the word `all`.

    Raises:
        BadInput: the text is neither; the message names `option`.
    """
    if text == "all":
        return "all"
    try:
        return int(text)
    except ValueError as error:
        raise BadInput(f"{option} {text}: a whole number is wanted, or all") from error


def margin_or_word(option: str, text: str) -> UnsortedMargin:
    """A number, or one of the words `auto` and `off`.

    Raises:
        BadInput: the text is something else; the message names `option`.
    """
    if text in _MARGIN_WORDS:
        return _MARGIN_WORDS[text]
    try:
        return int(text)
    except ValueError as error:
        raise BadInput(f"{option} {text}: auto, off or a whole number is wanted") from error


def stretch(option: str, text: str | None) -> tuple[int, int] | None:
    """Both numbers of a stretch such as `10:19`; None for none.

    Raises:
        BadInput: the text is no stretch; the message names `option`.
    """
    if text is None:
        return None
    first, colon, last = text.partition(":")
    if not (colon and first.isdecimal() and last.isdecimal()):
        raise BadInput(f"{option} {text}: two whole numbers joined by a colon are wanted, such as 10:19")
    return int(first), int(last)


def words(text: str | None) -> tuple[str, ...] | None:
    """The words of a list such as `block,logic`; None for none."""
    return None if text is None else tuple(text.split(","))


def _joined(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))

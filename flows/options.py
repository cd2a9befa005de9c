"""Options of the command line, each described once; commands take those that concern them."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from flows.settings import (
    DEFAULT_CYCLES,
    STORAGES,
    Align,
    BuiltAs,
    DesignEngine,
    Engine,
    Minimised,
    ReadAs,
    SortingFormat,
    Transport,
)

INPUT = "Input"
RUN = "Run"
RECORDING = "Simulated recording"
SPIKES = "Spikes"
TRAINING = "Pre-sorting and training"
HARDWARE = "Hardware"
FOLDING = "Folding"
BOARD = "Board"
CHECK = "Check"
FAULTS = "Faults"
DEMAND = "Spikes to keep up with"

# Input
RecordingPath = Annotated[
    Path | None,
    Option(
        "--recording",
        help="Recording to read (NWB, Wave_Clus .mat, .npz, ...). Without it, one is simulated.",
        rich_help_panel=INPUT,
    ),
]
ReadAsWhat = Annotated[
    ReadAs,
    Option(
        "--read-as", help="Of a file that holds both: the continuous trace or the cut windows.", rich_help_panel=INPUT
    ),
]
Model = Annotated[
    Path | None,
    Option(
        "--model",
        help="QONNX file (.onnx) to build, trained by anybody. Without it, the network in the run folder.",
        rich_help_panel=INPUT,
    ),
]
ModelToExplore = Annotated[
    Path | None,
    Argument(
        metavar="[MODEL]",
        help="QONNX file (.onnx) to fold, trained by anybody. Without it, the network in the run folder.",
        show_default=False,
    ),
]
NotUnit = Annotated[
    list[int] | None,
    Option(
        "--not-unit",
        help="Label of the recording that is no single unit, such as multi-unit activity; may be repeated.",
        rich_help_panel=INPUT,
    ),
]
ArrayName = Annotated[
    str | None,
    Option(
        "--array",
        help="Array of an .npz that holds the windows.",
        metavar="NAME",
        show_default="waveforms",
        rich_help_panel=INPUT,
    ),
]
LeaveOut = Annotated[
    str | None,
    Option(
        "--leave-out",
        help="Labels whose windows are dropped before anything else.",
        metavar="N,N,...",
        show_default=False,
        rich_help_panel=INPUT,
    ),
]
Realign = Annotated[
    bool,
    Option("--realign", help="Shift windows that came cut onto their extrema.", rich_help_panel=INPUT),
]
ReferenceLabels = Annotated[
    bool,
    Option(
        "--reference-labels",
        help="The recording's labels are somebody's sorting, not ground truth; the report says so.",
        rich_help_panel=INPUT,
    ),
]
Templates = Annotated[
    Path | None,
    Option(
        "--templates",
        help="Mean waveforms (.npz) that a simulated recording is made of, in place of parametric shapes.",
        metavar="FILE",
        show_default=False,
        rich_help_panel=RECORDING,
    ),
]

# Run
From = Annotated[
    str | None,
    Option("--from", help="First step; earlier results are taken as they stand.", rich_help_panel=RUN),
]
To = Annotated[str | None, Option("--to", help="Last step.", rich_help_panel=RUN)]
Force = Annotated[
    bool,
    Option("--force", help="Make the steps anew: up to date or not, changed by hand or not.", rich_help_panel=RUN),
]
Out = Annotated[
    Path | None,
    Option("--out", help="Run folder.", show_default="runs/ and the command's name", rich_help_panel=RUN),
]
OutAfterTraining = Annotated[
    Path | None,
    Option(
        "--out",
        help="Run folder.",
        show_default="runs/train; with a model, runs/ and the command's name",
        rich_help_panel=RUN,
    ),
]
OutOfBoard = Annotated[
    Path | None,
    Option(
        "--out",
        help="Run folder; where it holds no network yet, one is trained there first.",
        show_default="runs/train; with a model, runs/bitstream",
        rich_help_panel=RUN,
    ),
]
OutToProgram = Annotated[
    Path | None,
    Option("--out", help="Run folder with the bitstream.", show_default="runs/train", rich_help_panel=RUN),
]
RunLoader = Annotated[bool, Option("--run", help="Run the command too: the board is plugged in.")]
OutToReport = Annotated[
    Path | None,
    Option(
        "--out",
        help="Run folder to report on [default: the last one written in runs/]; with --compare, a folder to write "
        "the comparison to [default: it is only shown].",
        rich_help_panel=RUN,
    ),
]
Compared = Annotated[
    tuple[Path, Path] | None,
    Option(
        "--compare", help="Two run folders: their figures side by side.", metavar="RUN1 RUN2", rich_help_panel=RUN
    ),
]
Seed = Annotated[int, Option("--seed", help="Of the recording, pre-sorting and random inputs.", rich_help_panel=RUN)]

# Simulated recording
DurationS = Annotated[
    float, Option("--duration-s", help="Length of the recording, in seconds.", rich_help_panel=RECORDING)
]
Units = Annotated[int, Option("--units", help="Units that fire.", rich_help_panel=RECORDING)]
Similarity = Annotated[
    float,
    Option(
        "--similarity",
        help="Mean correlation of the units: 0.6 easy, 0.8, 0.9 hard, 0.96.",
        rich_help_panel=RECORDING,
    ),
]
Noise = Annotated[
    float,
    Option("--noise", help="Background noise as a fraction of spike amplitude.", rich_help_panel=RECORDING),
]
Channels = Annotated[int, Option("--channels", help="Electrode channels.", rich_help_panel=RECORDING)]
FiringHz = Annotated[
    float, Option("--firing-hz", help="Mean firing rate of a unit, in Hz.", rich_help_panel=RECORDING)
]
SamplingHz = Annotated[float, Option("--sampling-hz", help="Samples a second, in Hz.", rich_help_panel=RECORDING)]
Drift = Annotated[
    float,
    Option(
        "--drift",
        help="Change of amplitude from start to end, as a fraction of it.",
        rich_help_panel=RECORDING,
    ),
]

# Spikes
ThresholdSigmas = Annotated[
    float,
    Option("--threshold-sigmas", help="Detection threshold, in noise levels.", rich_help_panel=SPIKES),
]
LowHz = Annotated[float, Option("--low-hz", help="Lower edge of the band, in Hz.", rich_help_panel=SPIKES)]
HighHz = Annotated[float, Option("--high-hz", help="Upper edge of the band, in Hz.", rich_help_panel=SPIKES)]
ZeroPhase = Annotated[
    bool,
    Option(
        "--zero-phase",
        help="Filter forward and backward, which hardware cannot; otherwise causally.",
        rich_help_panel=SPIKES,
    ),
]
AlignOn = Annotated[
    Align, Option("--align", help="Deflection that is detected and aligned on.", rich_help_panel=SPIKES)
]
Upsampling = Annotated[
    int, Option("--upsampling", help="Align on a grid this many times finer.", rich_help_panel=SPIKES)
]
Window = Annotated[int, Option("--window", help="Samples of a spike's window.", rich_help_panel=SPIKES)]
Differences = Annotated[
    int,
    Option(
        "--differences",
        help="How often samples beside each other are subtracted before the network; 0: as they are.",
        rich_help_panel=SPIKES,
    ),
]
Bits = Annotated[int, Option("--bits", help="Bits of a sample in hardware.", rich_help_panel=SPIKES)]

# Pre-sorting and training
Components = Annotated[
    int, Option("--components", help="Templates that pre-sorting begins with.", rich_help_panel=TRAINING)
]
SortUnits = Annotated[
    int | None,
    Option(
        "--sort-units",
        help="Units to find, where their number is known.",
        show_default="chosen by the data",
        rich_help_panel=TRAINING,
    ),
]
GivenSorting = Annotated[
    Path | None,
    Option(
        "--sorting",
        help="Sorting made elsewhere to train on (SpikeInterface folder or .npz, NWB with units). Without it, "
        "spikes are pre-sorted without supervision.",
        show_default=False,
        rich_help_panel=TRAINING,
    ),
]
Seeds = Annotated[
    str,
    Option(
        "--seeds",
        metavar="N,N,...",
        help="One training each; the best one on the validation part is exported.",
        rich_help_panel=TRAINING,
    ),
]
Epochs = Annotated[
    int | None,
    Option(
        "--epochs",
        help="Passes over the training part.",
        show_default="60, more where it is small",
        rich_help_panel=TRAINING,
    ),
]
Hidden = Annotated[
    str, Option("--hidden", metavar="N,N,...", help="Units of each hidden layer.", rich_help_panel=TRAINING)
]
Unsorted = Annotated[
    str,
    Option(
        "--unsorted",
        metavar="auto|off|N",
        help="Lead of the best score below which a spike is 'unsorted': calibrated, none, or given.",
        rich_help_panel=TRAINING,
    ),
]
SortedRecording = Annotated[
    Path | None,
    Option(
        "--recording",
        help="Recording to sort instead of the run's own: its channels, its rate. Phy wants it, unless simulated.",
        show_default=False,
    ),
]
WrittenAs = Annotated[
    SortingFormat,
    Option("--format", help="A SpikeInterface folder, its .npz, an NWB file, or a folder for Phy."),
]

# Hardware
Device = Annotated[
    str,
    Option("--device", help="Device to fold and synthesise for: up5k, xc7a35t, ...", rich_help_panel=HARDWARE),
]
ClockMhz = Annotated[
    float,
    Option("--clock-mhz", help="Clock that rates, latency and power are given for.", rich_help_panel=HARDWARE),
]
Axi = Annotated[bool, Option("--axi", help="Name the stream ports after AXI4-Stream.", rich_help_panel=HARDWARE)]
UnsortedMargin = Annotated[
    int | None,
    Option(
        "--unsorted-margin",
        help="Answer 'unsorted' where the best score leads by less. Without it, what the model's file states.",
        rich_help_panel=HARDWARE,
    ),
]
UnsortedRegister = Annotated[
    bool,
    Option(
        "--unsorted-register",
        help="Make that margin an input of the gateware, which may change between spikes.",
        rich_help_panel=HARDWARE,
    ),
]

# Folding
Cycles = Annotated[
    int | None,
    Option(
        "--cycles",
        help=f"Most clocks an inference may take; {DEFAULT_CYCLES} where no target is given.",
        rich_help_panel=FOLDING,
    ),
]
Rate = Annotated[
    float | None,
    Option("--rate", help="Fewest inferences a second, at --clock-mhz.", rich_help_panel=FOLDING),
]
LatencyClocks = Annotated[
    int | None,
    Option("--latency-clocks", help="Most clocks from a spike's first word to its result.", rich_help_panel=FOLDING),
]
LatencyUs = Annotated[
    float | None,
    Option("--latency-us", help="The same in microseconds, at --clock-mhz.", rich_help_panel=FOLDING),
]
Minimise = Annotated[
    Minimised,
    Option(
        "--minimise",
        help="What is least among all that keep up: LUTs, block memories, or the scarcest of all resources.",
        rich_help_panel=FOLDING,
    ),
]
ArchitectureOf = Annotated[
    BuiltAs,
    Option(
        "--architecture",
        help="A pipeline of layers, one engine that all of them share, or whichever is cheaper.",
        rich_help_panel=FOLDING,
    ),
]
Pe = Annotated[
    str | None,
    Option(
        "--pe",
        metavar="N,N,...",
        help="Rows a clock of each layer, as given; the rest is searched.",
        rich_help_panel=FOLDING,
    ),
]
Simd = Annotated[
    str | None,
    Option(
        "--simd",
        metavar="N,N,...",
        help="Columns a clock of each layer, as given; the rest is searched.",
        rich_help_panel=FOLDING,
    ),
]
StorageOf = Annotated[
    str | None,
    Option(
        "--storage",
        metavar="WORD,WORD,...",
        help=f"Where each layer's weights are kept: {' or '.join(STORAGES)}; the rest is searched.",
        rich_help_panel=FOLDING,
    ),
]
CountTables = Annotated[
    str | None,
    Option(
        "--count-tables",
        metavar="N,N,...",
        help="Groups of three columns of each layer that block memory counts; the rest is searched.",
        rich_help_panel=FOLDING,
    ),
]
LevelsPerStage = Annotated[
    int,
    Option(
        "--levels-per-stage",
        help="Additions in a row between two registers of layers whose weights are constants.",
        rich_help_panel=FOLDING,
    ),
]
DeepPipeline = Annotated[
    bool | None,
    Option(
        "--deep-pipeline/--no-deep-pipeline",
        help="More registers in layers whose weights are in memories, for a faster clock.",
        show_default="only on a board",
        rich_help_panel=FOLDING,
    ),
]
ScheduleFile = Annotated[
    Path | None,
    Option("--schedule", help="Schedule (.json) to build as it is; nothing is searched.", rich_help_panel=FOLDING),
]
Loadable = Annotated[
    str | None,
    Option(
        "--loadable",
        metavar="LAYER,LAYER,...",
        help="Layers whose weights can be written at run time, by name, or all.",
        rich_help_panel=FOLDING,
    ),
]
WeightSets = Annotated[
    int,
    Option(
        "--weight-sets",
        help="Sets of weights in one device, of which each spike chooses one (one per channel).",
        rich_help_panel=FOLDING,
    ),
]

# Board
OnBoard = Annotated[
    str,
    Option("--board", help="Board, whose constraint file says pins and clock.", rich_help_panel=BOARD),
]
ChipClockMhz = Annotated[
    float | None,
    Option(
        "--clock-mhz",
        help="Clock of the chip, made by the device's PLL.",
        show_default="the board's oscillator",
        rich_help_panel=BOARD,
    ),
]
TransportOf = Annotated[
    Transport, Option("--transport", help="What the host talks to the chip over.", rich_help_panel=BOARD)
]
ChipBaud = Annotated[int, Option("--baud", help="Bits a second of the UART.", rich_help_panel=BOARD)]
Scores = Annotated[
    bool, Option("--scores/--no-scores", help="Answers tell the best score too.", rich_help_panel=BOARD)
]
PlacementSeed = Annotated[
    int,
    Option(
        "--seed",
        help="Of the first placement; where it misses the clock, the next ones are tried.",
        rich_help_panel=BOARD,
    ),
]
Attempts = Annotated[int, Option("--attempts", help="Placements that are tried.", rich_help_panel=BOARD)]
SpikesThroughPins = Annotated[
    int,
    Option(
        "--spikes",
        help="Spikes that go through the simulated chip, mapped onto its cells, over its pins; 0 for none.",
        rich_help_panel=BOARD,
    ),
]
NativeTools = Annotated[
    bool,
    Option(
        "--native-tools",
        help="Run yosys, nextpnr and the packer that are on PATH in place of the installed packages.",
        rich_help_panel=BOARD,
    ),
]

# Check
Spikes = Annotated[
    int, Option("--spikes", help="Spikes to simulate, and to leave as test vectors.", rich_help_panel=CHECK)
]
SpikesToSimulate = Annotated[
    str,
    Option(
        "--spikes",
        metavar="N|all",
        help="Test spikes to simulate, or all that were cut, in whatever part of the recording.",
        rich_help_panel=CHECK,
    ),
]
RandomInputs = Annotated[
    int,
    Option(
        "--random-inputs",
        help="Random inputs on which the integer network meets the reference.",
        rich_help_panel=CHECK,
    ),
]
Simulator = Annotated[
    Engine,
    Option(
        "--engine",
        help="What simulates: Amaranth's simulator, or, compiled by Verilator (needs a C++ compiler), the design or "
        "the netlist that synthesis maps onto the device.",
        rich_help_panel=CHECK,
    ),
]
Vcd = Annotated[
    bool,
    Option(
        "--vcd",
        help="Leave the simulation's waveforms as a .vcd file.",
        rich_help_panel=CHECK,
    ),
]
VcdSpikes = Annotated[
    str | None,
    Option(
        "--vcd-spikes",
        metavar="FIRST:LAST",
        help="Leave the waveforms of these spikes only, counted from 0.",
        show_default=False,
        rich_help_panel=CHECK,
    ),
]

# Send
Port = Annotated[str, Option("--port", help="Serial port of the board, such as /dev/ttyUSB1.", show_default=False)]
Baud = Annotated[
    int | None, Option("--baud", help="Bits a second.", show_default="what the run's chip was built for")
]
SpikesToSend = Annotated[
    str,
    Option(
        "--spikes",
        metavar="N|all",
        help="Test spikes of the run, or all that were cut; random inputs where the model is from elsewhere.",
    ),
]
TimeoutS = Annotated[
    float, Option("--timeout-s", help="Seconds an answer may take, until its request is sent again.")
]
LoadedModel = Annotated[
    Path | None,
    Option(
        "--load",
        help="QONNX file whose weights are loaded first; the answers are then held against it.",
        metavar="MODEL",
        show_default=False,
    ),
]
WeightSet = Annotated[int, Option("--weight-set", help="Weight set that sorts, and that --load writes anew.")]
AnyDesign = Annotated[bool, Option("--any-design", help="Take a board that says it holds another design.")]

# Faults
# Demand
SpikeRate = Annotated[
    float | None,
    Option(
        "--rate", help="Spikes a second of one channel.", show_default="1, 10, 50 and 100", rich_help_panel=DEMAND
    ),
]
SharingChannels = Annotated[int, Option("--channels", help="Channels that share one sorter.", rich_help_panel=DEMAND)]
WithinMs = Annotated[
    float,
    Option(
        "--within-ms",
        help="From a spike's last sample to its class, for 99 spikes of 100: waiting and computing.",
        rich_help_panel=DEMAND,
    ),
]
MostMhz = Annotated[
    float,
    Option(
        "--most-mhz",
        help="Fastest clock that is looked at; a design gets none beyond its estimated Fmax.",
        rich_help_panel=DEMAND,
    ),
]
MostFlips = Annotated[
    int,
    Option(
        "--most-flips",
        help="Bits flipped at most: 1, 2, 4, ... up to here, or to all bits of a memory.",
        rich_help_panel=FAULTS,
    ),
]
Draws = Annotated[
    int, Option("--draws", help="Random places for each number of flips in each memory.", rich_help_panel=FAULTS)
]
SpikesJudged = Annotated[
    int, Option("--spikes", help="Spikes that accuracy is counted over, at most.", rich_help_panel=FAULTS)
]

# Replay
SimulatorOfCase = Annotated[
    DesignEngine | None,
    Option("--engine", help="What simulates.", show_default="the simulator that showed the difference"),
]
VcdFile = Annotated[
    Path | None,
    Option("--vcd", help="File to write the simulation's waveforms to (.vcd).", metavar="FILE", show_default=False),
]

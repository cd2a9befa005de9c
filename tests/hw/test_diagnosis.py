"""Planted defects are found where they were planted, down to the accumulator, in the smallest run that shows them."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from hw.components.mvtu import MatrixVectorThresholdUnit
from hw.diagnosis.diagnose import diagnose, replay
from hw.diagnosis.difference import Row, Winner, WinnerDifference, first_difference
from hw.diagnosis.outputs import Outputs
from hw.diagnosis.smallest import Stretch, smallest
from hw.diagnosis.sums import NOT_THERE, UNROLLED
from hw.network.types import BIPOLAR, IntegerFormat
from hw.network.vectors import random_inputs
from hw.simulate import amaranth
from hw.simulate.streams import Pauses
from tests.hw import defects
from tests.hw.networks import engine_schedule, random_network, random_schedule

INT8, UINT4, UINT2, INT3 = (
    IntegerFormat(8, True),
    IntegerFormat(4, False),
    IntegerFormat(2, False),
    IntegerFormat(3, True),
)
ARCHITECTURES = ("pipeline", "unrolled", "engine")
N_SPIKES = 6


@dataclass(frozen=True, eq=False)
class Defect:
    """What is planted, and what a neuron then gives, by the definition of the network.

    Attributes:
        plant: changes a circuit.
        layer: the layer's index.
        neuron: the row.
        accumulators: of that row for all spikes, `[n]`.
        constants: thresholds of that row, or its offset.
    """

    plant: object
    layer: int
    neuron: int
    accumulators: np.ndarray
    constants: tuple[int, ...]


def drawn_accelerator(rng, architecture, plant=None):
    elements = rng.choice([BIPOLAR, UINT4, INT8])
    activations = (BIPOLAR,) if architecture == "engine" else (BIPOLAR, UINT2, INT3)[int(rng.integers(3)) :]
    hidden = tuple(int(rows) for rows in rng.choice([2, 4, 6, 8], int(rng.integers(1, 3))))
    network = random_network(rng, int(rng.choice([4, 6, 9])), hidden, 3, elements, activations)
    if architecture == "engine":
        return defects.Planted(network, engine_schedule(network))
    share = 1.0 if architecture == "unrolled" else 0.0
    schedule = random_schedule(rng, network, "xc7a35t", unrolled_share=share)
    if architecture == "pipeline":
        schedule = replace(schedule, weight_sets=int(rng.integers(1, 3)), margin_port=bool(rng.integers(2)))
    return defects.Planted(network, schedule)


def inputs_of(network, spikes, index):
    return network.elements(spikes) if index == 0 else network.words(spikes)[index - 1]


def sign_of(network, index, row):
    return 1 if index == len(network.hidden) or network.layers[index].rising[row] else -1


def constants_of(network, index, row):
    layer = network.layers[index]
    return tuple((layer.offsets[row : row + 1] if index == len(network.hidden) else layer.thresholds[row]).tolist())


def outputs_of(network, defect):
    """What the neuron gives for its accumulators and constants."""
    layer, acc = network.layers[defect.layer], defect.accumulators
    if defect.layer == len(network.hidden):
        return (acc << layer.fraction_bits) + defect.constants[0]
    passed = [acc >= t if layer.rising[defect.neuron] else acc <= t for t in defect.constants]
    return layer.lowest + layer.output.step * np.sum(passed, axis=0)


def drawn_weight(rng, accelerator, spikes):
    """A bit of a weight memory is turned, its row's constant is not; of an unrolled layer, a weight."""
    network, engine = accelerator.network, accelerator.engine
    # Other weights may make the scores of an unrolled layer wider, which is another defect.
    unrolled = engine is None and accelerator.schedule.layers[0].is_unrolled
    index = int(rng.integers(len(network.hidden if unrolled else network.layers)))
    layer, element = network.layers[index], network.format_into(index)
    row, column = (int(rng.integers(size)) for size in layer.weights.shape)
    x = inputs_of(network, spikes, index)
    accumulators, values = layer.accumulate(x)[:, row], x[:, column].astype(np.int64)
    sign = sign_of(network, index, row)
    direction = -1 if layer.weights[row, column] == (sign > 0) else 1  # of the circuit's own weight, away from it
    if element.bipolar or unrolled:
        change = 2 * values
    elif engine is not None:
        change = 2 * values - element.minimum - element.maximum
    else:
        # Instead of -x there is -x - 1 in the circuit; not so for the first of two columns that are added first.
        simd = accelerator.schedule.layers[index].simd
        lane = column % simd
        change = 2 * values + 1 - (lane % 2 == 0 and lane + 1 < simd)
    plant = defects.wrong_weight(index, row, column)
    return Defect(plant, index, row, accumulators + sign * direction * change, constants_of(network, index, row))


def drawn_constant(rng, accelerator, spikes):
    """A row's constant is another, by what its memory and the totals have room for."""
    network = accelerator.network
    index = int(rng.integers(len(network.layers)))
    layer, element = network.layers[index], network.format_into(index)
    row = int(rng.integers(layer.rows))
    sign = sign_of(network, index, row)
    by = next(by for by in rng.permutation([-3, -2, -1, 1, 2, 3]).tolist() if has_room(accelerator, index, row, by))
    constants = constants_of(network, index, row)
    moved = by if index == len(network.hidden) else -sign * element.step * by
    accumulators = layer.accumulate(inputs_of(network, spikes, index))[:, row]
    plant = defects.wrong_constant(index, row, by)
    return Defect(plant, index, row, accumulators, tuple(c + moved for c in constants))


def has_room(accelerator, index, row, by):
    if accelerator.engine is not None:
        layer, half = accelerator.engine.layers[index], 1 << (accelerator.engine.total_bits - 1)
        return -half <= layer.bias[row] + by and layer.bias[row] + by + layer.greatest_sum < half
    unit = accelerator.pipeline.units[index]
    products = unit.products if isinstance(unit, MatrixVectorThresholdUnit) else unit
    low, high = (products.weights.shape[1] * bound << products.shift for bound in products.term_bounds())
    total, bias = products.total_format, products.bias[row] + by
    fits = products.bias_format.element.holds(products.row_constants[row] + by)
    return bool(fits and total.holds(bias + low) and total.holds(bias + high))


def drawn_level(rng, accelerator, spikes):
    """A bit of a level is turned; None where no layer has any."""
    network = accelerator.network
    several = [i for i, layer in enumerate(network.hidden) if layer.steps > 1]
    if not several:
        return None
    index = int(rng.choice(several))
    layer, levels = network.hidden[index], accelerator.pipeline.units[index].thresholds.levels
    row, level = (int(rng.integers(size)) for size in levels.shape)
    changed = levels.copy()
    changed[row, level] ^= 1
    moved = (np.sort(changed) - levels)[row] * sign_of(network, index, row) * network.format_into(index).step
    first, *others = constants_of(network, index, row)
    constants = (first, *(int(t + m) for t, m in zip(others, moved, strict=True)))
    accumulators = layer.accumulate(inputs_of(network, spikes, index))[:, row]
    return Defect(defects.wrong_level(index, row, level), index, row, accumulators, constants)


def simulating(accelerator):
    return lambda spikes, pauses: amaranth.simulate(accelerator, spikes, pauses=pauses)


def diagnosed(accelerator, spikes, pauses=Pauses()):
    simulate = simulating(accelerator)
    return diagnose(accelerator, spikes, simulate(spikes, pauses), simulate, pauses)


def found(rng, architecture, draw):
    """Plants one defect and holds what is found against what must be; whether the spikes showed it at all."""
    sound = drawn_accelerator(rng, architecture)
    network = sound.network
    spikes = random_inputs(network.input_format, network.n_inputs, N_SPIKES, int(rng.integers(2**32)))
    defect = draw(rng, sound, spikes)
    if defect is None:
        return False
    accelerator = replace(sound, plant=defect.plant)
    expected = Outputs.of_network(network, spikes).layers[defect.layer][:, defect.neuron]
    outputs = outputs_of(network, defect)
    wrong = np.flatnonzero(outputs != expected)
    case = diagnosed(accelerator, spikes)
    if not len(wrong):
        assert case is None
        return False
    spike = wrong[0]
    assert np.array_equal(case.spikes, spikes[spike : spike + 1])
    assert (case.first_spike, case.pauses, case.difference.spike) == (spike, Pauses(), 0)
    found, layer = case.difference, network.layers[defect.layer]
    assert (found.layer, found.neuron, found.n_different) == (layer.name, defect.neuron, 1)
    good = layer.accumulate(inputs_of(network, spikes, defect.layer))[spike, defect.neuron]
    assert found.expected == Row(expected[spike], good, constants_of(network, defect.layer, defect.neuron))
    if architecture == "unrolled":
        assert (found.seen, found.unseen_because) == (Row(outputs[spike], None, None), UNROLLED)
    else:
        assert found.seen == Row(outputs[spike], defect.accumulators[spike], defect.constants)
    assert replay(case, simulating(accelerator)) == found
    assert replay(replace(case, accelerator=sound), simulating(sound)) is None
    return True


def kinds_for(architecture):
    return {
        "pipeline": (drawn_weight, drawn_constant, drawn_level),
        "unrolled": (drawn_weight,),
        "engine": (drawn_weight, drawn_constant),
    }[architecture]


def plant_many(record_property, n):
    shown = planted = 0
    for seed in range(n):
        for architecture in ARCHITECTURES:
            for draw in kinds_for(architecture):
                planted += 1
                shown += found(np.random.default_rng([seed, planted]), architecture, draw)
    record_property("defects_planted", planted)
    record_property("defects_that_show", shown)
    record_property("defects_located", shown)
    assert shown >= planted // 3


@pytest.mark.verify("injected")
def test_planted_defects_are_located(record_property):
    """A wrong bit in a circuit is named by spike, layer, neuron, accumulator and thresholds."""
    plant_many(record_property, 1)


@pytest.mark.slow
@pytest.mark.verify("injected")
def test_many_planted_defects_are_located(record_property):
    """Wrong bits in many random circuits are named by spike, layer, neuron, accumulator and thresholds."""
    plant_many(record_property, 20)


def tying_network(margin=0):
    """A network that gives equal scores often: rows alike, but for an offset of the last."""
    rng = np.random.default_rng(4)
    network = random_network(rng, 4, (4,), 3, UINT4)
    weights = np.repeat(rng.random((1, 4)) < 0.5, 3, axis=0)
    head = replace(network.head, weights=weights, offsets=np.array([0, 0, -1]), fraction_bits=0)
    return replace(network, head=head, margin=margin)


def with_winner(architecture, network, plant):
    rng = np.random.default_rng(0)
    schedule = (
        engine_schedule(network) if architecture == "engine" else random_schedule(rng, network, unrolled_share=0)
    )
    return defects.Planted(network, schedule, plant=plant)


def count_one(record_property):
    record_property("defects_planted", 1)
    record_property("defects_located", 1)


@pytest.mark.parametrize("architecture", ["pipeline", "engine"])
@pytest.mark.verify("injected")
def test_a_winner_that_breaks_ties_wrongly_is_named(architecture, record_property):
    """A wrong answer to right scores is named as the winner's, with the scores."""
    network = tying_network()
    spikes = random_inputs(network.input_format, network.n_inputs, 3, seed=0)
    case = diagnosed(with_winner(architecture, network, defects.wrong_winner(ties_to_last=True)), spikes)
    scores = tuple(network.scores(spikes)[0].tolist())
    assert case.difference == WinnerDifference(
        0, scores, 0, network.unit_names, Winner(0, scores[0]), Winner(1, scores[0])
    )
    count_one(record_property)


def test_a_wrong_margin_is_named_as_the_winners():
    network = tying_network(margin=2)
    spikes = random_inputs(network.input_format, network.n_inputs, 3, seed=0)
    case = diagnosed(with_winner("pipeline", network, defects.wrong_margin(margin=0)), spikes)
    assert (case.difference.expected.unit, case.difference.seen.unit) == (3, 0)
    assert "expected unsorted" in case.difference.line


@pytest.mark.parametrize("architecture", ["pipeline", "engine"])
@pytest.mark.verify("injected")
def test_what_a_spike_leaves_behind_takes_two_spikes(architecture, record_property):
    """State that a spike leaves to the next one is shown by those two spikes, no more and no fewer."""
    rng = np.random.default_rng(2)
    network = random_network(rng, 4, (6,), 3, UINT4)
    spikes = random_inputs(network.input_format, network.n_inputs, 8, seed=3)
    best = network.scores(spikes).max(axis=1)
    wrong = int(np.flatnonzero(best[1:] < best[:-1])[0]) + 1  # the first one that has a better one before it
    case = diagnosed(with_winner(architecture, network, defects.wrong_winner(forgets=False)), spikes)
    assert (case.first_spike, len(case.spikes), case.difference.spike) == (wrong - 1, 2, 1)
    assert case.difference.in_run(case.first_spike).spike == wrong
    assert case.difference.seen.score == best[wrong - 1]
    count_one(record_property)


def run_by_hand(network, goes_wrong):
    """Stands in for a simulation: the answers of the network, and a wrong unit wherever the rule says so."""

    def simulate(spikes, pauses):
        answers = Outputs.of_network(network, spikes)
        units = answers.units.copy()
        for index in range(len(spikes)):
            units[index] ^= goes_wrong(spikes[:, 0].tolist(), index, pauses)
        *words, scores = answers.layers
        return SimpleNamespace(words=words, scores=scores, classes=units, best_scores=answers.best_scores)

    return simulate


def smallest_by_hand(goes_wrong, pauses=Pauses()):
    network = random_network(np.random.default_rng(0), 2, (2,), 2, INT8)
    spikes = np.stack([np.arange(40), np.zeros(40, np.int64)], axis=1)
    simulate = run_by_hand(network, goes_wrong)
    expected = Outputs.of_network(network, spikes)
    difference = first_difference(network, spikes, expected, Outputs.of_simulation(simulate(spikes, pauses)))
    return smallest(network, simulate, spikes, pauses, difference)


STALLS = Pauses(stall=0.5, seed=3)


@pytest.mark.parametrize(
    ("goes_wrong", "pauses", "stretch"),
    [
        (lambda x, i, p: x[i] == 20, Pauses(), Stretch(20, 21, Pauses())),
        (lambda x, i, p: x[i] == 20, STALLS, Stretch(20, 21, Pauses())),
        (lambda x, i, p: x[i] == 20 and 13 in x[:i], Pauses(), Stretch(13, 21, Pauses())),
        (lambda x, i, p: x[i] == 20 and 0 in x[:i], Pauses(), Stretch(0, 21, Pauses())),
        (lambda x, i, p: x[i] == 20 and 22 in x, Pauses(), Stretch(20, 23, Pauses())),
        (lambda x, i, p: x[i] == 20 and {18, 21} < set(x), Pauses(), Stretch(18, 22, Pauses())),
        (lambda x, i, p: x[i] == 20 and p.stall > 0, STALLS, Stretch(20, 21, STALLS)),
        (lambda x, i, p: x[i] == 20 and p.stall > 0 and 17 in x[:i], STALLS, Stretch(17, 21, STALLS)),
        (lambda x, i, p: x[i] == 20 and len(x) == 40, Pauses(), Stretch(0, 40, Pauses())),
    ],
    ids=[
        "alone",
        "alone without pauses",
        "7 before",
        "all before",
        "2 behind",
        "both",
        "pauses",
        "both kinds",
        "all",
    ],
)
def test_the_smallest_run_has_what_the_difference_needs(goes_wrong, pauses, stretch):
    assert smallest_by_hand(goes_wrong, pauses) == stretch


@pytest.mark.verify("injected")
def test_what_only_a_stall_upsets_is_run_with_the_stalls(record_property):
    """A fault that needs a stalled sink is replayed with the pauses that showed it, and few spikes."""
    network = random_network(np.random.default_rng(2), 4, (6,), 3, UINT4)
    spikes = random_inputs(network.input_format, network.n_inputs, 8, seed=3)
    accelerator = with_winner("pipeline", network, defects.wrong_winner(upset_by_stalls=True))
    simulate = simulating(accelerator)
    assert diagnosed(accelerator, spikes) is None
    case = diagnosed(accelerator, spikes, STALLS)
    assert case.pauses == STALLS
    assert len(case.spikes) > 1  # since a stalled result is right itself
    assert case.difference.place == ("winner",)
    assert replay(case, simulate) == case.difference
    assert replay(replace(case, pauses=Pauses()), simulate) is None
    count_one(record_property)


def test_no_more_is_said_of_a_difference_that_only_the_other_simulator_shows():
    rng = np.random.default_rng(1)
    accelerator = drawn_accelerator(rng, "engine")
    network = accelerator.network
    spikes = random_inputs(network.input_format, network.n_inputs, 3, seed=1)
    good = amaranth.simulate(accelerator, spikes)

    def other(part, pauses):
        answers = Outputs.of_network(network, part)
        *words, scores = (layer.copy() for layer in answers.layers)
        scores[(part == spikes[1]).all(axis=1), 2] += 1
        return SimpleNamespace(words=words, scores=scores, classes=answers.units, best_scores=answers.best_scores)

    case = diagnose(accelerator, spikes, other(spikes, Pauses()), other)
    assert (case.first_spike, case.difference.neuron) == (1, 2)
    assert case.difference.seen == Row(int(good.scores[1, 2]) + 1, None, None)
    assert case.difference.unseen_because == NOT_THERE

"""Random designs that show every option."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from hw.accelerator.accelerator import Accelerator
from hw.components.rom import MEMORIES, Storage
from hw.components.terms import most_count_tables
from hw.devices import device_named
from hw.network.types import BIPOLAR, IntegerFormat, Network, ScoreLayer
from hw.schedule.engine import LANES
from hw.schedule.timing import with_banks
from hw.schedule.types import Architecture, LayerFolding, Schedule
from hw.simulate.streams import Pauses
from tests.hw.networks import divisors, engine_schedule, random_layer, random_table, retrained, unrolled
from tests.hw.options.built import Design
from tests.hw.options.coverage import Coverage
from tests.hw.options.declared import ACTIVATIONS, LEVELS_PER_STAGE

DEVICES = ("up5k", "lfe5u-25f", "xc7a35t")  # one of each family
# With several words of several groups of three columns, which count tables and both kinds of two banks need.
SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 40)
LARGEST_UNROLLED = 16
LONGEST_INTERVAL = {Architecture.PIPELINE: 120, Architecture.ENGINE: 600}  # clocks, to be simulated soon
INPUTS = (  # by their kinds, each as likely
    (BIPOLAR,),
    (IntegerFormat(1, signed=False),),
    tuple(IntegerFormat(bits, signed=False) for bits in (2, 5, 8, 9, 11)),
    tuple(IntegerFormat(bits, signed=True) for bits in (2, 4, 8, 10, 16)),
)
PAUSES = (
    Pauses(),
    Pauses(gap=0.4),
    Pauses(stall=0.4),
    Pauses(0.3, 0.3),
    Pauses(0.3, 0.3, sink_waits=True),
)
T = TypeVar("T")
CHANGES = ("none", "sets", "loading", "both")


def telling_designs(coverage: Coverage, n_designs: int, n_candidates: int, seed: int) -> Iterator[Design]:
    """Random designs, each the one of some candidates that shows the most that is untried; they count as tried."""
    for number in range(n_designs):
        candidates = (random_design((seed, number, candidate)) for candidate in range(n_candidates))
        design = max(candidates, key=coverage.gain)
        coverage.add(design)
        yield design


def random_design(seed: tuple[int, ...]) -> Design:
    """A small design of any kind, fast enough to be simulated."""
    rng = np.random.default_rng(seed)
    while True:
        draw = _engine if rng.random() < 0.2 else _pipeline
        accelerator = draw(rng)
        pauses = replace(_one_of(rng, PAUSES), seed=int(rng.integers(1 << 30)))
        if accelerator.schedule.initiation_interval <= LONGEST_INTERVAL[accelerator.schedule.architecture]:
            return Design(accelerator, pauses, seed)


def _engine(rng: np.random.Generator) -> Accelerator:
    network = _with_margin(rng, _network(rng, (BIPOLAR,), with_front=False))
    lanes, storage = int(rng.choice(LANES)), _one_of(rng, MEMORIES)
    device, margin_port = str(rng.choice(DEVICES)), bool(rng.random() < 0.3)
    return Accelerator(network, engine_schedule(network, lanes, storage, device, margin_port))


def _pipeline(rng: np.random.Generator) -> Accelerator:
    network = _with_margin(rng, _network(rng, ACTIVATIONS, with_front=bool(rng.random() < 0.4)))
    device, changes = str(rng.choice(DEVICES)), str(rng.choice(CHANGES, p=(0.6, 0.1, 0.2, 0.1)))
    weight_sets = int(rng.integers(2, 5)) if changes in ("sets", "both") else 1
    unrolled_share = rng.choice((0.0, 0.4, 1.0)) if weight_sets == 1 else 0.0
    loadable_share = rng.choice((0.5, 1.0)) if changes in ("loading", "both") else 0.0
    folds = []
    for index in range(len(network.layers)):
        fold = _fold(rng, network, index)
        if rng.random() < unrolled_share and max(fold.rows, fold.columns) <= LARGEST_UNROLLED:
            fold = unrolled(fold, int(rng.choice(LEVELS_PER_STAGE)))
        elif rng.random() < loadable_share:
            fold = _loadable(fold, device)
        folds.append(fold)
    banks = with_banks(folds) if rng.random() < 0.7 else _any_banks(rng, folds)
    schedule = Schedule(network.digest, device, banks, margin_port=bool(rng.random() < 0.3), weight_sets=weight_sets)
    others = tuple(retrained(rng, network, [True] * len(folds)) for _ in range(int(rng.integers(weight_sets))))
    return Accelerator(network, schedule, others)


def _network(rng: np.random.Generator, activations: tuple[IntegerFormat, ...], with_front: bool) -> Network:
    inputs = _one_of(rng, _one_of(rng, INPUTS))
    front = (
        random_table(rng, inputs, _one_of(rng, (*ACTIVATIONS, IntegerFormat(6, signed=True)))) if with_front else None
    )
    n_hidden, rising_share = int(rng.integers(4)), rng.choice((0.0, 0.5, 1.0))
    sizes = [int(size) for size in rng.choice(SIZES, n_hidden + 1)]
    among = _one_of(rng, [(BIPOLAR,), activations, (*activations, *(BIPOLAR,) * len(activations))])
    hidden, columns, values = [], sizes[0], inputs if front is None else front.output
    for index, rows in enumerate(sizes[1:]):
        output = _one_of(rng, among)
        steps = int(rng.choice((1, rng.integers(1, output.n_values), output.n_values - 1)))
        hidden.append(random_layer(rng, f"hidden{index}", rows, columns, values, output, rising_share, steps))
        columns, values = rows, output
    classes, fraction = int(rng.choice((1, 2, 3, 4, 6))), int(rng.choice((0, 2)))
    head = ScoreLayer("scores", rng.random((classes, columns)) < 0.5, rng.integers(-3, 4, classes), fraction)
    return Network(inputs, tuple(hidden), head, tuple(f"unit {c}" for c in range(classes)), front=front)


def _with_margin(rng: np.random.Generator, network: Network) -> Network:
    """Perhaps one that any network alike has room for."""
    return replace(network, margin=1 << network.head.fraction_bits) if rng.random() < 0.5 else network


def _fold(rng: np.random.Generator, network: Network, index: int) -> LayerFolding:
    layer = network.layers[index]
    pe = int(rng.choice(divisors(layer.rows)))
    simd = max(int(size) for size in rng.choice(divisors(layer.columns), 2))  # rather wide, for count tables
    weights, constants = _one_of(rng, MEMORIES), _one_of(rng, MEMORIES)
    most = most_count_tables(network.format_into(index), simd)
    tables = int(rng.choice((0, most, most // 2)))
    return LayerFolding(
        *(layer.name, layer.rows, layer.columns, pe, simd, 1, weights, constants),
        count_tables=tables,
        deep_pipeline=bool(rng.random() < 0.5),
    )


def _loadable(fold: LayerFolding, device: str) -> LayerFolding:
    if device_named(device).writes_luts:
        return replace(fold, loadable=True)
    return replace(fold, loadable=True, weight_storage=Storage.BLOCK, bias_storage=Storage.BLOCK)


def _any_banks(rng: np.random.Generator, folds: list[LayerFolding]) -> tuple[LayerFolding, ...]:
    """Also more or fewer than throughput asks for, which changes no answer."""
    return tuple(replace(fold, banks=int(rng.integers(1, 3))) for fold in folds)


def _one_of(rng: np.random.Generator, things: Sequence[T]) -> T:
    return things[int(rng.integers(len(things)))]

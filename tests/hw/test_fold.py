"""Automatic folding: keeps up, fits, is no dearer than any other folding, and says what would fit."""

from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest

from hw.accelerator.accelerator import Accelerator
from hw.components.mvtu import layer_unit
from hw.components.rom import Storage
from hw.devices import DEVICES, EBR, device_named
from hw.errors import BadInput, DoesNotFit
from hw.estimate.accelerator import estimate
from hw.network.types import IntegerFormat
from hw.schedule.designs import designs_of
from hw.schedule.explore import explore
from hw.schedule.fold import choose, fold
from hw.schedule.search import undominated
from hw.schedule.shapes import ALL_LAYERS, BLOCK_RAMS, FLIP_FLOPS, INTERVAL, LATENCY, LUTS, Fixed
from hw.schedule.space import space_of
from hw.schedule.target import Minimise, Target, clocks_of_latency, clocks_of_rate
from hw.schedule.types import Architecture
from tests.hw.foldings import every_schedule, figures
from tests.hw.networks import INT8, random_network, random_table

PAPER = {"n_inputs": 48, "hidden": (256, 256), "n_units": 5}
UP5K = device_named("up5k")
UINT2 = IntegerFormat(2, signed=False)
SMALL = {
    "one": {"n_inputs": 6, "hidden": (), "n_units": 4},
    "two": {"n_inputs": 8, "hidden": (6,), "n_units": 2},
    "three": {"n_inputs": 2, "hidden": (4, 2), "n_units": 1},
    "with table and thresholds": {"n_inputs": 2, "hidden": (4,), "n_units": 2, "activations": (UINT2,)},
}


def tiny(luts=5000, flip_flops=5000, block_rams=8):
    """A UP5K with other amounts of everything."""
    return replace(UP5K, luts=luts, flip_flops=flip_flops, block_rams=block_rams)


def small(name):
    rng = np.random.default_rng(1)
    front = random_table(rng, INT8, UINT2) if name == "with table and thresholds" else None
    return random_network(rng, **SMALL[name], front=front)


@cache
def every_figures(name):
    """Figures of every folding, `[n, 5]`."""
    network = small(name)
    return np.array([figures(network, schedule, tiny()) for schedule in every_schedule(network, tiny())])


def paper():
    return random_network(np.random.default_rng(0), **PAPER)


def within(rows, device, target=Target()):
    limits = {LUTS: device.luts, FLIP_FLOPS: device.flip_flops, BLOCK_RAMS: device.block_rams}
    limits |= {LATENCY: target.latency_clocks, INTERVAL: target.interval_clocks}
    return rows[np.all([rows[:, column] <= most for column, most in limits.items() if most is not None], axis=0)]


@pytest.mark.parametrize("max_cycles", [256, 1024, 8192])
def test_the_papers_network_fits_up5k(max_cycles):
    network = paper()
    schedule = fold(network, UP5K, max_cycles)
    luts, flip_flops, block_rams, _, interval = figures(network, schedule, UP5K)
    assert interval <= max_cycles
    assert (luts <= UP5K.luts, flip_flops <= UP5K.flip_flops, block_rams <= UP5K.block_rams) == (True, True, True)


@pytest.mark.parametrize("name", SMALL)
def test_the_space_is_every_design(name):
    assert designs_of(small(name), tiny()).n_designs == len(every_figures(name))


TARGETS = [Target(24), Target(6), Target(None, 30), Target(12, 22)]


@pytest.mark.parametrize(("name", "target", "block_rams"), [*product(SMALL, TARGETS, (1, 3, 8))])
def test_no_other_folding_is_cheaper(name, target, block_rams):
    """Under each of the orders, against every folding there is; where none is left, it says so."""
    network, device = small(name), tiny(block_rams=block_rams)
    others = within(every_figures(name), device, target)
    if not len(others):
        with pytest.raises(DoesNotFit):
            choose(designs_of(network, device), target)
        return
    luts, flip_flops, block_rams = others.T[:3]
    worst = np.max([luts / 5000, flip_flops / 5000, block_rams / device.block_rams], axis=0)
    orders = {
        Minimise.LUTS: (luts, flip_flops, block_rams),
        Minimise.MEMORY: (block_rams, luts, flip_flops),
        Minimise.BALANCED: (worst, luts, flip_flops, block_rams),
    }
    for minimise, order in orders.items():
        least = others[np.lexsort(order[::-1])[0]]
        choice = choose(designs_of(network, device), target, minimise)
        chosen = figures(network, choice.schedule, device)
        assert chosen[:3] == tuple(least[:3])
        assert (choice.resources.luts, choice.resources.flip_flops, choice.resources.block_rams) == chosen[:3]


@pytest.mark.parametrize("nth", [0, 3, 10])
def test_flip_flops_are_a_limit_like_any_other(nth):
    flip_flops = int(np.unique(every_figures("two")[:, FLIP_FLOPS])[nth])
    device = tiny(flip_flops=flip_flops)
    chosen = figures(small("two"), choose(designs_of(small("two"), device), Target()).schedule, device)
    assert chosen[LUTS] == within(every_figures("two"), device)[:, LUTS].min()
    assert chosen[FLIP_FLOPS] <= flip_flops


@pytest.mark.parametrize("name", SMALL)
def test_the_front_is_every_folding_that_no_other_beats(name):
    network, device = small(name), tiny(block_rams=4)
    rows = {tuple(row) for row in within(every_figures(name), device).tolist()}
    best = {row for row in rows if not any(all(np.less_equal(other, row)) for other in rows - {row})}
    front = explore(designs_of(network, device))
    designs = front.designs
    assert front.n_designs == len(every_figures(name))
    assert {design.figures for design in designs} == best
    for design in designs:
        assert figures(network, design.schedule, device) == design.figures


def test_a_front_too_large_for_all_of_it_is_close_to_it(monkeypatch):
    network, device = small("two"), tiny(block_rams=4)
    whole = explore(designs_of(network, device))
    monkeypatch.setattr("hw.schedule.explore.MAX_EXACT", 10)
    front = explore(designs_of(network, device))
    assert whole.within == 0 < front.within < 0.1
    assert len(front.designs) < len(whole.designs)
    for design in whole.designs:
        there = np.array([(*other.figures[:3], other.figures[4]) for other in front.designs])
        beside = (1 + front.within) * np.array([*design.figures[:3], design.figures[4]])
        assert (there <= beside).all(axis=1).any()


def test_registers_of_unrolled_layers_stand_as_far_apart_as_asked_for():
    network, device = small("two"), device_named("xc7a35t")
    constants = Fixed(weight_storage=(Storage.CONSTANT,) * 2)
    close, apart = (
        choose(designs_of(network, device, fixed=replace(constants, levels_per_stage=levels)), Target(1)).schedule
        for levels in (1, 3)
    )
    assert {fold.levels_per_stage for fold in apart.layers} == {3}
    assert Accelerator(network, apart).latency_clocks < Accelerator(network, close).latency_clocks


def test_a_deep_pipeline_is_priced_as_it_is_built():
    network = small("with table and thresholds")
    fixed = Fixed(weight_storage=(Storage.BLOCK,) * 2, deep_pipeline=True)
    designs = designs_of(network, UP5K, fixed=fixed)
    chosen = choose(designs, Target(6))
    accelerator = Accelerator(network, chosen.schedule)
    assert all(fold.deep_pipeline for fold in chosen.schedule.layers)
    assert chosen.resources == estimate(accelerator, UP5K).total
    stated = {(d.latency_clocks, Accelerator(network, d.schedule).latency_clocks) for d in explore(designs).designs}
    assert stated and all(formula == built for formula, built in stated)


def test_rows_that_another_beats_are_dropped():
    rows = np.random.default_rng(0).integers(0, 12, (600, 4))
    kept = {
        i
        for i, row in enumerate(rows)
        if not any((other <= row).all() and ((other < row).any() or j < i) for j, other in enumerate(rows))
    }
    assert set(undominated(rows)) == kept
    assert undominated(rows[:0]).size == 0


def test_what_is_fixed_stays_and_the_rest_is_chosen():
    fixed = Fixed(pe=(4, 8, 1), weight_storage=(Storage.LOGIC, Storage.BLOCK, Storage.LOGIC))
    choice = choose(designs_of(paper(), UP5K, fixed=fixed), Target(256))
    assert tuple(layer.pe for layer in choice.schedule.layers) == fixed.pe
    assert tuple(layer.weight_storage for layer in choice.schedule.layers) == fixed.weight_storage
    assert choice.schedule.initiation_interval <= 256
    assert choice.n_designs == (10 * 2) * (9 * 2) * (9 * 2)
    assert f"{choice.n_designs:,} foldings" in choice.proof


@pytest.mark.parametrize(
    ("fixed", "message"),
    [
        (Fixed(pe=(4, 8)), "PE 4,8: one for each of the 3 layers is wanted"),
        (Fixed(pe=(4, 8, 3)), "layer scores: PE 3 does not divide its 5 rows"),
        (Fixed(simd=(0, 8, 8)), "layer hidden0: SIMD 0 does not divide its 48 columns"),
        (Fixed(count_tables=(1, 0, 0)), "layer hidden0: 1 count tables; 0 to 0 are possible"),
        (Fixed(simd=(8, 8, 8), count_tables=(0, 3, 0)), "layer hidden1: 3 count tables; 0 to 2 are possible"),
    ],
)
def test_a_choice_that_is_none_is_told(fixed, message):
    with pytest.raises(BadInput, match=message):
        choose(designs_of(paper(), UP5K, fixed=fixed), Target(256))


def test_block_memories_that_are_left_count_columns():
    """At 16 clocks on the ECP5 every one of them; with a given storage none, unless they are given too."""
    network, device = paper(), device_named("lfe5u-25f")
    chosen = choose(designs_of(network, device), Target(16))
    assert [layer.count_tables for layer in chosen.schedule.layers] == [0, 56, 0]
    assert chosen.resources.block_rams == device.block_rams
    fixed = Fixed(pe=(16, 16, 5), simd=(48, 256, 16), weight_storage=(Storage.LOGIC,) * 3)
    without = choose(designs_of(network, device, fixed=fixed), Target(16))
    given = choose(designs_of(network, device, fixed=replace(fixed, count_tables=(0, 9, 1))), Target(16))
    assert [layer.count_tables for layer in without.schedule.layers] == [0, 0, 0]
    assert [layer.count_tables for layer in given.schedule.layers] == [0, 9, 1]
    assert given.resources.luts < without.resources.luts


def test_too_small_a_device_is_told_with_what_it_would_take():
    with pytest.raises(
        DoesNotFit, match=r"not fit at any speed: hx1k holds 1280 LUTs, 1280 flip-flops and 16 EBR, .* about"
    ):
        fold(paper(), device_named("hx1k"), 256)


def test_the_folding_that_overruns_a_device_least_is_told():
    device = tiny(luts=60, flip_flops=60, block_rams=1)
    worst = (every_figures("two")[:, :3] / [60, 60, 1]).max(axis=1)
    luts, flip_flops, block_rams, *_ = every_figures("two")[worst.argmin()]
    with pytest.raises(DoesNotFit, match=f"about {luts} LUTs, {flip_flops} flip-flops and {block_rams} EBR"):
        fold(small("two"), device, 24)


@pytest.mark.parametrize(
    ("target", "can"),
    [
        (Target(1), "{interval} clocks an inference"),
        (Target(None, 9), "a latency of {latency} clocks"),
        (Target(8, 9), "8 clocks an inference with a latency of {latency} clocks"),
        (Target(1, 20), "{interval} clocks an inference with a latency of 20 clocks"),
        (Target(1, 9), "{interval} clocks an inference"),
        (
            Target(2, 10),
            "{later} clocks an inference with a latency of {latency} clocks or "
            "{interval} clocks an inference with a latency of {together} clocks",
        ),
    ],
)
def test_a_target_beyond_reach_is_told_with_the_nearest_within(target, can):
    device = tiny(luts=293)
    fit = within(every_figures("two"), device)
    interval, latency = fit[:, INTERVAL].min(), fit[:, LATENCY].min()
    together = fit[fit[:, INTERVAL] == interval][:, LATENCY].min()
    later = fit[fit[:, LATENCY] == latency][:, INTERVAL].min()
    nearest = can.format(interval=interval, latency=latency, together=together, later=later)
    told = f"^{target} cannot be met: up5k holds 293 LUTs, .* and 8 EBR; {nearest} can$"
    with pytest.raises(DoesNotFit, match=told):
        choose(designs_of(small("two"), device), target)


def test_a_target_in_rates_is_answered_in_rates():
    target = Target(clocks_of_rate(115_000, 12.0), clock_mhz=12.0)
    with pytest.raises(
        DoesNotFit,
        match=r"104 clocks an inference \(115385 a second at 12 MHz\) cannot be met: .*; 256 clocks .*46875 a second",
    ):
        choose(designs_of(paper(), UP5K), target)


def test_clocks_of_rates_and_times_are_of_the_decimals_as_written():
    assert clocks_of_rate(1000, 12.0) == 12_000
    assert clocks_of_latency(0.1, 30.0) == 3  # 0.1 * 30 is a little more, 0.7 * 10 a little less
    assert clocks_of_latency(0.7, 10.0) == 7
    assert clocks_of_rate(0.3, 0.000003) == 10


def test_flip_flops_are_held_to_the_device_too():
    """500 INT16 samples kept for a second pass are 8000 flip-flops; up5k has 5280."""
    network = random_network(np.random.default_rng(0), 500, (16,), 3, IntegerFormat(16, signed=True))
    assert figures(network, fold(network, UP5K, 256), UP5K)[FLIP_FLOPS] <= UP5K.flip_flops


def test_fewer_clocks_than_scores_cannot_be_met():
    network = random_network(np.random.default_rng(0), n_units=5)
    folded = designs_of(network, UP5K, fixed=Fixed(weight_storage=(Storage.LOGIC,) * 3))
    with pytest.raises(DoesNotFit, match=r"3 clocks an inference cannot be met: .*; 5 clocks an inference can"):
        choose(folded, Target(3))


def test_no_folding_of_the_papers_network_has_fewer_lookup_tables():
    """Whatever is fast enough of its 8,398,080 foldings, added up one by one: nothing is dropped on the way."""
    space = space_of(paper(), UP5K)
    has = np.array([UP5K.luts, UP5K.flip_flops, UP5K.block_rams])
    fast = [[s for s, shape in enumerate(layer) if shape.figures[0, INTERVAL] <= 256] for layer in space.shapes]
    (one, two), (then_one, then_two) = space.links, space.possible
    least = []
    for a, b, c in product(*fast):
        if then_one[a, b] and then_two[b, c] and max(one[a, b, INTERVAL], two[b, c, INTERVAL]) <= 256:
            first, second, head = (layer[s].figures[:, :3] for layer, s in zip(space.shapes, (a, b, c), strict=True))
            shared = one[a, b, :3] + two[b, c, :3] + space.ends[c, :3]
            whole = first[:, None, None] + second[None, :, None] + head[None, None, :] + shared
            least += whole[(whole <= has).all(axis=-1)][:, LUTS].tolist()
    assert choose(designs_of(paper(), UP5K, Architecture.PIPELINE), Target(256)).resources.luts == min(least)


def test_an_unknown_device_is_named_with_the_known_ones():
    with pytest.raises(BadInput, match=f"'up6k' is not known; known are {', '.join(DEVICES)}"):
        device_named("up6k")


@pytest.mark.parametrize(
    ("depth", "width", "count"), [(256, 16, 1), (257, 16, 2), (256, 17, 2), (40, 32, 2), (2048, 2, 1)]
)
def test_block_memories_come_in_shapes(depth, width, count):
    assert EBR.count(depth, width) == count


def test_a_units_memories_hold_every_weight_once():
    network = random_network(np.random.default_rng(2))
    unit = layer_unit(network.hidden[0], network.input_format).folded(4, 3, Storage.BLOCK, Storage.LOGIC)
    (rom,) = unit.weight_roms
    rows = rom.rows
    ones = sum(row.bit_count() for row in rows)
    assert ones == int(unit.weights.sum())
    assert len(rows) * rom.width == unit.weights.size


def test_loadable_layers_are_folded_with_their_spare_bank():
    network = random_network(np.random.default_rng(2), 16, (32, 32), 3)
    fixed = Fixed(loadable=("hidden1", "scores"), weight_sets=2)
    schedule = choose(designs_of(network, UP5K, fixed=fixed), Target(64)).schedule
    schedule.check(network)
    assert [fold.loadable for fold in schedule.layers] == [False, True, True]
    assert [schedule.weight_banks(fold) for fold in schedule.layers] == [2, 3, 3]
    written = [fold for fold in schedule.layers if fold.loadable]
    assert {s for fold in written for s in (fold.weight_storage, fold.bias_storage)} == {Storage.BLOCK}
    everything = choose(designs_of(network, UP5K, fixed=Fixed(loadable=ALL_LAYERS)), Target(64)).schedule
    assert all(fold.loadable for fold in everything.layers)


@pytest.mark.parametrize(
    ("fixed", "message"),
    [
        (Fixed(loadable=("hidden7",)), "loadable layer hidden7: the layers are hidden0,hidden1,scores, or all"),
        (Fixed(weight_sets=0), "0 weight sets: 1 to 256"),
        (Fixed(weight_storage=(Storage.CONSTANT,) * 3, weight_sets=2), "layer hidden0: constants do not change"),
    ],
)
def test_impossible_weight_sets_are_refused(fixed, message):
    with pytest.raises(BadInput, match=message):
        designs_of(random_network(np.random.default_rng(2)), UP5K, fixed=fixed)

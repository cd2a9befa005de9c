"""The analytic flip-flops are those that the circuits declare, but for what synthesis is known to share."""

import re
from itertools import product

import numpy as np
import pytest
from amaranth.back import rtlil

from hw.components.argmax import ArgMax
from hw.components.engine.engine import Engine
from hw.components.inflight import InFlight
from hw.components.loader import WeightLoader
from hw.components.matvec import MatrixVectorUnit
from hw.components.replay import VectorReplay
from hw.components.rom import MEMORIES, Storage
from hw.components.table import TableLookup
from hw.components.threshold import MultiThreshold
from hw.components.width import WidthConverter
from hw.devices import device_named
from hw.estimate.engine import engine_resources
from hw.estimate.parts.argmax import argmax_resources
from hw.estimate.parts.converter import converter_resources
from hw.estimate.parts.matvec import matvec_resources
from hw.estimate.parts.replay import replay_resources
from hw.estimate.parts.table import table_resources
from hw.estimate.parts.thresholds import threshold_resources
from hw.estimate.weights import in_flight_resources, loader_resources
from hw.network.types import BIPOLAR, InputTable, IntegerFormat
from tests.hw.networks import random_network

UP5K = device_named("up5k")
INT8 = IntegerFormat(8, signed=True)


def declared(circuit) -> int:
    """Bits of the registers in the emitted circuit."""
    text = rtlil.convert(circuit, name="part", emit_src=False)
    return sum(int(bits) for bits in re.findall(r"cell \$dff .*?parameter \\WIDTH (\d+)", text, re.DOTALL))


def test_width_converters():
    for lanes_in, lanes_out in product(range(1, 7), repeat=2):
        spec = WidthConverter(3, lanes_in, lanes_out)
        assert converter_resources(spec, UP5K).flip_flops == declared(spec.circuit()), spec


def test_vector_replays():
    for words, repeats, banks in product((1, 2, 3, 4, 5), (1, 2, 3), (1, 2)):
        spec = VectorReplay(3, words, repeats, banks)
        assert replay_resources(spec, UP5K).flip_flops == declared(spec.circuit()), spec


def test_the_end_of_a_single_bank_and_the_operands_behind_it_are_one_register():
    alone, before = (replay_resources(VectorReplay(8, 5, 2), UP5K, bits).flip_flops for bits in (0, 8))
    assert alone - before == 8
    xc7 = device_named("xc7a35t")  # where lookup tables hold three words and more
    in_luts = [replay_resources(VectorReplay(8, words, 2), xc7, 8).flip_flops for words in (3, 4)]
    assert in_luts[0] - in_luts[1] == 2 * 8


def test_low_bits_of_shifted_totals_are_registers_where_a_constant_has_them():
    weights = np.ones((4, 8), np.bool_)
    plain, odd = (
        MatrixVectorUnit("sums", BIPOLAR, weights, np.array([8, 4 + lowest, 12, 20]), 2, False, 2, 4)
        for lowest in (0, 1)
    )
    declared_bits = declared(odd.circuit())
    assert declared(plain.circuit()) == declared_bits
    assert declared_bits - matvec_resources(odd, UP5K).flip_flops == 2 * 2 - 1
    assert declared_bits - matvec_resources(plain, UP5K).flip_flops == 2 * 2


def test_rows_of_the_same_few_weights_are_built_once():
    """With weights of one word in logic, all of them constants, twice the rows take less than twice as much."""
    rng = np.random.default_rng(0)
    one, two = (
        MatrixVectorUnit("sums", BIPOLAR, rng.random((n, 4)) < 0.5, np.zeros(n, np.int64), 0, False, n, 4)
        for n in (16, 32)
    )
    assert matvec_resources(two, UP5K).luts < 1.9 * matvec_resources(one, UP5K).luts


@pytest.mark.parametrize("classes", [1, 2, 3, 4, 5])
def test_winners(classes):
    spec = ArgMax(classes, INT8)
    assert argmax_resources(spec, UP5K).flip_flops == declared(spec.circuit())


@pytest.mark.parametrize("element", [BIPOLAR, INT8, IntegerFormat(3, signed=False)])
@pytest.mark.parametrize(("pe", "simd", "emit_signs"), [(1, 1, True), (2, 4, False), (6, 8, True), (6, 1, False)])
def test_matrix_vector_units(element, pe, simd, emit_signs):
    rng = np.random.default_rng(0)
    weights, bias = rng.random((12, 8)) < 0.5, rng.integers(-9, 9, 12)
    unit = MatrixVectorUnit("sums", element, weights, bias, 0, emit_signs, pe, simd)
    assert matvec_resources(unit, UP5K).flip_flops == declared(unit.circuit())


def test_count_tables_take_block_memories_and_spare_lookup_tables():
    rng = np.random.default_rng(0)
    weights, bias = rng.random((48, 32)) < 0.5, rng.integers(-9, 9, 48)
    unit = MatrixVectorUnit("sums", BIPOLAR, weights, bias, 0, True, 16, 32, Storage.LOGIC, Storage.LOGIC)
    counted = unit.folded(16, 32, Storage.LOGIC, Storage.LOGIC, count_tables=5)
    declared_alike = declared(unit.circuit()) - declared(counted.circuit())
    ours, theirs = (matvec_resources(each, device_named("lfe5u-25f")) for each in (counted, unit))
    assert (ours.block_rams, theirs.block_rams) == (5, 0)
    assert theirs.luts - ours.luts >= 5 * 16 * 2  # gates of a group, in every row
    # Beside the operands, the weights' own output registers, which synthesis makes: of three words, so many differ.
    weights, fewer = (sum(columns.distinct for columns in each.weight_columns) for each in (unit, counted))
    assert theirs.flip_flops - ours.flip_flops == declared_alike + weights - fewer


@pytest.mark.parametrize(("pe", "steps"), [(1, 1), (1, 3), (2, 2), (6, 15)])
def test_thresholds(pe, steps):
    levels = np.tile(np.arange(steps - 1), (6, 1))
    spec = MultiThreshold("h", INT8, levels, IntegerFormat(4, signed=False), 0, pe)
    assert threshold_resources(spec, UP5K).flip_flops == declared(spec.circuit())


def test_tables():
    """The registers behind the lookup tables belong to the memory, and synthesis makes them."""
    table = InputTable(INT8, np.arange(-128, 128) // 16, IntegerFormat(4, signed=True))
    spec = TableLookup(table, lanes=3)
    assert table_resources(spec, UP5K).flip_flops == declared(spec.circuit()) + 3 * 4


@pytest.mark.parametrize("input_format", [BIPOLAR, INT8])
@pytest.mark.parametrize(("lanes", "hidden"), [(8, (40, 20)), (16, ()), (32, (70,))])
@pytest.mark.parametrize("count_storage", MEMORIES)
def test_engines(input_format, lanes, hidden, count_storage):
    network = random_network(np.random.default_rng(0), 30, hidden, 5, input_format)
    engine = Engine(network, lanes, count_storage=count_storage)
    ours = engine_resources(engine, UP5K) + argmax_resources(engine.argmax, UP5K)
    watched = sum(1 + output.bits for output, _ in engine.outputs)  # nobody reads these: synthesis drops them
    assert ours.flip_flops == declared(engine.circuit()) - watched


@pytest.mark.parametrize(("words", "tag_bits", "capacity"), [(1, 1, 2), (5, 3, 8)])
def test_notes_of_inferences_in_flight(words, tag_bits, capacity):
    spec = InFlight(4, words, tag_bits, readers=2, capacity=capacity)
    assert in_flight_resources(spec, UP5K).flip_flops == declared(spec.circuit())


@pytest.mark.parametrize("memories", [((1, 1),), ((3, 2), (5, 9))])
@pytest.mark.parametrize("weight_sets", [1, 3])
def test_loaders(memories, weight_sets):
    spec = WeightLoader(memories, weight_sets, start=7)
    assert loader_resources(spec, UP5K).flip_flops == declared(spec.circuit())

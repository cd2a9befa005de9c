"""Every streaming part against its own `compute`, at full speed and with gaps and stalls."""

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.components.argmax import ArgMax
from hw.components.buffer import StreamBuffer
from hw.components.matvec import MatrixVectorUnit
from hw.components.replay import VectorReplay
from hw.components.rom import MEMORIES, Storage
from hw.components.table import TableLookup
from hw.components.terms import most_count_tables
from hw.components.threshold import MultiThreshold
from hw.components.width import WidthConverter
from hw.components.words import WordFormat
from hw.network.types import BIPOLAR, IntegerFormat
from hw.simulate.streams import Pauses, StreamError, run_stream
from tests.hw.networks import divisors, random_table

pauses = st.sampled_from(
    [
        Pauses(),
        Pauses(gap=0.4, seed=1),
        Pauses(stall=0.4, seed=2),
        Pauses(0.3, 0.3, seed=3),
        Pauses(0.3, 0.3, seed=4, sink_waits=True),
    ]
)
formats = st.sampled_from(
    [BIPOLAR, IntegerFormat(1, False), IntegerFormat(3, False), IntegerFormat(2, True), IntegerFormat(8, True)]
)
signs = st.sampled_from([BIPOLAR, IntegerFormat(1, False)])
seeds = st.integers(0, 2**32 - 1)
few = settings(deadline=None, max_examples=25)


def random_vectors(rng, element, n, length):
    if element.bipolar:
        return rng.choice([-1, 1], (n, length))
    return rng.integers(element.minimum, element.maximum + 1, (n, length))


@few
@given(seeds, formats, st.integers(1, 9), st.integers(1, 5))
def test_words_unpack_to_what_was_packed(seed, element, lanes, words):
    vectors = random_vectors(np.random.default_rng(seed), element, 4, lanes * words)
    word = WordFormat(element, lanes)
    packed = word.pack(vectors)
    assert all(0 <= w < 1 << word.bits for row in packed for w in row)
    assert [word.unpack(row).reshape(-1).tolist() for row in packed] == vectors.tolist()


def test_a_value_beyond_the_format_is_not_packed():
    with pytest.raises(ValueError, match="200 are no INT8"):
        WordFormat(IntegerFormat(8, True), 2).pack(np.array([[0, 200]]))


@pytest.mark.verify("drawn")
@few
@given(seeds, st.integers(1, 4), st.integers(1, 6), st.integers(1, 6), pauses)
def test_width_converter(seed, bits, lanes_in, lanes_out, pause):
    """Width converters of any widths keep every element and its place, with gaps and stalls."""
    spec = WidthConverter(bits, lanes_in, lanes_out)
    n = 3 * lanes_out  # whole words come out
    words = [int(w) for w in np.random.default_rng(seed).integers(0, 1 << spec.bits_in, n)]
    expected = spec.compute(words)
    run = run_stream(spec.circuit(), words, len(expected), pauses=pause)
    assert run.words == expected


@pytest.mark.verify("drawn")
@few
@given(seeds, st.integers(1, 5), pauses)
def test_stream_buffer(seed, bits, pause):
    """Buffers of two words keep every word and its place, with gaps and stalls."""
    words = [int(w) for w in np.random.default_rng(seed).integers(0, 1 << bits, 30)]
    run = run_stream(StreamBuffer(bits).circuit(), words, len(words), pauses=pause)
    assert run.words == words


def test_a_stream_buffer_gives_a_word_every_clock():
    run = run_stream(StreamBuffer(4).circuit(), list(range(12)), 12)
    assert set(np.diff(run.cycles_out).tolist()) == {1}


@pytest.mark.verify("drawn")
@few
@given(seeds, st.integers(1, 5), st.integers(1, 6), st.integers(1, 3), st.sampled_from([1, 2]), pauses)
def test_vector_replay(seed, word_bits, words, repeats, banks, pause):
    """Vector replays of any size repeat every vector whole, with gaps and stalls."""
    spec = VectorReplay(word_bits, words, repeats, banks)
    sent = [int(w) for w in np.random.default_rng(seed).integers(0, 1 << word_bits, 4 * words)]
    expected = spec.compute(sent)
    run = run_stream(spec.circuit(), sent, len(expected), pauses=pause)
    assert run.words == expected


@pytest.mark.parametrize("words", [1, 4, 5])
@pytest.mark.parametrize("banks", [1, 2])
def test_vector_replay_gives_a_word_every_clock(banks, words):
    spec = VectorReplay(word_bits=5, words=words, repeats=3, banks=banks)
    run = run_stream(spec.circuit(), list(range(4 * words)), 12 * words)
    steady = np.diff(run.cycles_out)
    assert set(steady.tolist()) == {1}


@pytest.mark.verify("drawn")
@few
@given(seeds, formats, st.integers(1, 6), st.integers(1, 8), st.booleans(), st.integers(0, 2), signs, pauses)
def test_matrix_vector_unit(seed, element, rows, columns, emit_signs, shift, sign, pause):
    """Matrix-vector units of any shape, folding and storage form the sums that they state, with gaps and stalls."""
    rng = np.random.default_rng(seed)
    simd = int(rng.choice(divisors(columns)))
    unit = MatrixVectorUnit(
        name="drawn",
        element=element,
        weights=rng.random((rows, columns)) < 0.5,
        bias=rng.integers(-40, 41, rows),
        shift=shift,
        emit_signs=emit_signs,
        pe=int(rng.choice(divisors(rows))),
        simd=simd,
        weight_storage=Storage(rng.choice(list(Storage))),
        bias_storage=Storage(rng.choice(list(Storage))),
        sign=sign,
        count_tables=int(rng.integers(most_count_tables(element, simd) + 1)),
    )
    vectors = random_vectors(rng, element, 5, columns)
    words = [w for row in unit.input_format.pack(vectors) for _ in range(unit.row_groups) for w in row]
    run = run_stream(unit.circuit(), words, 5 * unit.row_groups, pauses=pause)
    assert np.array_equal(unit.output_format.unpack(run.words).reshape(5, rows), unit.compute(vectors))


def test_count_tables_hold_matches():
    """Word `8 * position + elements`: how many of the three weights equal their elements, row beside row."""
    weights = np.array([[True, False, True, True], [False, False, True, True]])
    unit = MatrixVectorUnit("counted", BIPOLAR, weights, np.zeros(2, np.int64), 0, False, 2, 4, count_tables=1)
    (table,) = unit.count_roms
    assert unit.weight_roms[0].width == 2 * 1
    for elements, word in enumerate(table.rows):
        x = [elements >> column & 1 for column in range(3)]
        counts = [sum(int(w) == v for w, v in zip(row, x, strict=False)) for row in weights.tolist()]
        assert [word & 3, word >> 2] == counts


def test_more_count_tables_than_groups_are_refused():
    with pytest.raises(ValueError, match="layer counted: 2 count tables; 0 to 1 are possible"):
        MatrixVectorUnit(
            "counted", BIPOLAR, np.ones((1, 4), bool), np.zeros(1, np.int64), 0, True, 1, 4, count_tables=2
        )


@few
@given(seeds, formats, st.integers(1, 70))
def test_terms_of_any_width_add_up(seed, element, columns):
    """One row of one word: every way of grouping columns, up to three stages of adders."""
    rng = np.random.default_rng(seed)
    weights = rng.random((1, columns)) < 0.5
    tables = int(rng.integers(most_count_tables(element, columns) + 1))
    unit = MatrixVectorUnit(
        "row", element, weights, rng.integers(-40, 41, 1), 0, False, 1, columns, count_tables=tables
    )
    vectors = random_vectors(rng, element, 3, columns)
    run = run_stream(unit.circuit(), [word for row in unit.input_format.pack(vectors) for word in row], 3)
    assert unit.output_format.unpack(run.words).tolist() == unit.compute(vectors).tolist()


def test_matching_bits_are_emitted_once():
    """Once a row: as expressions they would stand in the netlist again for every bit that is counted."""
    unit = MatrixVectorUnit("wide", BIPOLAR, np.ones((2, 64), bool), np.zeros(2, np.int64), 0, True, 2, 64)
    text = rtlil.convert(unit.circuit(), name="part", emit_src=False)
    # 16 groups of three columns, 16 single columns. A row: 3 XORs for where two differ, 3 and a NOT for the parity,
    # 6 operations for the majority; an XOR and a NOT for the single ones.
    assert text.count("parameter \\Y_WIDTH 16\n") == 2 * (3 + 4 + 6 + 2)


def test_matrix_vector_unit_forms_the_stated_sum():
    """`compute` against the formula of the docstring, written out."""
    rng = np.random.default_rng(5)
    weights, bias = rng.random((3, 7)) < 0.5, np.array([1, -2, 3])
    x = rng.integers(-8, 8, (10, 7))
    unit = MatrixVectorUnit("sums", IntegerFormat(4, True), weights, bias, 1, emit_signs=False, pe=1, simd=1)
    formula = [
        [bias[r] + 2 * sum(int(v) if w else ~int(v) for v, w in zip(row, weights[r], strict=True)) for r in range(3)]
        for row in x
    ]
    assert unit.compute(x).tolist() == formula


@pytest.mark.verify("drawn")
@few
@given(seeds, st.integers(1, 6), st.integers(1, 15), st.integers(2, 9), st.sampled_from(MEMORIES), pauses)
def test_several_thresholds(seed, rows, steps, bits, storage, pause):
    """Multi-level thresholds count what each total has passed, with gaps and stalls."""
    rng = np.random.default_rng(seed)
    total = IntegerFormat(bits, signed=True)
    levels = np.sort(rng.integers(0, total.maximum + 2, (rows, steps - 1)), axis=1)
    output = IntegerFormat(4, signed=bool(rng.integers(2)))
    lowest = int(rng.integers(output.minimum, output.maximum - steps + 1))
    spec = MultiThreshold("drawn", total, levels, output, lowest, int(rng.choice(divisors(rows))), storage)
    totals = rng.integers(total.minimum, total.maximum + 1, (6, rows))
    words = [word for vector in spec.input_format.pack(totals) for word in vector]
    run = run_stream(spec.circuit(), words, len(words), pauses=pause)
    expected = [
        [lowest + (t >= 0) + sum(t >= level for level in row) for t, row in zip(vector, levels, strict=True)]
        for vector in totals
    ]
    assert spec.compute(totals).tolist() == expected
    assert spec.output_format.unpack(run.words).reshape(6, rows).tolist() == expected
    if pause == Pauses():
        assert run.cycles_out[0] - run.cycles_in[0] == 2
        assert set(np.diff(run.cycles_out).tolist()) <= {1}


@pytest.mark.parametrize(
    ("levels", "lowest", "pe", "message"),
    [
        ([[3, 2]], 0, 1, "levels that fall"),
        ([[-1, 2]], 0, 1, "levels that fall, or below 0"),
        ([[1, 2]], 1, 1, "4 levels from 1 are not UINT2"),
        ([[1, 2]], 0, 2, "PE 2 does not divide its 1 rows"),
    ],
)
def test_impossible_thresholds_are_refused(levels, lowest, pe, message):
    with pytest.raises(ValueError, match=message):
        MultiThreshold("h", IntegerFormat(8, True), np.array(levels), IntegerFormat(2, False), lowest, pe)


@pytest.mark.verify("drawn")
@few
@given(seeds, formats, formats, st.integers(1, 4), pauses)
def test_a_table_on_every_lane(seed, source, output, lanes, pause):
    """Input tables of any formats give their element on every lane, with gaps and stalls."""
    rng = np.random.default_rng(seed)
    spec = TableLookup(random_table(rng, source, output), lanes)
    vectors = random_vectors(rng, source, 5, 3 * lanes)
    words = [word for vector in spec.input_format.pack(vectors) for word in vector]
    run = run_stream(spec.circuit(), words, len(words), pauses=pause)
    assert np.array_equal(spec.output_format.unpack(run.words).reshape(5, -1), spec.compute(vectors))


@pytest.mark.parametrize(("pe", "simd", "message"), [(3, 1, "PE 3 .* 4 rows"), (1, 4, "SIMD 4 .* 6 columns")])
def test_a_fold_that_does_not_divide_is_refused(pe, simd, message):
    with pytest.raises(ValueError, match=message):
        MatrixVectorUnit("odd", BIPOLAR, np.ones((4, 6), bool), np.zeros(4, np.int64), 0, True, pe, simd)


@pytest.mark.verify("drawn")
@few
@given(seeds, st.integers(1, 6), st.integers(2, 6), pauses)
def test_argmax_takes_the_lowest_index_on_ties(seed, classes, bits, pause):
    """The winner is the lowest index of the greatest score, with gaps and stalls."""
    spec = ArgMax(classes, IntegerFormat(bits, True))
    scores = np.random.default_rng(seed).integers(spec.score.minimum, spec.score.maximum + 1, (6, classes))
    words = [w for row in WordFormat(spec.score, 1).pack(scores) for w in row]
    run = run_stream(spec.circuit(), words, 6, pauses=pause)
    results = [spec.result_layout.from_bits(word) for word in run.words]
    assert [r.unit for r in results] == [row.index(max(row)) for row in scores.tolist()]
    assert [r.score for r in results] == scores.max(axis=1).tolist()


class Faulty(wiring.Component):
    """Passes words on, but for the one fault it was asked to show."""

    i: In(stream.Signature(4))
    o: Out(stream.Signature(4))

    def __init__(self, fault):
        self.fault = fault
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        clock = Signal(4)
        m.d.sync += clock.eq(clock + 1)
        m.d.comb += [self.o.payload.eq(self.i.payload), self.o.valid.eq(self.i.valid), self.i.ready.eq(self.o.ready)]
        if self.fault == "changes its payload":
            m.d.comb += self.o.payload.eq(clock)
        elif self.fault == "takes its offer back":
            m.d.comb += self.o.valid.eq(self.i.valid & clock[0])
        elif self.fault == "swallows words":
            m.d.comb += [self.o.valid.eq(0), self.i.ready.eq(1)]
        elif self.fault == "repeats words":
            m.d.comb += self.i.ready.eq(self.o.ready & clock[0])
        elif self.fault == "waits for ready":
            m.d.comb += self.o.valid.eq(self.i.valid & self.o.ready)
        elif self.fault == "speaks in the idle tail":
            m.d.comb += self.o.valid.eq(self.i.valid | (clock == 15))
        return m


@pytest.mark.parametrize(
    "fault",
    [
        "changes its payload",
        "takes its offer back",
        "swallows words",
        "repeats words",
        "waits for ready",
        "speaks in the idle tail",
    ],
)
def test_the_driver_notices_a_part_that(fault):
    pauses = Pauses(stall=0.5, seed=1, sink_waits=fault == "waits for ready")
    with pytest.raises(StreamError):
        run_stream(Faulty(fault), [1, 2, 3, 4], 4, pauses=pauses, quiet_cap=200)

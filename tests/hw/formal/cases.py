"""Every component that speaks streams, as small as it can be and still take each of its ways."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import gcd, lcm

import numpy as np
from amaranth.hdl import unsigned
from amaranth.lib import wiring

from hw.accelerator.pipeline import Pipeline
from hw.components.argmax import ArgMax
from hw.components.buffer import StreamBuffer
from hw.components.engine.engine import Engine, RowWatch
from hw.components.inflight import InFlight
from hw.components.matvec import MatrixVectorUnit
from hw.components.mvtu import LayerUnit, MatrixVectorThresholdUnit, banked
from hw.components.replay import VectorReplay
from hw.components.rom import Storage
from hw.components.table import TableLookup
from hw.components.threshold import MultiThreshold
from hw.components.unrolled.argmax import ParallelArgMax
from hw.components.unrolled.layer import UnrolledLayer
from hw.components.width import WidthConverter
from hw.components.words import WordFormat
from hw.network.types import BIPOLAR, InputTable, IntegerFormat, Network, ScoreLayer, ThresholdLayer
from hw.schedule.timing import with_banks
from hw.schedule.types import LayerFolding, Schedule
from tests.hw.formal.contract import Contract
from tests.hw.formal.flight import FULL_CLOCKS, AmongResults

UINT2 = IntegerFormat(2, signed=False)
INT2 = IntegerFormat(2, signed=True)


@dataclass(frozen=True, eq=False)
class Case:
    """A component and its contract.

    Attributes:
        name: what the tests call it.
        part: the component.
        contract: what it promises.
        broken: where its mutants are, for a component among others.
        harmless: changes that show, but keep every promise.
    """

    name: str
    part: Callable[[], wiring.Component]
    contract: Contract
    broken: str = ""
    harmless: tuple[str, ...] = ()

    @property
    def has_gates(self) -> bool:
        """Whether there is anything in it to break; what connects its input with its output alone has nothing."""
        return not self.name.endswith("wires")


def width_converter(
    name: str, lanes_in: int, lanes_out: int, latency_clocks: int, frames: int, quiet_clocks: int = 0
) -> Case:
    spec = WidthConverter(1, lanes_in, lanes_out)
    elements = lcm(lanes_in, lanes_out)
    contract = Contract(
        words_in=elements // lanes_in,
        needs=tuple(-(-end // lanes_in) for end in range(lanes_out, elements + 1, lanes_out)),
        results=lambda words, _: tuple(spec.compute(list(words))),
        latency_clocks=latency_clocks,
        interval_clocks=elements // gcd(lanes_in, lanes_out),
        frames=frames,
        quiet_clocks=quiet_clocks,
    )
    return Case(name, spec.circuit, contract)


def vector_replay(name: str, words: int, repeats: int, banks: int, latency_clocks: int, frames: int) -> Case:
    spec = VectorReplay(1, words, repeats, banks)
    first_pass = tuple(range(1, words + 1)) if latency_clocks == 0 else (words,) * words
    contract = Contract(
        words_in=words,
        needs=first_pass + (words,) * (words * (repeats - 1)),
        results=lambda content, _: tuple(spec.compute(list(content))),
        latency_clocks=latency_clocks,
        interval_clocks=words * repeats,
        frames=frames,
    )
    return Case(name, spec.circuit, contract)


def layer_unit(name: str, unit: LayerUnit) -> Case:
    """A frame is a vector as often as it passes; what is shown holds even if the passes differ."""
    groups, columns = unit.row_groups, unit.column_groups
    banks = (unit, *unit.further) if isinstance(unit, MatrixVectorUnit) else (unit,)

    def results(words: tuple[int, ...], bank: int) -> tuple[int, ...]:
        chosen = banks[bank]
        answers = []
        for group in range(groups):
            vector = unit.input_format.unpack(list(words[group * columns :][:columns])).reshape(1, -1)
            rows = chosen.compute(vector)[:, group * unit.pe :][:, : unit.pe]
            answers += unit.output_format.pack(rows)[0]
        return tuple(answers)

    contract = Contract(
        words_in=groups * columns,
        needs=tuple(columns * (group + 1) for group in range(groups)),
        results=results,
        latency_clocks=unit.latency_clocks,
        interval_clocks=groups * columns,
        frames=unit.latency_clocks + 1,
        side="bank" if len(banks) > 1 else "",
    )
    return Case(name, unit.circuit, contract)


def element_wise(name: str, spec: TableLookup | UnrolledLayer) -> Case:
    """A word in, a word out."""

    def results(words: tuple[int, ...], _: int) -> tuple[int, ...]:
        return tuple(spec.output_format.pack(spec.compute(spec.input_format.unpack(list(words))))[0])

    return Case(name, spec.circuit, Contract(1, (1,), results, spec.latency_clocks, 1, spec.latency_clocks))


def multi_threshold(name: str, spec: MultiThreshold) -> Case:
    def results(words: tuple[int, ...], bank: int) -> tuple[int, ...]:
        chosen = (spec, *spec.further)[bank]
        totals = spec.input_format.unpack(list(words)).reshape(1, -1)
        return tuple(spec.output_format.pack(chosen.compute(totals))[0])

    groups = spec.row_groups
    contract = Contract(
        words_in=groups,
        needs=tuple(range(1, groups + 1)),
        results=results,
        latency_clocks=spec.latency_clocks,
        interval_clocks=groups,
        frames=-(-spec.latency_clocks // groups) + 1,
        side="bank" if spec.banks > 1 else "",
    )
    return Case(name, spec.circuit, contract)


def argmax(name: str, spec: ArgMax) -> Case:
    """Streamed scores or, for a `ParallelArgMax`, all in a word."""
    lanes = spec.classes if isinstance(spec, ParallelArgMax) else 1
    word = WordFormat(spec.score, lanes)

    def results(words: tuple[int, ...], margin: int) -> tuple[int, ...]:
        scores = word.unpack(list(words)).reshape(1, -1)
        (unit,) = replace(spec, margin=margin if spec.margin_port else spec.margin).compute(scores)
        return (spec.result_layout.const({"unit": int(unit), "score": int(scores.max())}).as_bits(),)

    words_in = spec.classes // lanes
    contract = Contract(
        words_in=words_in,
        needs=(words_in,),
        results=results,
        latency_clocks=spec.latency_clocks,
        interval_clocks=words_in,
        frames=spec.latency_clocks + (words_in > 1),
        side="margin" if spec.margin_port else "",
        side_holds=False,
    )
    return Case(name, spec.circuit, contract)


def in_flight(name: str, spec: InFlight) -> Case:
    contract = Contract(
        words_in=spec.words,
        needs=tuple(range(1, spec.words + 1)),
        results=lambda words, _: tuple(spec.compute(list(words))),
        latency_clocks=1,
        interval_clocks=spec.words + 1 + FULL_CLOCKS,
        frames=1,
        quiet_clocks=1 + FULL_CLOCKS,
    )
    return Case(name, lambda: AmongResults(spec), contract, broken=".counter")


def row_watch(name: str) -> Case:
    contract = Contract(1, (1,), lambda words, _: words, latency_clocks=1, interval_clocks=1, frames=1)
    return Case(name, lambda: RowWatch(unsigned(2)), contract)


def accelerator(name: str, spec: Engine | Pipeline, harmless: tuple[str, ...] = (), **timing: int) -> Case:
    """Spike windows in, units out."""
    words_in = spec.words_per_spike

    def results(words: tuple[int, ...], _: int) -> tuple[int, ...]:
        spike = spec.input_format.unpack(list(words)).reshape(1, -1)
        scores = spec.network.scores(spike)
        layout = spec.argmax.result_layout
        return (layout.const({"unit": int(spec.compute(spike)[0]), "score": int(scores.max())}).as_bits(),)

    contract = Contract(words_in, (words_in,), results, source="spikes", sink="units", **timing)
    return Case(name, spec.circuit, contract, harmless=harmless)


def engine(name: str, network: Network) -> Case:
    spec = Engine(network, lanes=8, count_storage=Storage.LOGIC)
    loading = (network.n_inputs - 1) * len(spec.program[0])
    # After a reset in the midst of loading it then waits for an element some clocks before it could take it.
    waits_early = tuple(f"\\load_{stage} moves with \\rst [0] never" for stage in (1, 2, 3))
    return accelerator(
        name,
        spec,
        waits_early,
        latency_clocks=spec.latency_clocks - loading,
        interval_clocks=spec.cycles,
        frames=1,
        quiet_clocks=spec.cycles,
    )


def pipeline(name: str, network: Network, frames: int) -> Case:
    """Folded as far as it goes: a row and a column a clock."""
    folds = [
        LayerFolding(layer.name, layer.rows, layer.columns, 1, 1, 1, Storage.LOGIC, Storage.LOGIC)
        for layer in network.layers
    ]
    spec = Pipeline(Schedule(network.digest, "up5k", with_banks(folds)), (network,))
    interval = spec.schedule.initiation_interval
    return accelerator(
        name,
        spec,
        latency_clocks=spec.latency_clocks,
        interval_clocks=interval,
        frames=frames,
        quiet_clocks=interval,
    )


WEIGHTS = np.array([[True, False, True], [True, True, False]])
BIAS = np.array([-1, -2])
UNIT = MatrixVectorUnit("unit", BIPOLAR, WEIGHTS[:, :2], BIAS, 0, emit_signs=False, pe=1, simd=1)
THREES = MatrixVectorUnit("threes", BIPOLAR, WEIGHTS, BIAS, 0, emit_signs=True, pe=2, simd=1)
LEVELS = MultiThreshold("levels", INT2, np.array([[0, 1], [1, 1]]), UINT2, 0)
COUNTED = MatrixVectorUnit(
    "counted", BIPOLAR, np.hstack([WEIGHTS, WEIGHTS[:, :1]]), BIAS, 0, emit_signs=True, pe=1, simd=4, count_tables=1
)

UINT1 = IntegerFormat(1, signed=False)
HIDDEN = ThresholdLayer("hidden", np.array([[True]]), np.array([[1]]), np.array([True]), BIPOLAR, -1)
HEAD = ScoreLayer("scores", np.array([[True, False], [False, True]]), np.array([0, 0]), 0)
CROSSED = ThresholdLayer("crossed", ~HEAD.weights, np.array([[0], [1]]), np.array([True, True]), BIPOLAR, -1)
ONE_BY_ONE = Network(UINT1, (HIDDEN,), ScoreLayer("scores", ~HIDDEN.weights, np.array([0]), 0), ("one",))
TWO_INPUTS = Network(UINT1, (), HEAD, ("one", "two"))
TWO_LAYERS = Network(BIPOLAR, (CROSSED,), HEAD, ("one", "two"))

CASES = (
    width_converter("width converter, wires", 2, 2, latency_clocks=0, frames=1),
    width_converter("width converter, wider", 1, 3, latency_clocks=1, frames=2),
    width_converter("width converter, narrower", 3, 1, latency_clocks=1, frames=1),
    width_converter("width converter, common divisor", 2, 3, latency_clocks=3, frames=2, quiet_clocks=1),
    vector_replay("vector replay, wires", 2, 1, 1, latency_clocks=0, frames=1),
    vector_replay("vector replay, one word held", 1, 3, 1, latency_clocks=1, frames=1),
    vector_replay("vector replay, one bank", 3, 2, 1, latency_clocks=0, frames=1),
    vector_replay("vector replay, two banks selected", 3, 2, 2, latency_clocks=2, frames=3),
    vector_replay("vector replay, two banks", 5, 2, 2, latency_clocks=1, frames=3),
    Case("stream buffer", StreamBuffer(2).circuit, Contract(1, (1,), lambda words, _: words, 1, 1, frames=2)),
    element_wise("table lookup", TableLookup(InputTable(INT2, np.array([1, -1, -1, 1]), BIPOLAR), 2)),
    multi_threshold("thresholds, row by row", LEVELS),
    multi_threshold("thresholds, two rows", LEVELS.folded(2, Storage.LOGIC)),
    layer_unit("matrix-vector unit, totals", UNIT),
    layer_unit("matrix-vector unit, three words, signs", THREES),
    layer_unit("matrix-vector unit, whole vector, count table", COUNTED),
    layer_unit(
        "matrix-vector unit, two banks",
        banked([UNIT, replace(UNIT, weights=~UNIT.weights, bias=np.array([0, 1]))], writable=False),
    ),
    layer_unit(
        "matrix-vector-threshold unit",
        MatrixVectorThresholdUnit(UNIT, MultiThreshold("levels", UNIT.total_format, np.array([[1], [0]]), UINT2, 1)),
    ),
    argmax("argmax", ArgMax(3, INT2)),
    argmax("argmax, margin", ArgMax(2, INT2, margin=1)),
    argmax("argmax, margin as input", ArgMax(2, INT2, margin_port=True)),
    argmax("parallel argmax", ParallelArgMax(3, INT2)),
    argmax("parallel argmax, margin as input", ParallelArgMax(2, INT2, margin_port=True)),
    element_wise(
        "unrolled layer, thresholds",
        UnrolledLayer(
            ThresholdLayer("hidden", WEIGHTS, np.array([[1], [-1]]), np.array([True, False]), BIPOLAR, -1), BIPOLAR
        ),
    ),
    element_wise(
        "unrolled layer, scores, two levels a stage",
        UnrolledLayer(ScoreLayer("scores", WEIGHTS, np.array([0, 1]), 0), BIPOLAR, levels_per_stage=2),
    ),
    in_flight("in-flight counter", InFlight(word_bits=1, words=2, tag_bits=1, readers=1, capacity=2)),
    row_watch("row watch"),
    engine("engine, one layer", TWO_INPUTS),
    engine("engine, two layers", ONE_BY_ONE),
    pipeline("pipeline of two layers", TWO_LAYERS, frames=7),
)

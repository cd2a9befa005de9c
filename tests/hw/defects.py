"""Defects planted into circuits whose specs stay right: a bit of a memory, a constant, a winner."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from amaranth.hdl import Module, Mux, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.accelerator.accelerator import Accelerator
from hw.accelerator.pipeline import Pipeline
from hw.components.argmax import ArgMax
from hw.components.engine.engine import Engine
from hw.components.matvec import MatrixVectorUnit
from hw.components.threshold import MultiThreshold


@dataclass(frozen=True, eq=False)
class Planted(Accelerator):
    """An accelerator whose circuit has a defect; `compute` and every spec are those of a sound one."""

    plant: Callable = lambda circuit: None

    def circuit(self):
        circuit = super().circuit()
        self.plant(circuit)
        return circuit


@dataclass(frozen=True, eq=False)
class WrongWeight(MatrixVectorUnit):
    at: tuple[int, int] = (0, 0)

    def to_words(self, weights):
        return super().to_words(flipped(weights, self.at))


@dataclass(frozen=True, eq=False)
class WrongConstant(MatrixVectorUnit):
    row: int = 0
    by: int = 0

    def _bias_bank(self):
        constants = self.row_constants.copy()
        constants[self.row] += self.by
        word = self.bias_format
        rows = [words[0] for words in word.pack(constants.reshape(self.row_groups, self.pe))]
        return replace(super()._bias_bank(), rows=rows)


@dataclass(frozen=True, eq=False)
class WrongLevel(MultiThreshold):
    at: tuple[int, int] = (0, 0)

    @property
    def bank(self):
        levels = self.levels.copy()
        levels[self.at] ^= 1
        return MultiThreshold.bank.fget(replace(self, levels=np.sort(levels)))


@dataclass(frozen=True, eq=False)
class EngineWithWrongWeight(Engine):
    at: tuple[int, int, int] = (0, 0, 0)

    @property
    def weight_roms(self):
        index, *at = self.at
        layers = list(self.layers)
        layers[index] = replace(layers[index], weights=flipped(layers[index].weights, tuple(at)))
        good = Engine(self.network, self.lanes, self.block_ram, self.count_storage, self.margin_port)
        good.__dict__["layers"] = tuple(layers)
        return good.weight_roms


@dataclass(frozen=True, eq=False)
class EngineWithWrongConstant(Engine):
    layer: int = 0
    row: int = 0
    by: int = 0

    @property
    def row_rom(self):
        good, mask = super().row_rom, (1 << self.total_bits) - 1
        at = ((self.layer + 1) << self.row_bits) + self.row
        rows = list(good.rows)
        rows[at] = rows[at] & ~mask | (rows[at] + self.by) & mask
        return replace(good, rows=rows)


@dataclass(frozen=True, eq=False)
class PipelineWithWinner(Pipeline):
    winner: ArgMax | None = None

    @property
    def argmax(self):
        return self.winner


@dataclass(frozen=True, eq=False)
class EngineWithWinner(Engine):
    winner: ArgMax | None = None

    @property
    def argmax(self):
        return self.winner


@dataclass(frozen=True)
class WrongWinner(ArgMax):
    """Gives ties to the last one, holds scores against the best of all spikes, or errs once its sink has stalled."""

    ties_to_last: bool = False
    forgets: bool = True
    upset_by_stalls: bool = False

    def circuit(self):
        return WrongWinnerCircuit(self)


class WrongWinnerCircuit(wiring.Component):
    def __init__(self, spec):
        self.spec = spec
        score = In(stream.Signature(unsigned(spec.score.bits)))
        super().__init__({"i": score, "o": Out(stream.Signature(spec.result_layout))})

    def elaborate(self, platform):
        m = Module()
        index, begun, best = Signal(range(self.spec.classes)), Signal(), self.o.payload
        score, last = self.i.payload.as_signed(), index == self.spec.classes - 1
        first = (index == 0) if self.spec.forgets else ~begun
        better = score >= best.score if self.spec.ties_to_last else score > best.score
        upset = Signal()
        if self.spec.upset_by_stalls:
            m.d.sync += upset.eq(upset | (self.o.valid & ~self.o.ready))
        m.d.comb += self.i.ready.eq(~self.o.valid | self.o.ready)
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [begun.eq(1), index.eq(Mux(last, 0, index + 1)), self.o.valid.eq(last)]
            with m.If(first | better):
                m.d.sync += [best.unit.eq(index ^ upset), best.score.eq(score)]
        return m


def flipped(weights, at):
    changed = weights.copy()
    changed[at] = not changed[at]
    return changed


def as_wrong(spec, kind, **fields):
    """The same spec as one of the kinds above."""
    return kind(**{name: getattr(spec, name) for name in spec.__dataclass_fields__}, **fields)


def wrong_weight(layer, row, column):
    def plant(circuit):
        if isinstance(circuit.spec, Engine):
            circuit.spec = as_wrong(circuit.spec, EngineWithWrongWeight, at=(layer, row, column))
            return
        spec = circuit.layers[layer].spec
        if hasattr(circuit.layers[layer], "parts"):
            products = circuit.layers[layer].parts[0]
            products.spec = as_wrong(products.spec, WrongWeight, at=(row, column))
        else:
            layer_spec = replace(spec.layer, weights=flipped(spec.layer.weights, (row, column)))
            circuit.layers[layer].spec = replace(spec, layer=layer_spec)

    return plant


def wrong_constant(layer, row, by):
    def plant(circuit):
        if isinstance(circuit.spec, Engine):
            circuit.spec = as_wrong(circuit.spec, EngineWithWrongConstant, layer=layer, row=row, by=by)
            return
        products = circuit.layers[layer].parts[0]
        products.spec = as_wrong(products.spec, WrongConstant, row=row, by=by)

    return plant


def wrong_level(layer, row, level):
    def plant(circuit):
        thresholds = circuit.layers[layer].thresholds
        thresholds.spec = as_wrong(thresholds.spec, WrongLevel, at=(row, level))

    return plant


def wrong_winner(**how):
    def plant(circuit):
        kind = EngineWithWinner if isinstance(circuit.spec, Engine) else PipelineWithWinner
        winner = as_wrong(circuit.spec.argmax, WrongWinner, **how)
        circuit.spec = as_wrong(circuit.spec, kind, winner=winner)

    return plant


def wrong_margin(margin):
    def plant(circuit):
        kind = EngineWithWinner if isinstance(circuit.spec, Engine) else PipelineWithWinner
        circuit.spec = as_wrong(circuit.spec, kind, winner=replace(circuit.spec.argmax, margin=margin))

    return plant

"""The engine's circuit."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal, Value, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import ReadPort
from amaranth.lib.wiring import In, Out

from hw.components.rom import Rom

if TYPE_CHECKING:
    from hw.accelerator.engine.engine import Engine


class RowWatch(wiring.Component):
    """What a row of one layer gave, as a stream that only a simulation looks at: a bit, or the head's total."""

    def __init__(self, shape: Shape):
        super().__init__({"o": Out(stream.Signature(shape, always_ready=True))})

    def elaborate(self, platform: object) -> Module:
        return Module()


class EngineCircuit(wiring.Component):
    """Circuit of an `Engine`: stream `spikes` of input elements, stream `units` of results, `idle`.

    Five stages that move together: the step's number; the step, as the program says; its words of weights and
    activations; the count of their matches; the accumulator, which is complete after a row's last step.
    """

"""Margin and weight set, as the host sets them."""

from dataclasses import dataclass

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.link.protocol import SetRequest

SET_BYTES = SetRequest.layout.size
_FLAGS, _MARGIN, _WEIGHT_SET = 0, range(1, 5), 5
"""Places of the bytes in the payload."""


@dataclass(frozen=True)
class Settings:
    """Takes the payload of a SET byte by byte; with the last one all that it asks for is in force, or nothing is.

    A margin of more bits than there are, or a weight set that there is none of, is wrong.

    Attributes:
        margin_bits: width of the margin, 0 where it is fixed.
        weight_sets: how many there are, 1 where they are fixed.
        margin: in force after a reset.
    """

    margin_bits: int
    weight_sets: int
    margin: int

    @property
    def built_in(self) -> bool:
        """Whether anything can be set."""
        return self.margin_bits > 0 or self.weight_sets > 1

    def compute(self, asked: SetRequest, margin: int, weight_set: int) -> tuple[int, int] | None:
        """Margin and weight set from now on, for those in force; None if what is asked is wrong."""
        new_margin = margin if asked.margin is None else asked.margin
        new_set = weight_set if asked.weight_set is None else asked.weight_set
        return None if new_margin >> self.margin_bits or new_set >= self.weight_sets else (new_margin, new_set)

    def circuit(self) -> "SettingsCircuit":
        """The Amaranth component."""
        return SettingsCircuit(self)


class SettingsCircuit(wiring.Component):
    """Circuit of `Settings`.

    Members: `takes`, that the payload's byte number `place` is on `byte`; `wrong`, with the last byte, that nothing
    comes into force; `margin` and `weight_set` (without bits where they are fixed).
    """

    def __init__(self, spec: Settings):
        self.spec = spec
        super().__init__(
            {
                "byte": In(8),
                "place": In(range(SET_BYTES)),
                "takes": In(1),
                "wrong": Out(1),
                "margin": Out(spec.margin_bits, init=spec.margin if spec.margin_bits else 0),
                "weight_set": Out(range(spec.weight_sets)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        spec = self.spec
        sets_margin, sets_weights, too_wide = Signal(), Signal(), Signal()
        margin = Signal(spec.margin_bits, reset_less=True)
        m.d.comb += self.wrong.eq((sets_margin & too_wide) | (sets_weights & (self.byte >= spec.weight_sets)))
        with m.If(self.takes), m.Switch(self.place):
            with m.Case(_FLAGS):
                m.d.sync += [sets_margin.eq(self.byte[0]), sets_weights.eq(self.byte[1]), too_wide.eq(0)]
            for index, place in enumerate(_MARGIN):
                with m.Case(place):
                    part = margin[8 * index : 8 * index + 8]
                    m.d.sync += part.eq(self.byte)
                    m.d.sync += too_wide.eq(too_wide | (self.byte[len(part) :] != 0))
            with m.Case(_WEIGHT_SET), m.If(~self.wrong):
                with m.If(sets_margin):
                    m.d.sync += self.margin.eq(margin)
                with m.If(sets_weights):
                    m.d.sync += self.weight_set.eq(self.byte)
        return m

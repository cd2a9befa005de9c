"""Where a simulation looks into a layer: values beside its streams, which cost no gate."""

from dataclasses import dataclass

from amaranth.hdl import Const, Value

from hw.components.words import WordFormat


@dataclass(frozen=True, eq=False)
class Probe:
    """Values that a simulation watches as it watches a stream's.

    Attributes:
        valid: the clocks in which they count.
        payload: the values, side by side.
        format: of the values.
    """

    valid: Value
    payload: Value
    format: WordFormat

    @property
    def ready(self) -> Value:
        """Nobody ever holds them up."""
        return Const(1)


@dataclass(frozen=True, eq=False)
class SumProbes:
    """What a layer sums up and compares; each passes once for each word of the layer's output, in their order.

    Attributes:
        totals: what the rows add up to, their constants included.
        constants: what the rows' sums begin with, as the circuit's memory has it.
        levels: how far each further threshold lies above a row's first, a row's side by side; None where a row has
            no further one.
    """

    totals: Probe
    constants: Probe
    levels: Probe | None = None

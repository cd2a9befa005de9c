"""The accelerator behind flat port names, as a module that other designs instantiate."""

from dataclasses import dataclass
from enum import StrEnum

from amaranth.hdl import ClockDomain, ClockSignal, Module, ResetSignal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.accelerator.accelerator import Accelerator


class PortStyle(StrEnum):
    """How the ports are called."""

    PLAIN = "plain"  # clk, rst; spike_*, unit_*
    AXI = "axi"  # aclk, aresetn; s_axis_*, m_axis_*


@dataclass(frozen=True)
class Ports:
    """The port names of a style, and the widths that go with an accelerator.

    The result is the unit's index in the low bits and its score above, each as wide as it needs to be, or, under AXI
    names, each extended to whole bytes (the score with its sign) as AXI4-Stream asks of TDATA. A margin that is an
    input is called `margin` under either style; `margin_bits` is 0 where there is none. So are `weight_set`, where
    there are several, the ports `load_*` where weights are written at run time, and `idle` of an engine.
    """

    style: PortStyle
    spike_bits: int
    unit_bits: int
    score_bits: int
    margin_bits: int
    weight_sets: int
    loads: bool
    idles: bool

    @classmethod
    def of(cls, accelerator: Accelerator, style: PortStyle) -> "Ports":
        """Ports of an accelerator."""
        extend = _whole_bytes if style is PortStyle.AXI else int
        layout = accelerator.result_layout
        return cls(
            style,
            extend(accelerator.input_format.bits),
            extend(layout["unit"].width),
            extend(layout["score"].width),
            accelerator.margin_bits,
            accelerator.schedule.weight_sets,
            accelerator.weights is not None and accelerator.weights.loads,
            accelerator.engine is not None,
        )

    @property
    def side_inputs(self) -> dict[str, int]:
        """Widths of the inputs beside both streams, by name."""
        margin = {"margin": self.margin_bits} if self.margin_bits else {}
        chosen = {"weight_set": (self.weight_sets - 1).bit_length()} if self.weight_sets > 1 else {}
        load = {"load_data": 8, "load_first": 1, "load_valid": 1} if self.loads else {}
        return {**margin, **chosen, **load}

    @property
    def side_outputs(self) -> dict[str, int]:
        """Widths of the outputs beside both streams, by name."""
        load = {"load_ready": 1, "load_count": 8, "load_good": 1} if self.loads else {}
        return {**load, **({"idle": 1} if self.idles else {})}

    @property
    def result_bits(self) -> int:
        """Width of a result."""
        return self.unit_bits + self.score_bits

    @property
    def clock(self) -> str:
        """Name of the clock."""
        return "aclk" if self.style is PortStyle.AXI else "clk"

    @property
    def reset(self) -> str:
        """Name of the reset: synchronous; active low under AXI names, else active high."""
        return "aresetn" if self.style is PortStyle.AXI else "rst"

    @property
    def reset_active(self) -> int:
        """Level at which the reset works."""
        return 0 if self.style is PortStyle.AXI else 1

    @property
    def spike_stream(self) -> tuple[str, str, str]:
        """Names of payload, valid and ready of the spike stream."""
        return self._stream("s_axis", "spike")

    @property
    def unit_stream(self) -> tuple[str, str, str]:
        """Names of payload, valid and ready of the result stream."""
        return self._stream("m_axis", "unit")

    def split_result(self, word: int) -> tuple[int, int]:
        """Index of the unit and its signed score, from a result as the port carries it."""
        score = word >> self.unit_bits
        sign = score >> (self.score_bits - 1)
        return word & ((1 << self.unit_bits) - 1), score - (sign << self.score_bits)

    def join_result(self, unit: int, score: int) -> int:
        """A result as the port carries it; the inverse of `split_result`."""
        return unit | (score & ((1 << self.score_bits) - 1)) << self.unit_bits

    def _stream(self, axi: str, plain: str) -> tuple[str, str, str]:
        if self.style is PortStyle.AXI:
            return f"{axi}_tdata", f"{axi}_tvalid", f"{axi}_tready"
        return f"{plain}_data", f"{plain}_valid", f"{plain}_ready"


class Top(wiring.Component):
    """An accelerator behind flat ports; flat, because doubled underscores are mangled by some tools."""

    def __init__(self, accelerator: Accelerator, style: PortStyle):
        self.accelerator = accelerator
        self.ports = ports = Ports.of(accelerator, style)
        data_in, valid_in, ready_in = ports.spike_stream
        data_out, valid_out, ready_out = ports.unit_stream
        super().__init__(
            {
                ports.clock: In(1),
                ports.reset: In(1),
                data_in: In(ports.spike_bits),
                valid_in: In(1),
                ready_in: Out(1),
                data_out: Out(ports.result_bits),
                valid_out: Out(1),
                ready_out: In(1),
                **{name: In(bits) for name, bits in ports.side_inputs.items()},
                **{name: Out(bits) for name, bits in ports.side_outputs.items()},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        ports = self.ports
        m.domains.sync = ClockDomain("sync")
        m.submodules.accelerator = circuit = self.accelerator.circuit()
        spike_data, spike_valid, spike_ready = (getattr(self, name) for name in ports.spike_stream)
        unit_data, unit_valid, unit_ready = (getattr(self, name) for name in ports.unit_stream)
        result = circuit.units.payload
        m.d.comb += [
            ClockSignal().eq(getattr(self, ports.clock)),
            ResetSignal().eq(getattr(self, ports.reset) == ports.reset_active),
            circuit.spikes.payload.eq(spike_data),
            circuit.spikes.valid.eq(spike_valid),
            spike_ready.eq(circuit.spikes.ready),
            unit_data[: ports.unit_bits].eq(result.unit),
            unit_data[ports.unit_bits :].eq(result.score),
            unit_valid.eq(circuit.units.valid),
            circuit.units.ready.eq(unit_ready),
        ]
        if ports.margin_bits:
            m.d.comb += circuit.margin.eq(self.margin)
        if ports.weight_sets > 1:
            m.d.comb += circuit.weight_set.eq(self.weight_set)
        if ports.loads:
            m.d.comb += [
                circuit.load.payload.data.eq(self.load_data),
                circuit.load.payload.first.eq(self.load_first),
                circuit.load.valid.eq(self.load_valid),
                self.load_ready.eq(circuit.load.ready),
                self.load_count.eq(circuit.load_count),
                self.load_good.eq(circuit.load_good),
            ]
        if ports.idles:
            m.d.comb += self.idle.eq(circuit.idle)
        return m


def _whole_bytes(bits: int) -> int:
    return -(-bits // 8) * 8

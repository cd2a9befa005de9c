"""The module that the harness drives: a netlist behind fixed port names, and streams inside it brought to a port."""

from collections.abc import Mapping
from dataclasses import dataclass

from hw.accelerator.top import Ports


@dataclass(frozen=True)
class Tap:
    """A stream inside the netlist whose words are watched.

    Attributes:
        stream: hierarchical name of its valid, ready and payload, up to what `__valid` and so on follow.
        bits: width of the payload.
    """

    stream: str
    bits: int

    @property
    def size(self) -> int:
        """Whole bytes of a word."""
        return -(-self.bits // 8)


@dataclass(frozen=True)
class Register:
    """Flip-flops inside the netlist that an upset may flip.

    Attributes:
        name: hierarchical.
        bits: width.
    """

    name: str
    bits: int

    @property
    def verilog(self) -> list[str]:
        """Each of its bits."""
        return [f"{self.name} [{bit}]" for bit in range(self.bits)] if self.bits > 1 else [f"{self.name} "]


@dataclass(frozen=True)
class Bench:
    """What is compiled around a netlist.

    Attributes:
        top: name of the netlist's top module.
        ports: its ports, in either style.
        held: inputs beside the streams, by name, and the value that each holds all the time.
        taps: streams to watch.
        registers: whose bits upsets may flip, numbered one register after another, low bits first.
    """

    top: str
    ports: Ports
    held: Mapping[str, int]
    taps: tuple[Tap, ...] = ()
    registers: tuple[Register, ...] = ()

    @property
    def verilog(self) -> str:
        """Text of the module `bench`."""
        ports = self.ports
        tapped = sum(8 + 8 * tap.size for tap in self.taps) or 8
        return f"""\
module bench(
    input clk, input rst,
    input [{ports.spike_bits - 1}:0] spike_data, input spike_valid, output spike_ready,
    input upset, input [31:0] upset_bit,
    input [8:0] load_word, input load_valid, output load_ready,
    output [{tapped - 1}:0] tapped,
    output [{ports.result_bits - 1}:0] unit_data, output unit_valid, input unit_ready
);
    {self.top} sorter(
{self._connections}
    );
    assign tapped = {self._tapped};
{self._upsets}endmodule
"""

    @property
    def _upsets(self) -> str:
        if not self.registers:
            return ""
        bits = (bit for register in self.registers for bit in register.verilog)
        flips = "".join(f"        {number}: sorter.{bit} <= ~sorter.{bit};\n" for number, bit in enumerate(bits))
        return f"    always @(posedge upset) case (upset_bit)\n{flips}        default: ;\n    endcase\n"

    @property
    def _connections(self) -> str:
        ports = self.ports
        ours = (
            *("spike_data", "spike_valid", "spike_ready"),
            *("unit_data", "unit_valid", "unit_ready"),
        )
        names = dict(zip((*ports.spike_stream, *ports.unit_stream), ours, strict=True))
        names |= {ports.clock: "clk", ports.reset: "rst" if ports.reset_active else "~rst"}
        names |= {name: f"{bits}'d{self.held[name]}" for name, bits in ports.side_inputs.items() if name in self.held}
        if ports.loads:
            names |= {"load_data": "load_word[7:0]", "load_first": "load_word[8]"}
            names |= {name: name for name in ("load_valid", "load_ready")}
        return ",\n".join(f"        .{theirs}({ours})" for theirs, ours in names.items())

    @property
    def _tapped(self) -> str:
        """For each tap, low bits first: a byte that tells whether a word passes, then the word in whole bytes."""
        parts = [
            part
            for tap in self.taps
            for part in (
                f"7'd0, sorter.{tap.stream}__valid & sorter.{tap.stream}__ready",
                f"{_padding(tap)}sorter.{tap.stream}__payload",
            )
        ]
        return f"{{{', '.join(reversed(parts))}}}" if parts else "8'd0"


def _padding(tap: Tap) -> str:
    spare = 8 * tap.size - tap.bits
    return f"{spare}'d0, " if spare else ""

"""Test vectors, and a SystemVerilog test bench that checks the netlist against them by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hw.accelerator.accelerator import Accelerator
from hw.netlist import Netlist

SPIKES_FILE = "spikes.hex"
UNITS_FILE = "units.hex"


@dataclass(frozen=True, eq=False)
class Vectors:
    """Stream words of spikes and of the results they must give, each as the ports carry it.

    Attributes:
        spikes: words, first spike first.
        units: one word a spike.
        quiet_cycles: clocks without a result after which the test bench gives up.
        held_inputs: inputs beside the streams, by name, and the value that each holds all the time.
    """

    spikes: list[int]
    units: list[int]
    quiet_cycles: int
    held_inputs: Mapping[str, int]

    @classmethod
    def of(cls, netlist: Netlist, accelerator: Accelerator, spikes: NDArray[np.integer]) -> "Vectors":
        """Vectors from spikes `[n, n_inputs]`; the results are the integer network's.

        Raises:
            BadInput: if the spikes do not fit the network's input.
        """
        scores = accelerator.network.scores(spikes)
        answers = zip(accelerator.network.classes(spikes), scores.max(axis=1), strict=True)
        units = [netlist.ports.join_result(int(unit), int(score)) for unit, score in answers]
        words = [word for spike in accelerator.input_format.pack(spikes) for word in spike]
        return cls(words, units, accelerator.schedule.quiet_cycles, accelerator.held_inputs)

    def write(self, netlist: Netlist, folder: Path) -> None:
        """Write both files for `$readmemh` and the test bench that reads them."""
        (folder / SPIKES_FILE).write_text(_hex_lines(self.spikes, netlist.ports.spike_bits))
        (folder / UNITS_FILE).write_text(_hex_lines(self.units, netlist.ports.result_bits))
        (folder / f"{netlist.top}_tb.sv").write_text(_testbench(netlist, self))


def _hex_lines(words: list[int], bits: int) -> str:
    digits = -(-bits // 4)
    return "".join(f"{word:0{digits}x}\n" for word in words)


def _testbench(netlist: Netlist, vectors: Vectors) -> str:
    ports = netlist.ports
    spike_data, spike_valid, spike_ready = ports.spike_stream
    unit_data, unit_valid, unit_ready = ports.unit_stream
    held = "".join(
        f",\n        .{name}({bits}'d{vectors.held_inputs.get(name, 0)})" for name, bits in ports.side_inputs.items()
    )
    return f"""\
// Self-checking test bench of {netlist.top}: {len(vectors.units)} spikes, with seeded gaps and stalls.
// Run it in this folder, for instance:
//   with Icarus Verilog: iverilog -g2012 -o tb {netlist.top}_tb.sv {netlist.top}.v && vvp tb
//   with Verilator: verilator --binary --timing -Wno-fatal {netlist.top}_tb.sv {netlist.top}.v --top {netlist.top}_tb
`timescale 1ns / 1ps
module {netlist.top}_tb;
    localparam integer WORDS = {len(vectors.spikes)};
    localparam integer SPIKES = {len(vectors.units)};
    localparam integer CLOCKS_WITHOUT_RESULT = {vectors.quiet_cycles};

    reg clock = 0;
    reg reset = {ports.reset_active};
    reg [{ports.spike_bits - 1}:0] words [0:WORDS - 1];
    reg [{ports.result_bits - 1}:0] expected [0:SPIKES - 1];
    reg spike_valid = 0, unit_ready = 0;
    wire spike_ready, unit_valid;
    wire [{ports.result_bits - 1}:0] unit_data;
    integer sent = 0, received = 0, mismatches = 0, quiet = 0, seed = 1;

    {netlist.top} sorter (
        .{ports.clock}(clock),
        .{ports.reset}(reset),
        .{spike_data}(words[sent < WORDS ? sent : 0]),
        .{spike_valid}(spike_valid),
        .{spike_ready}(spike_ready),
        .{unit_data}(unit_data),
        .{unit_valid}(unit_valid),
        .{unit_ready}(unit_ready){held}
    );

    initial begin
        $readmemh("{SPIKES_FILE}", words);
        $readmemh("{UNITS_FILE}", expected);
        repeat (4) @(negedge clock);
        reset = {1 - ports.reset_active};
    end

    always #5 clock = ~clock;

    // Inputs change on the falling edge, so that no simulator can see them race with the rising one.
    reg took = 0;
    always @(posedge clock) begin
        took <= spike_valid && spike_ready;
        if (unit_valid && unit_ready) begin
            if (received >= SPIKES) begin
                $display("FAIL: a result after the last one");
                $fatal(1);
            end else if (unit_data !== expected[received]) begin
                mismatches = mismatches + 1;
                $display("spike %0d: result %h, expected %h", received, unit_data, expected[received]);
            end
            received = received + 1;
            quiet = 0;
        end else begin
            quiet = quiet + 1;
        end
        if (received == SPIKES && quiet > 1000) begin
            if (mismatches != 0) begin
                $display("FAIL: %0d of %0d spikes differ", mismatches, SPIKES);
                $fatal(1);
            end
            $display("PASS: %0d spikes", SPIKES);
            $finish;
        end
        if (quiet > CLOCKS_WITHOUT_RESULT) begin
            $display("FAIL: %0d of %0d results came out, and nothing moves", received, SPIKES);
            $fatal(1);
        end
    end

    always @(negedge clock) if (reset != {ports.reset_active}) begin
        if (took) sent = sent + 1;
        if (took || !spike_valid) spike_valid = (sent < WORDS) && ($random(seed) & 7) != 0;
        unit_ready = ($random(seed) & 3) != 0;
    end
endmodule
"""

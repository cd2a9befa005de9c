"""Evaluates an iCE40 netlist, as synthesis mapped it, clock by clock: answers and toggles.

Every lookup table and carry cell is a table of four inputs. After a clock edge all of them are evaluated at once,
over and over, until nothing changes: that is the netlist with one unit of delay a cell. The values at the end are
those of any delays; the changes on the way there are its glitches.

Cells are as Yosys's `ice40/cells_sim.v` describes them.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.tools.yosys import part_of

_MAJORITY = 0xE8E8  # of inputs 0, 1 and 2
_LUT, _CARRY, _ABSORBED = range(3)  # kinds of logic: what a cell's output loads
_MAX_DEPTH = 4096  # unit delays after which a netlist that still moves must have a loop
# First data pin that is used, and elements in a 16-bit row, for each read or write mode of a block memory.
_RAM_MODES = {0: (0, 1), 1: (0, 2), 2: (1, 4), 3: (3, 8)}


class UnmappedCellError(ValueError):
    """A cell that this evaluator does not know; the message names it."""


@dataclass(frozen=True)
class Toggles:
    """Changes of cell outputs, summed over clocks.

    A lookup table that drives nothing but one register's data shares a logic cell with it, and no wire outside of
    the cell moves with it: its changes are not counted.

    Attributes:
        clocks: clocks counted.
        registers: changes of flip-flops.
        luts: changes of lookup tables between the settled values of neighbouring clocks.
        luts_with_glitches: the same with every change on the way, at one unit of delay a cell.
        carries: settled changes of carries.
        carries_with_glitches: the same with every change on the way.
        memory_bits: changes of the bits that block memories give.
        memory_reads: reads of block memories (one a memory and clock in which it is enabled).
        memory_writes: writes of block memories, likewise.
    """

    clocks: int = 0
    registers: int = 0
    luts: int = 0
    luts_with_glitches: int = 0
    carries: int = 0
    carries_with_glitches: int = 0
    memory_bits: int = 0
    memory_reads: int = 0
    memory_writes: int = 0

    def __add__(self, other: "Toggles") -> "Toggles":
        return Toggles(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    def __sub__(self, other: "Toggles") -> "Toggles":
        return Toggles(*(mine - theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True, eq=False)
class MappedNetlist:
    """A netlist as arrays; nets are numbered, 0 is constant low and 1 constant high.

    Attributes:
        ports: nets of each port, low bit first.
        n_nets: how many nets there are.
        logic_inputs: `[cells, 4]` nets.
        logic_tables: `[cells]` truth tables of 16 bits.
        logic_outputs: `[cells]` nets.
        logic_kinds: `[cells]`, lookup table, carry, or lookup table that shares a cell with its register.
        registers: `[registers, 4]` nets of data, enable, reset and output.
        reset_values: `[registers]`, value that a reset sets.
        reset_needs_enable: `[registers]`.
        read_pins: `[memories, 13]` nets of 11 address bits and both enables.
        read_outputs: `[memories, 16]` nets.
        write_pins: `[memories, 45]` nets of 11 address bits, both enables, 16 bits of data and 16 of (inverse) mask.
        memory_modes: `[memories, 2]`, modes of reading and writing.
        memory_rows: `[memories, 256, 16]`, the bits at first.
        parts: of the accelerator, for each logic cell, register and memory in this order; "" where it is not known.
    """

    ports: dict[str, list[int]]
    n_nets: int
    logic_inputs: NDArray[np.int64]
    logic_tables: NDArray[np.int64]
    logic_outputs: NDArray[np.int64]
    logic_kinds: NDArray[np.int64]
    registers: NDArray[np.int64]
    reset_values: NDArray[np.uint8]
    reset_needs_enable: NDArray[np.bool_]
    read_pins: NDArray[np.int64]
    read_outputs: NDArray[np.int64]
    write_pins: NDArray[np.int64]
    memory_modes: NDArray[np.int64]
    memory_rows: NDArray[np.uint8]
    parts: tuple[str, ...]

    @classmethod
    def read(cls, path: Path, top: str) -> "MappedNetlist":
        """Read the JSON that Yosys's `write_json` left after `synth_ice40`.

        Raises:
            UnmappedCellError: if a cell is no lookup table, carry, rising-edge register with synchronous reset, or
                block memory of rising edges.
        """
        module = json.loads(path.read_text())["modules"][top]
        return _Reader().read(module)


class _Reader:
    """Collects cells while they are read."""

    def __init__(self) -> None:
        self.nets: dict[Any, int] = {"0": 0, "1": 1, "x": 0}
        self.n_nets = 2
        self.logic: list[tuple[list[int], int, int, int]] = []
        self.registers: list[tuple[int, int, int, int]] = []
        self.resets: list[tuple[int, bool]] = []
        self.memories: list[_Memory] = []
        self.logic_parts: list[str] = []
        self.register_parts: list[str] = []
        self.memory_parts: list[str] = []

    def net(self, bit: int | str) -> int:
        if bit not in self.nets:
            self.nets[bit] = self.n_nets
            self.n_nets += 1
        return self.nets[bit]

    def read(self, module: dict[str, Any]) -> MappedNetlist:
        ports = {name: [self.net(bit) for bit in port["bits"]] for name, port in module["ports"].items()}
        for name, cell in module["cells"].items():
            self._cell(name, cell)
        return MappedNetlist(
            ports,
            self.n_nets,
            np.array([inputs for inputs, _, _, _ in self.logic], dtype=np.int64).reshape(-1, 4),
            np.array([table for _, table, _, _ in self.logic], dtype=np.int64),
            np.array([output for _, _, output, _ in self.logic], dtype=np.int64),
            np.array(self._kinds(ports), dtype=np.int64),
            np.array(self.registers, dtype=np.int64).reshape(-1, 4),
            np.array([value for value, _ in self.resets], dtype=np.uint8),
            np.array([gated for _, gated in self.resets], dtype=np.bool_),
            np.array([memory.read_pins for memory in self.memories], dtype=np.int64).reshape(-1, 13),
            np.array([memory.outputs for memory in self.memories], dtype=np.int64).reshape(-1, 16),
            np.array([memory.write_pins for memory in self.memories], dtype=np.int64).reshape(-1, 45),
            np.array([memory.modes for memory in self.memories], dtype=np.int64).reshape(-1, 2),
            np.array([memory.rows for memory in self.memories], dtype=np.uint8).reshape(-1, 256, 16),
            (*self.logic_parts, *self.register_parts, *self.memory_parts),
        )

    def _kinds(self, ports: Mapping[str, list[int]]) -> list[int]:
        """Kind of each logic cell, now that it is known what its output drives."""
        driven = Counter(net for inputs, _, _, _ in self.logic for net in inputs)
        driven.update(net for data, enable, reset, _ in self.registers for net in (data, enable, reset))
        driven.update(net for memory in self.memories for net in (*memory.read_pins, *memory.write_pins))
        driven.update(net for nets in ports.values() for net in nets)
        data_pins = {data for data, _, _, _ in self.registers}
        return [
            _ABSORBED if kind == _LUT and driven[output] == 1 and output in data_pins else kind
            for _, _, output, kind in self.logic
        ]

    def _cell(self, name: str, cell: dict[str, Any]) -> None:
        kind = cell["type"]
        pins = {pin: [self.net(bit) for bit in bits] for pin, bits in cell["connections"].items()}
        if kind == "SB_LUT4":
            inputs = [pins[f"I{i}"][0] for i in range(4)]
            self.logic.append((inputs, int(cell["parameters"]["LUT_INIT"], 2), pins["O"][0], _LUT))
            self.logic_parts.append(part_of(name))
        elif kind == "SB_CARRY":
            self.logic.append(([pins["I0"][0], pins["I1"][0], pins["CI"][0], 0], _MAJORITY, pins["CO"][0], _CARRY))
            self.logic_parts.append(part_of(name))
        elif kind in ("SB_DFF", "SB_DFFE", "SB_DFFSR", "SB_DFFSS", "SB_DFFESR", "SB_DFFESS"):
            reset = pins.get("R", pins.get("S", [0]))[0]
            self.registers.append((pins["D"][0], pins.get("E", [1])[0], reset, pins["Q"][0]))
            self.resets.append((int("S" in pins), "E" in pins))
            self.register_parts.append(part_of(name))
        elif kind == "SB_RAM40_4K":
            self.memories.append(_Memory.of(cell["parameters"], pins))
            self.memory_parts.append(part_of(name))
        elif kind != "$scopeinfo":
            raise UnmappedCellError(f"cell {name}: {kind} is not known to the evaluator of mapped netlists")


@dataclass(frozen=True, eq=False)
class _Memory:
    """A block memory while it is read, in the terms of `MappedNetlist`."""

    read_pins: list[int]
    outputs: list[int]
    write_pins: list[int]
    modes: tuple[int, int]
    rows: NDArray[np.uint8]

    @classmethod
    def of(cls, parameters: dict[str, str], pins: dict[str, list[int]]) -> "_Memory":
        init = [[int(bit) for bit in reversed(parameters[f"INIT_{row:X}"].replace("x", "0"))] for row in range(16)]
        return cls(
            read_pins=[*pins["RADDR"], pins["RCLKE"][0], pins["RE"][0]],
            outputs=pins["RDATA"],
            write_pins=[*pins["WADDR"], pins["WCLKE"][0], pins["WE"][0], *pins["WDATA"], *pins["MASK"]],
            modes=(int(parameters["READ_MODE"], 2), int(parameters["WRITE_MODE"], 2)),
            rows=np.array(init, dtype=np.uint8).reshape(256, 16),
        )


class MappedSimulator:
    """A running netlist: set ports, let it settle, clock it."""

    def __init__(self, netlist: MappedNetlist):
        self.netlist = netlist
        self.values = np.zeros(netlist.n_nets, dtype=np.uint8)
        self.values[1] = 1
        self.memories = netlist.memory_rows.copy()
        self.toggles = Toggles()
        self._logic_changes = np.zeros(len(netlist.logic_outputs), dtype=np.int64)
        self._register_changes = np.zeros(len(netlist.registers), dtype=np.int64)
        self._memory_changes = np.zeros(len(netlist.memory_rows), dtype=np.int64)
        self._settled = self.values[netlist.logic_outputs]
        self._settle()

    def get(self, port: str) -> int:
        """Value of a port."""
        return int("".join(str(self.values[net]) for net in reversed(self.netlist.ports[port])), 2)

    @property
    def changes_by_part(self) -> Counter[str]:
        """Changes of wires so far, those of registers and block memories and all of lookup tables, by part."""
        wires = np.where(self.netlist.logic_kinds == _LUT, self._logic_changes, 0)
        changes: Counter[str] = Counter()
        for part, n in zip(self.netlist.parts, (*wires, *self._register_changes, *self._memory_changes), strict=True):
            changes[part] += int(n)
        return changes

    def clock(self, inputs: dict[str, int]) -> None:
        """One rising edge, upon which the input ports take the given values; then the logic settles."""
        n = self.netlist
        data, enable, reset, output = n.registers.T
        enabled, in_reset = self.values[enable] == 1, self.values[reset] == 1
        loaded = np.where(enabled, self.values[data], self.values[output])
        state = np.where(in_reset & (enabled | ~n.reset_needs_enable), n.reset_values, loaded)
        reads = self._memory_reads()
        writes = self._write_memories()
        changed = state != self.values[output]
        self._register_changes += changed
        self.values[output] = state
        memory_bits = 0
        for memory, bits in reads:
            bits_changed = int((self.values[n.read_outputs[memory]] != bits).sum())
            self._memory_changes[memory] += bits_changed
            memory_bits += bits_changed
            self.values[n.read_outputs[memory]] = bits
        self._drive(inputs)
        (luts, carries), (luts_moved, carries_moved) = self._settle()
        registers = int(changed.sum())
        self.toggles += Toggles(
            1, registers, luts, luts_moved, carries, carries_moved, memory_bits, len(reads), writes
        )

    def _memory_reads(self) -> list[tuple[int, NDArray[np.uint8]]]:
        """Each enabled memory with the bits that it reads: those from before a write in the same clock."""
        pins = self.values[self.netlist.read_pins]
        reads = []
        for memory in np.flatnonzero(pins[:, 11] & pins[:, 12]):
            row, elements, used_pins = _place(pins[memory, :11], self.netlist.memory_modes[memory, 0])
            bits = np.zeros(16, dtype=np.uint8)
            bits[used_pins] = self.memories[memory, row, elements]
            reads.append((int(memory), bits))
        return reads

    def _write_memories(self) -> int:
        """Write what is enabled; how many memories were."""
        pins = self.values[self.netlist.write_pins]
        written = np.flatnonzero(pins[:, 11] & pins[:, 12])
        for memory in written:
            mode = self.netlist.memory_modes[memory, 1]
            row, elements, used_pins = _place(pins[memory, :11], mode)
            data, kept = pins[memory, 13:29], pins[memory, 29:]
            if mode == 0:  # only whole rows heed the mask
                self.memories[memory, row] = np.where(kept, self.memories[memory, row], data)
            else:
                self.memories[memory, row, elements] = data[used_pins]
        return len(written)

    def _drive(self, inputs: dict[str, int]) -> None:
        for port, value in inputs.items():
            nets = self.netlist.ports[port]
            self.values[nets] = [(value >> bit) & 1 for bit in range(len(nets))]

    def _settle(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Evaluate until nothing moves; changes of tables and carries, against the last settled values and in all."""
        n, values = self.netlist, self.values
        changes = np.zeros(3, dtype=np.int64)
        a, b, c, d = n.logic_inputs.T
        for _ in range(_MAX_DEPTH):
            index = values[a] | values[b] << 1 | values[c] << 2 | values[d] << 3
            outputs = ((n.logic_tables >> index) & 1).astype(np.uint8)
            moved = outputs != values[n.logic_outputs]
            if not moved.any():
                settled = self._by_kind(outputs != self._settled)
                self._settled = outputs
                return (int(settled[_LUT]), int(settled[_CARRY])), (int(changes[_LUT]), int(changes[_CARRY]))
            changes += self._by_kind(moved)
            self._logic_changes += moved
            values[n.logic_outputs] = outputs
        raise RuntimeError(f"the netlist still moves after {_MAX_DEPTH} unit delays: it has a combinational loop")

    def _by_kind(self, changed: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(self.netlist.logic_kinds[changed], minlength=3)


def _place(address_bits: NDArray[np.uint8], mode: int) -> tuple[int, slice, slice]:
    """Row of a block memory, its bits and the data pins that belong to an address in a mode."""
    address = int((address_bits.astype(np.int64) << np.arange(11)).sum())
    first_pin, elements = _RAM_MODES[int(mode)]
    return address % 256, slice((address // 256) % elements, None, elements), slice(first_pin, None, elements)

"""A component and its mapped netlist side by side: the same inputs, and the same outputs claimed of both."""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from amaranth.back import rtlil
from amaranth.hdl import Assert, ClockSignal, Instance, Module, ResetSignal, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from hw.devices import Device
from hw.simulate.blockram.cells import MODEL, with_plain_memories
from hw.tools.yosys import cell_library, run_yosys, synthesise
from tests.hw.formal.harness import TOP, rtlil_of

DESIGN, NETLIST = "design", "netlist"

_JOIN = """
read_rtlil {design}.il; hierarchy -top {design}; proc; flatten; design -stash {design};
read_json {netlist}.json; read_verilog -defer {model}; read_verilog -defer -DNO_INCLUDES {library};
setundef -params -zero; hierarchy -top {netlist}; proc; flatten; opt_clean; design -stash {netlist};
read_rtlil twins.il; design -copy-from {design} {design}; design -copy-from {netlist} {netlist};
hierarchy -top {top}; write_rtlil {top}.il
"""
_TABLES = {"SB_LUT4": "LUT_INIT", **{f"LUT{inputs}": "INIT" for inputs in range(1, 7)}}
"""Lookup tables of every family, and the parameter that holds their bits."""


class Twins(wiring.Component):
    """Two circuits with the ports of one; a payload need be the same only while it is valid.

    The modules `DESIGN` and `NETLIST` are found where the RTLIL is joined with theirs.
    """

    def __init__(self, circuit: wiring.Component):
        members = list(circuit.signature.flatten(circuit))
        self.widths = {"__".join(path): len(Value.cast(value)) for path, _, value in members}
        self.inputs = ["__".join(path) for path, member, _ in members if member.flow == In]
        super().__init__({name: In(self.widths[name]) for name in self.inputs})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        one, other = self._instance(m, DESIGN), self._instance(m, NETLIST)
        for name, signal in one.items():
            valid = one[name.replace("payload", "valid")] if name.endswith("payload") else 1
            m.d.comb += Assert((signal == other[name]) | ~valid, f"{name} is the same")
        return m

    def _instance(self, m: Module, module: str) -> dict[str, Signal]:
        """Outputs of a module that takes our inputs."""
        outputs = {name: Signal(bits) for name, bits in self.widths.items() if name not in self.inputs}
        m.submodules[module] = Instance(
            module,
            i_clk=ClockSignal(),
            i_rst=ResetSignal(),
            **{f"i_{name}": getattr(self, name) for name in self.inputs},
            **{f"o_{name}": signal for name, signal in outputs.items()},
        )
        return outputs


def mapped_module(circuit: wiring.Component, device: Device, folder: Path) -> dict[str, Any]:
    """A component mapped onto the device, as a module of Yosys's JSON; its RTLIL stays in the folder."""
    text = rtlil.convert(circuit, name=DESIGN, emit_src=False)
    (folder / f"{DESIGN}.il").write_text(text)
    synthesise(f"{DESIGN}.il", DESIGN, device, folder, "mapped.json")
    return json.loads((folder / "mapped.json").read_text())["modules"][DESIGN]


def twins_of(circuit: wiring.Component, module: Mapping[str, Any], device: Device, folder: Path) -> str:
    """RTLIL of a component beside a mapped netlist of it, for `prove`; `mapped_module` has left its RTLIL there."""
    (folder / f"{NETLIST}.json").write_text(json.dumps({"modules": {NETLIST: with_plain_memories(module)}}))
    (folder / MODEL.name).write_text(MODEL.read_text())
    (folder / "twins.il").write_text(rtlil_of(Twins(circuit)))
    library = cell_library(device)
    shared = f"+/{library.parent.name}/{library.name}"
    run_yosys(_JOIN.format(design=DESIGN, netlist=NETLIST, model=MODEL.name, library=shared, top=TOP), folder)
    return (folder / f"{TOP}.il").read_text()


def mutants_of(module: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The module with one bit of one lookup table changed: the one of its low inputs.

    Tables of few inputs come first, for what they look up comes up soonest.
    """
    tables = {name: cell for name, cell in module["cells"].items() if cell["type"] in _TABLES}
    for name in sorted(tables, key=lambda name: (sum(isinstance(net, int) for net in _inputs(tables[name])), name)):
        mutant = deepcopy(dict(module))
        cell = mutant["cells"][name]
        index = sum(1 << pin for pin, net in enumerate(_inputs(cell)) if net == "1")
        bits = list(cell["parameters"][_TABLES[cell["type"]]])
        bits[-1 - index] = "10"[int(bits[-1 - index])]
        cell["parameters"][_TABLES[cell["type"]]] = "".join(bits)
        yield mutant


def _inputs(cell: Mapping[str, Any]) -> list[int | str]:
    """Nets of a lookup table's inputs, the lowest first; a constant is a word."""
    return [nets[0] for pin, nets in sorted(cell["connections"].items()) if pin not in ("O", "Z")]

"""Wires that the outputs of logic cells drive, as nextpnr routes them on UP5K."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from flows.calibrate.power.designs import TOP, Design
from hw.devices import DEVICES
from hw.tools.nextpnr import NEXTPNR
from hw.tools.run import run_tool
from hw.tools.yosys import synthesise

_DEVICE = DEVICES["up5k"]
_OUTPUT = re.compile(r"/lutff_\d[:/]out$")
_KINDS = {"sp4_": "of_four_tiles", "sp12_": "of_twelve_tiles", "local_": "within_a_tile"}


@dataclass(frozen=True)
class Wires:
    """Counts over a routed design.

    Attributes:
        outputs: of logic cells that drive a wire.
        of_four_tiles: wires that reach over four tiles.
        of_twelve_tiles: over twelve.
        within_a_tile: that lead to inputs of a tile.
    """

    outputs: int
    of_four_tiles: int
    of_twelve_tiles: int
    within_a_tile: int


# Of the multiplier beside a counter of 24 bits, with seed 1; a test routes it anew.
MULTIPLIER = Wires(194, 175, 0, 384)


def route(design: Design, folder: Path) -> Wires:
    """Synthesise, place and route a design, and count.

    Raises:
        ToolError: if a tool fails.
    """
    (folder / "top.il").write_text(design.rtlil(), encoding="utf-8")
    synthesise("top.il", TOP, _DEVICE, folder, "mapped.json")
    options = ["--up5k", "--package", "sg48", "--json", "mapped.json", "--write", "routed.json"]
    run_tool(NEXTPNR[_DEVICE.family], [*options, "--seed", "1", "--freq", "1", "-q"], folder)
    nets = json.loads((folder / "routed.json").read_text(encoding="utf-8"))["modules"]["top"]["netnames"].values()
    # Wires stand between arcs and strengths: wire;arc;strength;wire;...
    routes = [net["attributes"].get("ROUTING", "").split(";")[::3] for net in nets]
    driven = [wires for wires in routes if any(_OUTPUT.search(wire) for wire in wires)]
    counts = Counter(
        kind for wires in driven for wire in wires for mark, kind in _KINDS.items() if f"/{mark}" in wire
    )
    return Wires(outputs=len(driven), **{kind: counts[kind] for kind in _KINDS.values()})

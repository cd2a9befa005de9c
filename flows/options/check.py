"""How the gateware and the integer network are held against the ONNX reference."""

from typing import Annotated

from typer import Option

from flows.settings.check import Engine

_PANEL = "Check"

Spikes = Annotated[
    int, Option("--spikes", help="Spikes to simulate, and to leave as test vectors.", rich_help_panel=_PANEL)
]
SpikesToSimulate = Annotated[
    str,
    Option(
        "--spikes",
        metavar="N|all",
        help="Test spikes to simulate, or all that were cut, in whatever part of the recording.",
        rich_help_panel=_PANEL,
    ),
]
RandomInputs = Annotated[
    int,
    Option(
        "--random-inputs",
        help="Random inputs on which the integer network meets the reference.",
        rich_help_panel=_PANEL,
    ),
]
Simulator = Annotated[
    Engine,
    Option(
        "--engine",
        help="What simulates: Amaranth's simulator, or, compiled by Verilator (needs a C++ compiler), the design or "
        "the netlist that synthesis maps onto the device.",
        rich_help_panel=_PANEL,
    ),
]
Vcd = Annotated[
    bool,
    Option(
        "--vcd",
        help="Leave the simulation's waveforms as a .vcd file.",
        rich_help_panel=_PANEL,
    ),
]
VcdSpikes = Annotated[
    str | None,
    Option(
        "--vcd-spikes",
        metavar="FIRST:LAST",
        help="Leave the waveforms of these spikes only, counted from 0.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]

"""Pre-sorting without supervision, and training on the labels that it gives."""

from pathlib import Path
from typing import Annotated

from typer import Option

_PANEL = "Pre-sorting and training"

Components = Annotated[
    int, Option("--components", help="Templates that pre-sorting begins with.", rich_help_panel=_PANEL)
]
SortUnits = Annotated[
    int | None,
    Option(
        "--sort-units",
        help="Units to find, where their number is known.",
        show_default="chosen by the data",
        rich_help_panel=_PANEL,
    ),
]
GivenSorting = Annotated[
    Path | None,
    Option(
        "--sorting",
        help="Sorting made elsewhere to train on (SpikeInterface folder or .npz, NWB with units). Without it, "
        "spikes are pre-sorted without supervision.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
Seeds = Annotated[
    str,
    Option(
        "--seeds",
        metavar="N,N,...",
        help="One training each; the best one on the validation part is exported.",
        rich_help_panel=_PANEL,
    ),
]
Epochs = Annotated[
    int | None,
    Option(
        "--epochs",
        help="Passes over the training part.",
        show_default="60, more where it is small",
        rich_help_panel=_PANEL,
    ),
]
Hidden = Annotated[
    str, Option("--hidden", metavar="N,N,...", help="Units of each hidden layer.", rich_help_panel=_PANEL)
]
Unsorted = Annotated[
    str,
    Option(
        "--unsorted",
        metavar="auto|off|N",
        help="Lead of the best score below which a spike is 'unsorted': calibrated, none, or given.",
        rich_help_panel=_PANEL,
    ),
]

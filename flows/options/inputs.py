"""Files that a run reads, and how a recording is read."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from flows.settings.inputs import ReadAs

_PANEL = "Input"

RecordingPath = Annotated[
    Path | None,
    Option(
        "--recording",
        help="Recording to read (NWB, Wave_Clus .mat, .npz, ...). Without it, one is simulated.",
        rich_help_panel=_PANEL,
    ),
]
ReadAsWhat = Annotated[
    ReadAs,
    Option(
        "--read-as",
        help="Of a file that holds both: the continuous trace or the cut windows.",
        rich_help_panel=_PANEL,
    ),
]
Model = Annotated[
    Path | None,
    Option(
        "--model",
        help="QONNX file (.onnx) to build, trained by anybody. Without it, the network in the run folder.",
        rich_help_panel=_PANEL,
    ),
]
ModelToExplore = Annotated[
    Path | None,
    Argument(
        metavar="[MODEL]",
        help="QONNX file (.onnx) to fold, trained by anybody. Without it, the network in the run folder.",
        show_default=False,
    ),
]
NotUnit = Annotated[
    list[int] | None,
    Option(
        "--not-unit",
        help="Label of the recording that is no single unit, such as multi-unit activity; may be repeated.",
        rich_help_panel=_PANEL,
    ),
]
ArrayName = Annotated[
    str | None,
    Option(
        "--array",
        help="Array of an .npz that holds the windows.",
        metavar="NAME",
        show_default="waveforms",
        rich_help_panel=_PANEL,
    ),
]
LeaveOut = Annotated[
    str | None,
    Option(
        "--leave-out",
        help="Labels whose windows are dropped before anything else.",
        metavar="N,N,...",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
Realign = Annotated[
    bool,
    Option("--realign", help="Shift windows that came cut onto their extrema.", rich_help_panel=_PANEL),
]
ReferenceLabels = Annotated[
    bool,
    Option(
        "--reference-labels",
        help="The recording's labels are somebody's sorting, not ground truth; the report says so.",
        rich_help_panel=_PANEL,
    ),
]

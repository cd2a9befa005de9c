"""Spikes that go to a board which is plugged in."""

from pathlib import Path
from typing import Annotated

from typer import Option

Port = Annotated[str, Option("--port", help="Serial port of the board, such as /dev/ttyUSB1.", show_default=False)]
Baud = Annotated[
    int | None, Option("--baud", help="Bits a second.", show_default="what the run's chip was built for")
]
SpikesToSend = Annotated[
    str,
    Option(
        "--spikes",
        metavar="N|all",
        help="Test spikes of the run, or all that were cut; random inputs where the model is from elsewhere.",
    ),
]
TimeoutS = Annotated[
    float, Option("--timeout-s", help="Seconds an answer may take, until its request is sent again.")
]
LoadedModel = Annotated[
    Path | None,
    Option(
        "--load",
        help="QONNX file whose weights are loaded first; the answers are then held against it.",
        metavar="MODEL",
        show_default=False,
    ),
]
WeightSet = Annotated[int, Option("--weight-set", help="Weight set that sorts, and that --load writes anew.")]
AnyDesign = Annotated[bool, Option("--any-design", help="Take a board that says it holds another design.")]

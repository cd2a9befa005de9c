"""Loaders: what brings a bitstream onto a board."""

import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from hw.boards.board import Board
from hw.errors import BadInput, NoResult

# As each board's own documentation has it; the bitstream's file follows.
_COMMANDS: Mapping[str, tuple[str, ...]] = {
    "icebreaker": ("iceprog",),
    "hx8k-b-evn": ("iceprog",),
    "ulx3s-25f": ("openFPGALoader", "-b", "ulx3s"),
    "ulx3s-85f": ("openFPGALoader", "-b", "ulx3s"),
    # Its boot loader, when the button is held while power comes; the first of its places is the bitstream's.
    "orangecrab": ("dfu-util", "-d", "1209:5af0", "-a", "0", "-D"),
}


def load_command(board: Board, bitstream: Path) -> tuple[str, ...]:
    """What loads a bitstream onto a board.

    Raises:
        BadInput: if no loader is known for the board.
    """
    if board.name not in _COMMANDS:
        raise BadInput(f"board {board.name}: no loader is known; known are those of {', '.join(_COMMANDS)}")
    return (*_COMMANDS[board.name], str(bitstream))


def load(command: tuple[str, ...]) -> None:
    """Run a loader; what it says goes where this program's output goes.

    Raises:
        BadInput: if the loader is not installed.
        NoResult: if it fails.
    """
    if shutil.which(command[0]) is None:
        raise BadInput(f"loader {command[0]} is not on PATH; install it, or run where it is: {shlex.join(command)}")
    done = subprocess.run(command, check=False)
    if done.returncode:
        raise NoResult(f"{command[0]} ended with {done.returncode}; is the board connected?")

"""Running a tool of the package index: by module path, in a working folder that is all it sees."""

import subprocess
import sys
from pathlib import Path

from hw.errors import NoResult


class ToolError(NoResult):
    """A tool failed; the message holds its last lines."""


def command_of(module: str, function: str) -> tuple[str, ...]:
    """Begin of a call by module path: a bare name could be another version, installed on the machine."""
    return sys.executable, "-c", f"import sys, {module} as tool; sys.exit(tool.{function}(sys.argv[1:]))"


def run_tool(command: tuple[str, ...], arguments: list[str], folder: Path, title: str) -> None:
    """Run a tool in `folder`; paths among its arguments are relative to it.

    Raises:
        ToolError: if it fails; the message begins with `title`.
    """
    done = subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = " / ".join((done.stdout + done.stderr).strip().splitlines()[-3:])
        raise ToolError(f"{title} ended with {done.returncode}: {tail}")

"""Running an outside tool: by module path from the package index, or by its own name where the user asks for that."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from hw.errors import BadInput, NoResult


class ToolError(NoResult):
    """A tool failed; the message holds its last lines."""


@dataclass(frozen=True)
class Tool:
    """A tool of the package index, which a machine may have by its own name too.

    Attributes:
        package: distribution that brings it.
        module: the distribution's module.
        function: of the module, which runs the tool with arguments.
        native: its own name.
        version_option: makes the native tool tell its version; "" where it has no such option.
    """

    package: str
    module: str
    function: str
    native: str
    version_option: str = "--version"

    def command(self, native: bool = False) -> tuple[str, ...]:
        """Begin of a call: by module path, because a bare name could be another version, unless it is asked for.

        Raises:
            BadInput: if the native tool is asked for, and is not there.
        """
        if not native:
            script = f"import sys, {self.module} as tool; sys.exit(tool.{self.function}(sys.argv[1:]))"
            return sys.executable, "-c", script
        found = shutil.which(self.native)
        if found is None:
            raise BadInput(
                f"--native-tools: {self.native} is not on PATH; install it, or leave the option out and take "
                f"{self.package} {version(self.package)}, which is installed"
            )
        return (found,)

    def version(self, native: bool = False) -> str | None:
        """The package's version, or what the native tool says of its own; None where it says nothing.

        Raises:
            BadInput: if the native tool is asked for, and is not there.
        """
        if not native:
            return version(self.package)
        command = self.command(native)
        if not self.version_option:
            return None
        done = subprocess.run([*command, self.version_option], capture_output=True, text=True, check=False)
        lines = (done.stdout + done.stderr).strip().splitlines()
        return lines[0].strip() if lines else None

    def title(self, native: bool = False) -> str:
        """Name and version."""
        name, told = self.native if native else self.package, self.version(native)
        return f"{name} {told}" if told else f"{name}, version unknown"


def run_tool(tool: Tool, arguments: list[str], folder: Path, native: bool = False) -> None:
    """Run a tool in `folder`, which is all that it sees; paths among its arguments are relative to it.

    Raises:
        ToolError: if it fails; the message begins with the tool's name and version.
        BadInput: if the native tool is asked for, and is not there.
    """
    command = [*tool.command(native), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = " / ".join((done.stdout + done.stderr).strip().splitlines()[-3:])
        raise ToolError(f"{tool.title(native)} ended with {done.returncode}: {tail}")

"""The real command line in a process of its own, with bounds on its time and memory.

Processes are forked from one that has loaded every library already, so that a case takes as long as its own work.
"""

import os
import resource
import sys
import time
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console

import flows.report.write
import flows.steps.exploring
import flows.steps.folding
import flows.steps.frames
import flows.steps.gateware
import flows.steps.network
import flows.steps.recordings
from flows.cli import app
from flows.commands.session import Session

_KILLED_AFTER_S = 75.0
_ADDRESSES = 4 * 2**30
"""Bytes of memory that a case may ask for, beyond what the loaded libraries have."""


@dataclass(frozen=True)
class Ran:
    """How a command ended.

    Attributes:
        exit_code: negative where a signal ended it; None where it had to be stopped.
        cause: name of the error that it told of; None where it was stopped, or told of it with a traceback.
        stderr: what it said there.
        seconds: wall time.
        megabytes: largest resident memory, libraries included; None where it had to be stopped.
    """

    exit_code: int | None
    cause: str | None
    stderr: str
    seconds: float
    megabytes: int | None


_FORKED = get_context("forkserver")
_FORKED.set_forkserver_preload([__name__])


def start() -> None:
    """Load the libraries that every case uses."""
    process = _FORKED.Process(target=os.getpid)
    process.start()
    process.join()


def run(arguments: tuple[str, ...], folder: Path, log: Path) -> Ran:
    """Run `spikeloom` with these arguments in `folder`; `log` is a folder for what it prints."""
    process = _FORKED.Process(target=_command, args=(arguments, folder, log))
    started = time.perf_counter()
    process.start()
    process.join(_KILLED_AFTER_S)
    seconds = time.perf_counter() - started
    stopped = process.is_alive()
    if stopped:
        process.kill()
        process.join()
    peak, cause = log / "peak", log / "cause"
    return Ran(
        exit_code=None if stopped else process.exitcode,
        cause=cause.read_text() if cause.exists() else None,
        stderr=(log / "stderr").read_text(encoding="utf-8", errors="replace"),
        seconds=seconds,
        megabytes=int(peak.read_text()) // 1024 if peak.exists() else None,
    )


def _command(arguments: tuple[str, ...], folder: Path, log: Path) -> None:
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(log / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    os.chdir(folder)
    resource.setrlimit(resource.RLIMIT_AS, (_address_space() + _ADDRESSES,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        app(args=list(arguments), obj=Session(Console(width=120), flows.steps))
    except SystemExit as end:
        (log / "cause").write_text(_cause(end))
        raise
    finally:
        sys.stdout.flush()
        (log / "peak").write_text(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


def _cause(end: BaseException) -> str:
    """The kind of error that a command made its one line of."""
    while end.__context__ is not None:
        end = end.__context__
    return type(end).__name__


def _address_space() -> int:
    """Bytes of memory that this process has asked for."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()

"""What a hostile case is, and what is asked of the program when it meets one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from flows.errors import NotEqualError
from tests.cross.hostile.child import Ran

MOST_SECONDS = 60.0
MOST_MEGABYTES = 4096
UNPICKLED = "unpickled"
"""File that every pickle among the cases leaves where it is loaded."""
LONGEST_LINE = 1000
"""Characters of a message: some lines of a terminal."""

Kind = Literal[
    "refused",
    "benign",
    "traceback",
    "hang",
    "not one line",
    "crash",
    "wrong accelerator",
    "taken though malformed",
    "left something",
]


@dataclass(frozen=True)
class Case:
    """One file or set of options that nobody should have to trust.

    Attributes:
        name: the kind of damage.
        arguments: of the command line, which runs in the case's own folder.
        write: puts the files into that folder.
        malformed: whether it must be refused; damage at random may leave a file that is still valid.
        made: folder of results that must not be there after a refusal.
    """

    name: str
    arguments: tuple[str, ...]
    write: Callable[[Path], None]
    malformed: bool
    made: str


@dataclass(frozen=True)
class Met:
    """A case and how the program met it."""

    case: Case
    ran: Ran
    kind: Kind

    def __str__(self) -> str:
        told = " / ".join(self.ran.stderr.strip().splitlines()[-3:])[-600:]
        return f"{self.case.name}: {self.kind} after {self.ran.seconds:.1f} s, exit {self.ran.exit_code}: {told}"


def judge(case: Case, folder: Path, ran: Ran) -> Kind:
    """Whether a case was refused in one line that leaves nothing behind, was rightly taken, or neither."""
    ended = _badly_ended(ran)
    if ended is not None:
        return ended
    run, refused = folder / "run", ran.exit_code != 0
    results = list(run.glob(".*.partial")) + [run / case.made] * refused
    if (folder / UNPICKLED).exists() or any(path.exists() for path in results):
        return "left something"
    if refused:
        return "refused" if _is_one_line(ran.stderr) else "not one line"
    return "taken though malformed" if case.malformed else "benign"


def _badly_ended(ran: Ran) -> Kind | None:
    if ran.exit_code is None or ran.seconds > MOST_SECONDS:
        return "hang"
    if ran.exit_code < 0:
        return "crash"
    if ran.cause == NotEqualError.__name__:
        return "wrong accelerator"
    return "traceback" if "Traceback (most recent call last)" in ran.stderr else None


def _is_one_line(text: str) -> bool:
    line = text.removesuffix("\n")
    return line.startswith("error: ") and line.isprintable() and 30 <= len(line) <= LONGEST_LINE

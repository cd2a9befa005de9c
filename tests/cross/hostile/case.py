"""What a hostile case is, and what is asked of the program when it meets one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.cross.hostile.child import Ran

MOST_SECONDS = 60.0
MOST_MEGABYTES = 4096
LONGEST_LINE = 1000
"""Characters of a message: some lines of a terminal."""

Kind = Literal["refused", "benign", "traceback", "hang", "not one line", "taken though malformed", "left something"]


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
    if ran.exit_code is None or ran.seconds > MOST_SECONDS:
        return "hang"
    if "Traceback (most recent call last)" in ran.stderr:
        return "traceback"
    if ran.exit_code == 0:
        return "taken though malformed" if case.malformed else "benign"
    lines = ran.stderr.splitlines()
    clear = len(lines) == 1 and lines[0].startswith("error: ") and lines[0].isprintable()
    if not clear or not 30 <= len(lines[0]) <= LONGEST_LINE:
        return "not one line"
    run = folder / "run"
    return "left something" if (run / case.made).exists() or list(run.glob(".*.partial")) else "refused"

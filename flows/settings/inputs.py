"""Files that a run reads: what is taken from them, and what they have to be before they are read."""

from pathlib import Path
from typing import Literal

from flows.settings.require import require
from qat.recordings.limits import MAX_FILE_BYTES, READ_WHOLE

ReadAs = Literal["auto", "windows", "raw"]


def require_readable(option: str, path: Path | None) -> None:
    """Raise BadInput for a path that is no file or folder of a recording's size, before anything of it is read."""
    if path is None:
        return
    require(path.exists(), option, path, "a file that is there")
    # A pipe or a device may never end.
    require(path.is_file() or path.is_dir(), option, path, "a regular file or a folder")
    if path.suffix.lower() in READ_WHOLE:
        # Before anything is read.
        small = path.stat().st_size <= MAX_FILE_BYTES
        require(small, option, path, f"a file of at most {MAX_FILE_BYTES >> 30} GB")

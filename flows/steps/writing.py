"""Where a command that writes one file or folder may write it, and how nobody sees half of it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.errors import BadInput


def check_new_file(path: Path) -> None:
    """Raise BadInput if the file is there already, or the folder for it is not."""
    if path.exists():
        raise BadInput(f"{path} is there already; name another file, or move it away")
    if not path.parent.is_dir():
        raise BadInput(f"{path}: there is no folder {path.parent}; make it first")


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Where to write a file or folder that takes the name `path` once it is whole; of a failure nothing stays."""
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    _remove(partial)
    try:
        yield partial
        partial.rename(path)
    finally:
        _remove(partial)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

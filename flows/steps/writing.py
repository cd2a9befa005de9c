"""Where a command that writes one file may write it."""

from pathlib import Path

from flows.errors import BadInput


def check_new_file(path: Path) -> None:
    """Raise BadInput if the file is there already, or the folder for it is not."""
    if path.exists():
        raise BadInput(f"{path} is there already; name another file, or move it away")
    if not path.parent.is_dir():
        raise BadInput(f"{path}: there is no folder {path.parent}; make it first")

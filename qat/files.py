"""Writing a file so that nobody sees half of it."""

from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write beside, then rename: whoever finds the file finds all of it."""
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(content)
    partial.replace(path)

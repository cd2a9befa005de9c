"""Text files that are whole at any time."""

from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all: beside it first, then in its place; lines end the same way everywhere."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, encoding="utf-8", newline="\n")
    beside.replace(path)

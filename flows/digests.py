"""Digests of files, folders and JSON values: what decides whether a result is up to date."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def canonical_json(value: Any) -> str:
    """JSON text that is the same for equal values: sorted keys, fixed layout, newline at the end.

    Raises:
        TypeError: a value that JSON has no form for.
        ValueError: NaN or an infinity; an unknown number is None.
    """
    return json.dumps(value, sort_keys=True, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def parsed_json(text: str) -> Any:
    """What `canonical_json` has written, or could have.

    Raises:
        ValueError: no JSON, nested beyond measure, or with what could not be written again: NaN, an infinity, half a
            character.
    """
    try:
        value = json.loads(text)
        canonical_json(value).encode()
    except RecursionError as error:
        raise ValueError("JSON nested too deep") from error
    return value


def digest_of_json(value: Any) -> str:
    """SHA-256 of the canonical JSON of `value`, in hex."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digests_within(folder: Path) -> Mapping[str, str]:
    """Every file below `folder`: path relative to it, with `/` -> SHA-256."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): digest_of_file(path) for path in files}


def digest_of_input(path: Path) -> str:
    """SHA-256 of a file, or of a folder's files and names (some recordings are folders).

    Raises:
        FileNotFoundError: neither a file nor a folder is there.
    """
    return digest_of_json(digests_within(path)) if path.is_dir() else digest_of_file(path)

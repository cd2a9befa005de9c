"""Memory contents as bits, and numbers out of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hw.components.rom import Rom

Bits = NDArray[np.bool_]
"""Contents of a memory `[rows, width]`, the lowest bit of a row first."""


def bits_of(rows: Sequence[int], width: int) -> Bits:
    """The bits of rows of a memory."""
    n_bytes = -(-width // 8)
    raw = np.frombuffer(b"".join(row.to_bytes(n_bytes, "little") for row in rows), np.uint8)
    return np.unpackbits(raw.reshape(len(rows), n_bytes), axis=1, bitorder="little", count=width).astype(np.bool_)


def side_by_side(roms: Sequence[Rom]) -> Bits:
    """The bits of memories of equal depth that are read together."""
    return np.concatenate([bits_of(rom.rows, rom.width) for rom in roms], axis=1)


def numbers(bits: Bits, width: int, signed: bool) -> NDArray[np.int64]:
    """The numbers `[rows, lanes]` of `width` bits that rows consist of."""
    lanes = bits.reshape(len(bits), -1, width).astype(np.int64)
    codes = np.asarray((lanes << np.arange(width)).sum(axis=2), np.int64)
    return wrapped(codes, width) if signed else codes


def wrapped(values: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """What is left of the values in two's complement of `width` bits."""
    half = 1 << (width - 1)
    return ((values + half) & ((1 << width) - 1)) - half

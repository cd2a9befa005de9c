"""How vectors of small integers travel: several elements side by side in one stream word."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw.network.types import IntegerFormat


@dataclass(frozen=True)
class WordFormat:
    """A stream word of `lanes` elements; lane 0 stands in the low bits and comes first.

    A bipolar element is one bit: 1 stands for +1, 0 for -1. Other elements are two's complement or unsigned.

    Raises:
        ValueError: if there is no lane.
    """

    element: IntegerFormat
    lanes: int

    def __post_init__(self) -> None:
        if self.lanes < 1:
            raise ValueError(f"a stream word needs at least one lane, not {self.lanes}")

    @property
    def bits(self) -> int:
        """Width of the word in bits."""
        return self.lanes * self.element.bits

    def pack(self, vectors: NDArray[np.integer]) -> list[list[int]]:
        """Words of each vector, first lanes first.

        Args:
            vectors: integers `[n, length]` in the element's range; `length` a multiple of `lanes`.

        Returns:
            `n` lists of `length / lanes` Python integers.

        Raises:
            ValueError: if an element is out of range, or the length is no multiple of `lanes`.
        """
        n, length = vectors.shape
        if length % self.lanes:
            raise ValueError(f"vectors of {length} elements do not divide into words of {self.lanes}")
        if vectors.size and (vectors.min() < self.element.minimum or vectors.max() > self.element.maximum):
            raise ValueError(f"elements from {vectors.min()} to {vectors.max()} are no {self.element.name}")
        codes = (vectors > 0) if self.element.bipolar else vectors.astype(np.int64)
        shifts = np.arange(self.element.bits)
        bits = (codes[:, :, None].astype(np.int64) >> shifts) & 1
        rows = bits.astype(np.uint8).reshape(n, length // self.lanes, self.bits)
        packed = np.packbits(rows, axis=-1, bitorder="little")
        return [[int.from_bytes(word.tobytes(), "little") for word in vector] for vector in packed]

    def unpack(self, words: list[int]) -> NDArray[np.int64]:
        """Elements `[len(words), lanes]` of the words; the inverse of `pack` for one vector."""
        if not words:
            return np.zeros((0, self.lanes), dtype=np.int64)
        n_bytes = -(-self.bits // 8)
        raw = np.frombuffer(b"".join(word.to_bytes(n_bytes, "little") for word in words), dtype=np.uint8)
        bits = np.unpackbits(raw.reshape(len(words), n_bytes), axis=-1, bitorder="little", count=self.bits)
        lanes = bits.reshape(len(words), self.lanes, self.element.bits).astype(np.int64)
        codes = (lanes << np.arange(self.element.bits)).sum(axis=-1)
        if self.element.bipolar:
            return 2 * codes - 1
        if self.element.signed:
            codes = np.where(codes >> (self.element.bits - 1), codes - (1 << self.element.bits), codes)
        return np.asarray(codes, dtype=np.int64)

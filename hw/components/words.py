"""How vectors of small integers travel: several elements side by side in one stream word."""

from collections.abc import Sequence
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

    @property
    def size(self) -> int:
        """Whole bytes of a word."""
        return -(-self.bits // 8)

    def pack(self, vectors: NDArray[np.integer]) -> list[list[int]]:
        """Words of each vector, first lanes first.

        Args:
            vectors: integers `[n, length]` in the element's range; `length` a multiple of `lanes`.

        Returns:
            `n` lists of `length / lanes` Python integers.

        Raises:
            ValueError: if an element is out of range, or the length is no multiple of `lanes`.
        """
        packed = self.pack_bytes(vectors)
        return [[int.from_bytes(word.tobytes(), "little") for word in vector] for vector in packed]

    def pack_bytes(self, vectors: NDArray[np.integer]) -> NDArray[np.uint8]:
        """The same words as whole bytes, low byte first: `[n, length / lanes, size]`."""
        n, length = vectors.shape
        if length % self.lanes:
            raise ValueError(f"vectors of {length} elements do not divide into words of {self.lanes}")
        if vectors.size and (vectors.min() < self.element.minimum or vectors.max() > self.element.maximum):
            raise ValueError(f"elements from {vectors.min()} to {vectors.max()} are no {self.element.name}")
        codes = (vectors > 0) if self.element.bipolar else vectors.astype(np.int64)
        shifts = np.arange(self.element.bits)
        bits = (codes[:, :, None].astype(np.int64) >> shifts) & 1
        rows = bits.astype(np.uint8).reshape(n, length // self.lanes, self.bits)
        return np.packbits(rows, axis=-1, bitorder="little")

    def unpack(self, words: Sequence[int]) -> NDArray[np.int64]:
        """Elements `[len(words), lanes]` of the words; the inverse of `pack` for one vector."""
        return self.unpack_bytes(bytes_of(words, self.bits))

    def unpack_bytes(self, words: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Elements `[..., lanes]` of words `[..., size]`, low byte first."""
        bits = np.unpackbits(words, axis=-1, bitorder="little", count=self.bits)
        lanes = bits.reshape(*words.shape[:-1], self.lanes, self.element.bits)
        if self.element.bipolar:
            return 2 * lanes[..., 0].astype(np.int64) - 1
        return integers_of(lanes, self.element.signed)


def bytes_of(words: Sequence[int], bits: int) -> NDArray[np.uint8]:
    """Words of some width as whole bytes, low byte first: `[len(words), bytes]`."""
    size = -(-bits // 8)
    return np.frombuffer(b"".join(word.to_bytes(size, "little") for word in words), np.uint8).reshape(-1, size)


def integers_of(bits: NDArray[np.uint8], signed: bool) -> NDArray[np.int64]:
    """Integers `[...]` of bits `[..., width]`, low bit first, at most 63 of them: two's complement, or unsigned."""
    weights = 1 << np.arange(bits.shape[-1], dtype=np.int64)
    if signed:
        weights[-1] = -weights[-1]
    return np.asarray(bits @ weights, dtype=np.int64)

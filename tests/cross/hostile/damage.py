"""Damage that any file can take: bytes cut off, flipped, wiped out, put in."""

from collections.abc import Callable, Mapping

import numpy as np

Damage = Callable[[np.random.Generator, bytes], bytes]


def cut_off(rng: np.random.Generator, content: bytes) -> bytes:
    return content[: rng.integers(len(content))]


def flip_bits(rng: np.random.Generator, content: bytes) -> bytes:
    damaged = bytearray(content)
    for position in rng.integers(0, len(content), rng.integers(1, 9)):
        damaged[position] ^= 1 << int(rng.integers(8))
    return bytes(damaged)


def wipe_out(rng: np.random.Generator, content: bytes) -> bytes:
    start, length = int(rng.integers(len(content))), int(rng.integers(1, 64))
    return content[:start] + bytes(len(content[start : start + length])) + content[start + length :]


def take_out(rng: np.random.Generator, content: bytes) -> bytes:
    start, length = int(rng.integers(len(content))), int(rng.integers(1, 64))
    return content[:start] + content[start + length :]


def put_in(rng: np.random.Generator, content: bytes) -> bytes:
    start, length = int(rng.integers(len(content))), int(rng.integers(1, 64))
    return content[:start] + rng.bytes(length) + content[start:]


def repeat(rng: np.random.Generator, content: bytes) -> bytes:
    start, length = int(rng.integers(len(content))), int(rng.integers(1, 64))
    return content[: start + length] + content[start:]


def swap(rng: np.random.Generator, content: bytes) -> bytes:
    start, length = int(rng.integers(len(content))), int(rng.integers(1, 32))
    first, second = content[start : start + length], content[start + length : start + 2 * length]
    return content[:start] + second + first + content[start + 2 * length :]


BYTES: Mapping[str, Damage] = {
    "cut off": cut_off,
    "bits flipped": flip_bits,
    "wiped out": wipe_out,
    "taken out": take_out,
    "put in": put_in,
    "repeated": repeat,
    "swapped": swap,
}
"""At random: what is left may be a valid file."""

FOREIGN: Mapping[str, bytes] = {
    "empty": b"",
    "one byte": b"\x00",
    "text": b"hello, world\n",
    "JSON": b'{"ir_version": 8}',
    "an archive": b"PK\x05\x06" + bytes(18),
    "gzip": b"\x1f\x8b\x08\x00" + bytes(20),
    "a web page": b"<!DOCTYPE html><html><body>404</body></html>",
    "a pickle": b"\x80\x04cposix\nsystem\n(S'touch unpickled'\ntR.",
    "brackets": b"[" * 100_000,
    "all ones": b"\xff" * 4096,
    "zeros": bytes(4096),
}
"""Files of another kind."""

"""How long the largest designs take to be emitted, and in how much memory."""

import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from flows.bench.networks import INT8, random_network
from hw.accelerator.accelerator import Accelerator
from hw.devices import device_named
from hw.netlist import emit
from hw.network.types import BIPOLAR
from hw.schedule.fold import fold
from hw.schedule.unroll import unroll

DEVICE = "xc7a100t"


@dataclass(frozen=True)
class Emitted:
    """What the emission of a design took.

    Attributes:
        what: the design.
        seconds: schedule and emission together.
        peak_megabytes: greatest memory of the process that did both.
        megabytes: size of the text.
    """

    what: str
    seconds: float
    peak_megabytes: float
    megabytes: float


def _unrolled(seed: int) -> Accelerator:
    network = random_network(seed, 48, (256, 256), 5, INT8)
    return Accelerator(network, unroll(network, device_named(DEVICE)))


def _lfc(seed: int) -> Accelerator:
    network = random_network(seed, 784, (1024, 1024, 1024), 10, BIPOLAR)
    return Accelerator(network, fold(network, device_named(DEVICE), 20_000))


DESIGNS: dict[str, Callable[[int], Accelerator]] = {
    "48 int8 -> 256 -> 256 -> 5, unrolled": _unrolled,
    "784 -> 1024 x 3 -> 10 (LFC), folded": _lfc,
}


def measure_emission(what: str, seed: int) -> Emitted:
    """Emit one of `DESIGNS` in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_emitted, what, seed).result()


def _emitted(what: str, seed: int) -> Emitted:
    start = time.perf_counter()
    text = emit(DESIGNS[what](seed)).rtlil
    seconds = time.perf_counter() - start
    peak_kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Emitted(what, seconds, peak_kilobytes / 1024, len(text) / 2**20)

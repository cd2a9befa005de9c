"""Greatest clock frequency before there is a placement: the delay of the longest way between two registers.

A way's delay is a sum over what lies on it, each kind with a delay that was fitted to placements by nextpnr
(`flows.calibrate`): of one speed grade, the slowest. Placement itself adds what no estimate before it can know.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from functools import cache
from importlib.resources import files
from math import log2

from hw.accelerator.accelerator import Accelerator
from hw.devices import Device
from hw.estimate.accelerator import estimate
from hw.estimate.paths.design import paths_of
from hw.estimate.paths.path import Path

COEFFICIENTS = "fmax.json"
"""File of the fitted delays, beside this one."""

_SMALL = 64
"""Cells of a design in which wires are as short as they get."""
_WIDE = 16
"""Registers from which an enable leaves the ordinary wires, or is spread over much of the device."""


@dataclass(frozen=True)
class Delays:
    """Nanoseconds of each kind of thing on a way.

    Attributes:
        register: clock to output and set-up, together.
        memory: what a block memory takes longer than a register.
        hop: a lookup table with the wire to it.
        size: more for the wire, for each doubling of the design.
        chain: entering and leaving a carry chain.
        carry_bit: a position of a carry chain.
        handshake: a part that passes ready or valid on.
        enable: the way to the clock enable of many registers.
        fan_out: for each doubling of the widest net's loads.
    """

    register: float
    memory: float
    hop: float
    size: float
    chain: float
    carry_bit: float
    handshake: float
    enable: float
    fan_out: float


@dataclass(frozen=True)
class Fitted:
    """Delays of a device, and how well they meet placements.

    Attributes:
        delays: of each kind.
        low: of a hundred placements, five reach less than this fraction of the estimate.
        high: five reach more than this.
        designs: placements that they were fitted to.
        tools: versions of the tools.
    """

    delays: Delays
    low: float
    high: float
    designs: int
    tools: str


@dataclass(frozen=True)
class Fmax:
    """An estimate of the greatest clock frequency: provenance analytic.

    Attributes:
        mhz: in MHz.
        low: in MHz; one placement of twenty is slower.
        high: in MHz; one of twenty is faster.
        where: layer and part that limits it.
    """

    mhz: float
    low: float
    high: float
    where: str


def estimate_fmax(accelerator: Accelerator, device: Device) -> Fmax | None:
    """Estimate the clock that an accelerator reaches; None for a device on which none was measured.

    Args:
        accelerator: what is to be placed.
        device: where.
    """
    fitted = fitted_for(device)
    if fitted is None:
        return None
    resources = estimate(accelerator, device).total
    longest, delay_ns = longest_path(paths_of(accelerator), resources.luts + resources.flip_flops, fitted.delays)
    mhz = 1000 / delay_ns
    return Fmax(mhz, mhz * fitted.low, mhz * fitted.high, longest.where)


def longest_path(paths: Iterable[Path], cells: int, delays: Delays) -> tuple[Path, float]:
    """The path of greatest delay, and that delay in nanoseconds."""
    weights = astuple(delays)
    timed = ((sum(w * f for w, f in zip(weights, features(path, cells), strict=True)), path) for path in paths)
    delay_ns, path = max(timed, key=lambda pair: pair[0])
    return path, delay_ns


def features(path: Path, cells: int) -> Sequence[float]:
    """How much of each of the `Delays` lies on a path, in a design of so many lookup tables and flip-flops."""
    doublings = log2(max(cells, _SMALL) / _SMALL)
    wires = path.hops + path.handshakes
    is_wide = path.enables >= _WIDE
    return (
        1,
        path.from_memory,
        path.hops,
        wires * doublings,
        path.chains,
        path.carry_bits,
        path.handshakes,
        is_wide,
        log2(max(path.fan_out, path.enables, 1)),
    )


def fitted_for(device: Device) -> Fitted | None:
    """What was fitted for a device; the ECP5 parts are alike."""
    return _fitted().get("lfe5u-25f" if device.family == "ecp5" else device.name)


@cache
def _fitted() -> dict[str, Fitted]:
    records = json.loads((files("hw.estimate") / COEFFICIENTS).read_text())
    return {name: Fitted(**{**record, "delays": Delays(**record["delays"])}) for name, record in records.items()}

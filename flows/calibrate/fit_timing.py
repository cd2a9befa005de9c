"""Fit the delays of the timing model to placements.

Which way limits a design depends on the delays, and they on the ways: both are found by turns, least squares between,
until nothing changes. Delays are held near what data sheets and single paths tell where placements say little.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, astuple
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flows.calibrate.record import accelerator_of
from flows.calibrate.rows import PlacementRow
from flows.textfile import write_whole
from hw.devices import device_named
from hw.estimate import timing
from hw.estimate.accelerator import estimate
from hw.estimate.paths.design import paths_of
from hw.estimate.timing import COEFFICIENTS, Delays, Fitted, features

START = {
    "up5k": Delays(1.5, 0.5, 2.6, 0.1, 0.8, 0.3, 1.8, 3.0, 0.2),
    "lfe5u-25f": Delays(0.7, 5.1, 1.4, 0.1, 0.5, 0.05, 0.8, 0.5, 0.1),
}
"""Delays as single paths show them: where the fit begins."""

_ROUNDS = 50
_TRUST = 0.3  # how strongly a delay is held near its start: as if so many designs had told it


def fit(device: str, rows: Sequence[PlacementRow]) -> Fitted:
    """Delays for a device that meet placements best, in relative error.

    Args:
        device: in `START`.
        rows: placements on it; those without a frequency are passed over.
    """
    placed = [row for row in rows if row.fmax_mhz is not None]
    measured_ns = np.array([1000 / row.fmax_mhz for row in placed if row.fmax_mhz])
    designs = [_ways(row) for row in placed]
    start = np.array(astuple(START[device]))
    delays = start
    for _ in range(_ROUNDS):
        limiting = np.array([ways[np.argmax(ways @ delays)] for ways in designs])
        found = _least_squares(limiting / measured_ns[:, None], np.ones(len(placed)), start)
        if np.allclose(found, delays, rtol=1e-6):
            break
        delays = (delays + found) / 2
    ratios = np.array([(ways @ delays).max() for ways in designs]) / measured_ns
    low, high = (float(np.percentile(ratios, q)) for q in (5, 95))
    rounded = Delays(*(round(float(delay), 4) for delay in delays))
    return Fitted(rounded, round(low, 3), round(high, 3), len(placed), placed[0].tools)


def _ways(row: PlacementRow) -> NDArray[np.float64]:
    """What lies on each way of a design, `[ways, kinds]`."""
    device, accelerator = device_named(row.record.device), accelerator_of(row.record)
    resources = estimate(accelerator, device).total
    cells = resources.luts + resources.flip_flops
    return np.array([features(path, cells) for path in paths_of(accelerator)], float)


def _least_squares(
    rows: NDArray[np.float64], targets: NDArray[np.float64], start: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Delays of least squared relative error, none below 0."""
    held = np.diag(_TRUST / np.maximum(start, 0.05))
    matrix = np.concatenate([rows, held])
    wanted = np.concatenate([targets, held @ start])
    free = np.ones(len(start), bool)
    while True:
        found = np.zeros(len(start))
        found[free] = np.linalg.lstsq(matrix[:, free], wanted, rcond=None)[0]
        if (found >= 0).all():
            return found
        free &= found >= 0


def write(fitted: dict[str, Fitted]) -> Path:
    """Write the file that the timing model reads."""
    path = Path(timing.__file__).with_name(COEFFICIENTS)
    write_whole(path, json.dumps({name: asdict(one) for name, one in sorted(fitted.items())}, indent=1) + "\n")
    return path

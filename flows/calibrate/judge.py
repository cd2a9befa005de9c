"""Estimates beside measurements: each stored row's design estimated anew."""

from collections import defaultdict
from collections.abc import Iterable
from statistics import mean, median

from flows.calibrate.record import accelerator_of
from flows.calibrate.rows import PlacementRow, SynthesisRow
from flows.calibrate.validate import Pair
from hw.devices import device_named
from hw.estimate.accelerator import estimate
from hw.estimate.carries import carry_cells
from hw.estimate.timing import estimate_fmax


def resource_pairs(rows: Iterable[SynthesisRow]) -> dict[str, list[Pair]]:
    """Lookup tables, flip-flops, block memories and carry cells of synthesised designs."""
    pairs: dict[str, list[Pair]] = {"LUT": [], "FF": [], "block RAM": [], "carry": []}
    for row in rows:
        accelerator, device = accelerator_of(row.record), device_named(row.record.device)
        estimated, measured = estimate(accelerator, device).total, row.total
        pairs["LUT"].append(Pair(row.kind, estimated.luts, measured.luts))
        pairs["FF"].append(Pair(row.kind, estimated.flip_flops, measured.flip_flops))
        pairs["block RAM"].append(Pair(row.kind, estimated.block_rams, measured.block_rams))
        pairs["carry"].append(Pair(row.kind, carry_cells(accelerator, device).total, measured.carries))
    return pairs


def fmax_pairs(rows: Iterable[PlacementRow]) -> list[Pair]:
    """Greatest frequencies, in MHz, of designs that were placed; of several seeds the first."""
    pairs = []
    for row in rows:
        if row.fmax_mhz is not None and row.seed == 1:
            estimated = estimate_fmax(accelerator_of(row.record), device_named(row.record.device))
            pairs.append(Pair(row.kind, None if estimated is None else estimated.mhz, row.fmax_mhz))
    return pairs


def spread_of_seeds(rows: Iterable[PlacementRow]) -> float | None:
    """How far the frequencies of one design's placements lie apart, slowest to fastest by their mean: the median."""
    reached: defaultdict[str, list[float]] = defaultdict(list)
    for row in rows:
        if row.fmax_mhz is not None:
            reached[row.record.digest].append(row.fmax_mhz)
    spreads = [(max(mhz) - min(mhz)) / mean(mhz) for mhz in reached.values() if len(mhz) > 1]
    return median(spreads) if spreads else None

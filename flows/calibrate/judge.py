"""Estimates beside measurements: each stored row's design estimated anew."""

from collections.abc import Iterable

from flows.calibrate.record import accelerator_of
from flows.calibrate.rows import SynthesisRow
from flows.calibrate.validate import Pair
from hw.devices import device_named
from hw.estimate.accelerator import estimate


def resource_pairs(rows: Iterable[SynthesisRow]) -> dict[str, list[Pair]]:
    """Lookup tables, flip-flops and block memories of synthesised designs."""
    pairs: dict[str, list[Pair]] = {"LUT": [], "FF": [], "block RAM": []}
    for row in rows:
        estimated = estimate(accelerator_of(row.record), device_named(row.record.device)).total
        measured = row.total
        pairs["LUT"].append(Pair(row.kind, estimated.luts, measured.luts))
        pairs["FF"].append(Pair(row.kind, estimated.flip_flops, measured.flip_flops))
        pairs["block RAM"].append(Pair(row.kind, estimated.block_rams, measured.block_rams))
    return pairs

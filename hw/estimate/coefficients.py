"""Lookup tables as sums of features, each times what synthesis spends on it.

A part of a design is described by features that have a physical meaning: bits of adders, groups of matches, bits of
counters. Their coefficients, one for each family of devices, are fitted to syntheses by
`flows.calibrate.fit_resources` and stand in `luts.json` with their provenance.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from hw.devices import Device

Features = Mapping[str, float]
"""How much there is of each feature, by name."""

FILE = Path(__file__).with_name("luts.json")


def luts_of(features: Features, device: Device) -> float:
    """Lookup tables of a part, from its features."""
    coefficients = coefficients_of(device.family)
    return sum(amount * coefficients[name] for name, amount in features.items())


@cache
def coefficients_of(family: str) -> Mapping[str, float]:
    """Lookup tables a unit of each feature, on a family of devices."""
    coefficients: Mapping[str, float] = json.loads(FILE.read_text())["families"][family]["luts"]
    return coefficients

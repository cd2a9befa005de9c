"""Bars of a report: how full a device is, and what each part of the design takes of its cells and its power."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from flows.report.figures import UNKNOWN, Figure, number, with_unit
from flows.report.model import Power, Report, Resource


@dataclass(frozen=True)
class Bar:
    """One bar; an unknown figure has no length.

    Attributes:
        name: what it is of.
        low: length of the bar, 0 to 1; None where unknown.
        high: length with its pale end, at least `low`; None where unknown.
        text: the figure.
        too_much: whether it is more than there is.
    """

    name: str
    low: float | None
    high: float | None
    text: str
    too_much: bool = False


@dataclass(frozen=True)
class Chart:
    """Bars of one scale below a heading."""

    heading: str
    bars: tuple[Bar, ...]


def charts(report: Report) -> tuple[Chart, ...]:
    """Use of each device; parts by kind of cell, of the device that was asked for; parts by power."""
    first = report.resources[0].device if report.resources else ""
    parts = [resource for resource in report.part_resources if resource.device == first]
    return (*_use(report.resources), *_parts(parts), *_power(report.power))


def _use(resources: Sequence[Resource]) -> Iterator[Chart]:
    stated = [resource for resource in resources if resource.available]
    for device, of_device in groupby(stated, lambda resource: resource.device):
        yield Chart(f"Use of {device}, synthesised", tuple(_used(resource) for resource in of_device))


def _used(resource: Resource) -> Bar:
    used = _value(resource.synthesised)
    if used is None or not resource.available:
        return Bar(resource.resource, None, None, UNKNOWN)
    share = used / resource.available
    text = f"{number(resource.synthesised.value)} of {number(resource.available)}, {100 * share:.0f} %"
    length = min(1.0, share)
    return Bar(resource.resource, length, length, text, too_much=share > 1)


def _parts(parts: Sequence[Resource]) -> Iterator[Chart]:
    for kind in dict.fromkeys(resource.resource for resource in parts):
        of_kind = [resource for resource in parts if resource.resource == kind]
        most = max((_value(resource.synthesised) or 0 for resource in of_kind), default=0)
        if most:
            bars = tuple(_scaled(r.part, r.synthesised, r.synthesised, most) for r in of_kind)
            yield Chart(f"{kind} of {of_kind[0].device}, synthesised", bars)


def _power(power: Power | None) -> Iterator[Chart]:
    if power is None or power.known_low_high is None:
        return
    for heading, parts in (("Power", power.parts), ("Power of registers and logic", power.by_part)):
        most = max((_value(part.high) or 0 for part in parts), default=0)
        if most:
            bars = tuple(_scaled(part.name, part.low, part.high, most) for part in parts)
            yield Chart(f"{heading} on {power.device}", bars)


def _scaled(name: str, low: Figure, high: Figure, most: float) -> Bar:
    least, largest = _value(low), _value(high)
    if least is None or largest is None:
        return Bar(name, None, None, UNKNOWN)
    text = str(low) if least == largest else f"{number(low.value)} to {with_unit(high.value, high.unit)}"
    return Bar(name, least / most, largest / most, text)


def _value(figure: Figure) -> float | None:
    return None if isinstance(figure.value, str) else figure.value

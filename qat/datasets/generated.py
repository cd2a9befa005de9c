"""Generated data sets, named after what makes them easy or hard."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import product

from qat.datasets.dataset import DataSet
from qat.recordings.shapes import ShapeLibrary
from qat.recordings.simulate import SIMILARITY_LEVELS, SimulationSpec, check_units, simulate_recording
from qat.recordings.source import RecordedSource
from qat.spikes.spec import SpikeSpec

DRIFT = 0.3
"""Share of its amplitude that a unit gains or loses over a drifting recording of the registry."""
TETRODE = 4

_NOISE, _NOISE_EASIEST = (0.05, 0.10, 0.15, 0.20), (0.25, 0.30, 0.40)
_MOST_NOISE_DETECTED = 0.20
_UNITS = (3, 5, 8)
_SPIKES_PER_S = 60.0  # of all units together, as in the benchmark of Quian Quiroga et al. 2004: 20 for each of three


def generated(
    similarity: str | float,
    noise: float,
    units: int = 3,
    drift: float = 0.0,
    channels: int = 1,
    duration_s: float = 60.0,
    templates: ShapeLibrary | None = None,
) -> DataSet:
    """A data set of which every seed is a recording drawn anew: shapes of the units, firing and background.

    Above noise 0.20 the spikes are hardly larger than a threshold of four standard deviations of the noise, which
    finds fewer than half of them: there they are taken from where they truly are.

    All units together fire 60 times a second, so that spikes overlap as often whatever their number.

    Args:
        similarity: a level of `SIMILARITY_LEVELS`, or the mean pairwise correlation of the units' shapes.
        noise: standard deviation of the background, as a share of the peak amplitude.
        units: number of units.
        drift: share of its amplitude that a unit gains or loses over the recording.
        channels: number of channels.
        duration_s: length of the recording in seconds.
        templates: shapes of units and background; None = parametric shapes.

    Raises:
        BadInput: a value lies outside what can be simulated, or there are no units that alike.
    """
    spec = SimulationSpec(
        duration_s=duration_s,
        firing_rate_hz=_SPIKES_PER_S / units,
        n_units=units,
        n_channels=channels,
        similarity=similarity,
        noise_level=noise,
        amplitude_drift=drift,
    )
    check_units(spec, templates)
    return DataSet(
        name=_name(spec, templates),
        provenance=_in_words(spec, templates),
        factors={
            "similarity": similarity,
            "noise": noise,
            "units": units,
            "drift": drift,
            "channels": channels,
        },
        source=partial(_draw, spec, templates),
        spec=SpikeSpec(at_true_times=noise > _MOST_NOISE_DETECTED),
    )


def _draw(spec: SimulationSpec, templates: ShapeLibrary | None, seed: int) -> RecordedSource:
    return simulate_recording(replace(spec, seed=seed), library=templates)


def _name(spec: SimulationSpec, templates: ShapeLibrary | None) -> str:
    """Made from the factors, such as `easy-noise015-3units-drift-tetrode`."""
    similarity = spec.similarity if isinstance(spec.similarity, str) else f"alike{_digits(spec.similarity)}"
    parts = [similarity, f"noise{_digits(spec.noise_level)}", f"{spec.n_units}units"]
    if spec.amplitude_drift:
        parts.append("drift" if spec.amplitude_drift == DRIFT else f"drift{_digits(spec.amplitude_drift)}")
    if spec.n_channels > 1:
        parts.append("tetrode" if spec.n_channels == TETRODE else f"{spec.n_channels}channels")
    if templates is not None:
        parts.append(re.sub("[^A-Za-z0-9]+", "-", templates.name).strip("-"))
    return "-".join(parts)


def _digits(share: float) -> str:
    """`015` for 0.15, `0125` for 0.125."""
    return f"{share:.6f}".replace(".", "").rstrip("0").ljust(3, "0")


def _in_words(spec: SimulationSpec, templates: ShapeLibrary | None) -> str:
    shapes = "" if templates is None else f", shapes of {templates.name}"
    cut = ", spikes cut at their true times" if spec.noise_level > _MOST_NOISE_DETECTED else ""
    drift = f", amplitudes drift by {spec.amplitude_drift:g}" if spec.amplitude_drift else ""
    channels = "1 channel" if spec.n_channels == 1 else f"{spec.n_channels} channels"
    return (
        f"simulated by spikeloom, a new recording for each seed: {spec.n_units} units of mean correlation near "
        f"{spec.target_correlation:g}, together {_SPIKES_PER_S:g} spikes a second, noise {spec.noise_level:g} of "
        f"the peak amplitude{drift}, {channels}, {spec.duration_s:g} s{shapes}{cut}"
    )


def _all() -> Iterator[DataSet]:
    easiest = next(iter(SIMILARITY_LEVELS))
    for similarity in SIMILARITY_LEVELS:
        noises = (*_NOISE, *_NOISE_EASIEST) if similarity == easiest else _NOISE
        for noise, units, drift, channels in product(noises, _UNITS, (0.0, DRIFT), (1, TETRODE)):
            yield generated(similarity, noise, units, drift, channels)


REGISTRY: Mapping[str, DataSet] = {data.name: data for data in _all()}
"""Every generated data set of the study, by name."""

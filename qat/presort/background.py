"""Which templates are units, and which are noise that crossed the threshold."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qat.presort.result import PresortSpec
from qat.presort.space import Array
from qat.spikes.spikeset import TRAIN, SpikeSet


@dataclass(frozen=True, eq=False)
class Crossings:
    """How noise that crosses a threshold looks: barely larger than it, and with little else to it."""

    deflection: Array
    """`[n_spikes]` of the training spikes, in thresholds."""
    most_deflection: float
    """Of the median spike of a background template, in thresholds."""
    most_norm: float
    """Of a background template, in noise standard deviations."""

    @classmethod
    def of(cls, spikes: SpikeSet, spec: PresortSpec) -> "Crossings | None":
        """None where no threshold is known: then everything is a unit."""
        if "threshold" not in spikes.preprocessing:
            return None
        training = spikes.part == TRAIN
        channel, at = spikes.channel[training], spikes.preprocessing["align_sample"]
        height = np.abs(spikes.waveforms[training, :, at].astype(np.float64))[np.arange(channel.size), channel]
        threshold = np.asarray(spikes.preprocessing["threshold"])[channel] / spikes.lsb
        return cls(
            deflection=height / threshold,
            most_deflection=spec.background_deflection,
            most_norm=spec.background_norm * spikes.preprocessing["threshold_sigmas"],
        )


def units_among(templates: Array, likeliest: NDArray[np.int64], crossings: Crossings | None) -> NDArray[np.bool_]:
    """`[n_templates]` which are units; all, if none is.

    In white noise the norm of a template is its signal-to-noise ratio, all samples taken together.

    Args:
        templates: `[n_templates, n_features]`.
        likeliest: `[n_spikes]` template of each training spike.
        crossings: what to tell them from.
    """
    everything = np.ones(len(templates), dtype=bool)
    if crossings is None:
        return everything
    least = np.array([_least_median(crossings.deflection[likeliest == k]) for k in range(len(templates))])
    weak = np.linalg.norm(templates, axis=1) < crossings.most_norm
    is_unit = ~(weak & (least < crossings.most_deflection))
    return is_unit if is_unit.any() else everything


def _least_median(deflection: Array) -> float:
    """One standard error below the median, as it is of a normal distribution: a handful of spikes is no proof."""
    if deflection.size == 0:
        return 0.0
    return float(np.median(deflection) - np.sqrt(np.pi / 2 / deflection.size) * deflection.std())

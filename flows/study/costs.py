"""What each model costs per spike, counted from the model itself."""

from typing import Any

import numpy as np
from qat.classical import CLASSICAL

from qat.models import MODELS, Cost, count_cost
from qat.training import LabelledSpikes

N_SAMPLES, N_UNITS = 48, 3
"""Shape that is counted for, with one channel."""
_COLUMNS = ("parameters", "weight_bytes", "multiplications", "additions", "xnor_bits")


def model_costs() -> list[dict[str, Any]]:
    """Parameters, bytes that hold them, and operations of a spike, for every model."""
    networks = {name: kind.builder(1)(N_SAMPLES, N_UNITS) for name, kind in MODELS.items()}
    lines = [_line(name, count_cost(network, 1, N_SAMPLES)) for name, network in networks.items()]
    return lines + [_line(name, kind.fit(_any_spikes(), 0.5).cost) for name, kind in CLASSICAL.items()]


def _any_spikes() -> LabelledSpikes:
    """Enough spikes of every unit to fit to: what a classifier costs depends on their shape alone."""
    labels = np.arange(10 * N_UNITS) % N_UNITS
    windows = np.random.default_rng(0).integers(-99, 100, (len(labels), 1, N_SAMPLES), dtype=np.int8)
    return LabelledSpikes(windows, labels, np.ones(len(labels)))


def _line(model: str, cost: Cost) -> dict[str, Any]:
    return {"model": model, **{name: getattr(cost, name) for name in _COLUMNS}}

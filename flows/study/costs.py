"""What each model costs per spike, counted from the model itself."""

from typing import Any

from qat.classical import CLASSICAL
from qat.models import MODELS, Cost, count_cost
from qat.spikes.spec import SpikeSpec

N_SAMPLES, N_UNITS = 48, 3
"""Shape that is counted for, with one channel."""
_N_ROWS = len(SpikeSpec().orders_for(1))
N_INPUTS = _N_ROWS * N_SAMPLES
_COLUMNS = ("parameters", "weight_bytes", "multiplications", "additions", "xnor_bits")


def model_costs() -> list[dict[str, Any]]:
    """Parameters, bytes that hold them, and operations of a spike, for every model."""
    networks = {name: kind.builder(_N_ROWS)(N_INPUTS, N_UNITS) for name, kind in MODELS.items()}
    lines = [_line(name, count_cost(network, _N_ROWS, N_SAMPLES)) for name, network in networks.items()]
    return lines + [_line(name, kind.cost(N_SAMPLES, N_UNITS, _N_ROWS)) for name, kind in CLASSICAL.items()]


def _line(model: str, cost: Cost) -> dict[str, Any]:
    return {"model": model, **{name: getattr(cost, name) for name in _COLUMNS}}

"""One unrolled binary layer by itself, beside what da4ml makes of the same weights."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from amaranth.back import rtlil

from hw.components.unrolled.layer import UnrolledLayer
from hw.devices import device_named
from hw.network.layers import ThresholdLayer
from hw.network.types import BIPOLAR
from hw.tools import yosys

_RIVAL = Path(__file__).with_name("rival_da4ml.py")
_RIVAL_SOURCES = "rival.v rival_stage*.v static/shift_adder.v static/negative.v static/binop.v"
_DEVICE = device_named("xc7a100t")
DA4ML = ("da4ml 0.6.0", 37_247)
"""What da4ml's cheaper form took for a random 256 x 256 layer without thresholds, synthesised with Yosys 0.70."""


@dataclass(frozen=True)
class LayerMeasured:
    """Figures of one unrolled layer.

    Attributes:
        weight_bits: rows times columns.
        stages: clocks from a vector to its outputs.
        lut: lookup tables, synthesised, thresholds included.
        flip_flops: flip-flops, synthesised.
        rival: name and version of what it stands beside.
        rival_lut: its lookup tables for the sums alone, in the cheaper of its forms.
        rival_how: where that figure comes from.
    """

    weight_bits: int
    stages: int
    lut: int
    flip_flops: int
    rival: str
    rival_lut: int
    rival_how: str


def measure_layer(layer: ThresholdLayer, folder: Path, da4ml_python: Path | None) -> LayerMeasured:
    """Synthesise the layer; the rival too, where the Python of an environment with da4ml is given.

    Raises:
        ToolError: if synthesis fails.
        subprocess.CalledProcessError: if da4ml fails.
    """
    unit = UnrolledLayer(layer, BIPOLAR, _DEVICE.lut_inputs)
    (folder / "layer.il").write_text(rtlil.convert(unit.circuit(), name="layer", emit_src=False))
    ours = yosys.synthesise("layer.il", "layer", _DEVICE, folder, "layer.json")
    rival, rival_lut, how = (*DA4ML, "synthesised elsewhere, other random weights")
    if da4ml_python is not None:
        rival, rival_lut = _da4ml(layer, folder, da4ml_python)
        how = "synthesised, the same weights"
    return LayerMeasured(layer.weights.size, unit.stages, ours.luts, ours.flip_flops, rival, rival_lut, how)


def _da4ml(layer: ThresholdLayer, folder: Path, python: Path) -> tuple[str, int]:
    np.savez(folder / "weights.npz", weights=layer.weights)
    command = [str(python.absolute()), str(_RIVAL), "weights.npz", "rival"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    sources = folder / "rival" / "src"
    yosys.run_yosys(f"read_verilog -sv {_RIVAL_SOURCES}; hierarchy -top rival; write_rtlil rival.il", sources)
    return done.stdout.splitlines()[-1], yosys.synthesise("rival.il", "rival", _DEVICE, sources, "rival.json").luts

"""Coefficients of core current from published rows, and how well rows are told that the fit has not seen.

    core uA = static + oscillator + MHz (tree + register x flip-flops + change x changes a clock)

fitted by non-negative least squares on relative errors.

Only one published design has logic that changes, the multiplier. Without it nothing tells what a change costs, so the
fit is given, with little weight, what the wires of a cell's output would take: `WIRE_CHANGE_PICOJOULES`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from flows.calibrate.power.designs import Built, Design
from flows.calibrate.power.rows import Clock, Published, Use
from flows.calibrate.power.wires import MULTIPLIER as WIRES
from hw.simulate.mapped import Toggles

CORE_VOLTS = 1.219

# Metal of a routing wire over one tile of a commercial 40 nm device, in fF, crosstalk included: VTR's
# k6_frac_N10_mem32K_40nm.xml (verilog-to-routing/vtr-verilog-to-routing, vtr_flow/arch/timing).
_FEMTOFARADS_A_TILE = 26.0
# Tiles that the output of a logic cell reaches over. To its eight neighbours it is wired for good (Project IceStorm,
# iCE40 logic tile: `neigh_op`), a tree of eight tile pitches; the rest is routed.
_TILES_OF_WIRE = 8 + (4 * WIRES.of_four_tiles + 12 * WIRES.of_twelve_tiles + WIRES.within_a_tile) / WIRES.outputs
WIRE_CHANGE_PICOJOULES = 0.5 * _TILES_OF_WIRE * _FEMTOFARADS_A_TILE * CORE_VOLTS**2 / 1000
_PRIOR_WEIGHT = 0.01  # as a relative error beside the rows' own, whose weight is 1


@dataclass(frozen=True)
class Fit:
    """Coefficients, in microamperes at the core's supply, the last three for each MHz.

    Attributes:
        static: of a configured device.
        oscillator: of the HFOSC while it runs.
        tree: of the clock network.
        register: of a flip-flop that is clocked, whether it changes or not.
        change: of a change of a cell's output.
    """

    static: float
    oscillator: float
    tree: float
    register: float
    change: float

    def core_ua(self, features: NDArray[np.float64]) -> float:
        """Core current of a row's features."""
        return float(features @ np.array([self.static, self.oscillator, self.tree, self.register, self.change]))


@dataclass(frozen=True)
class PllFit:
    """What a PLL adds, in microamperes for each MHz at which it runs inside.

    Attributes:
        supply: at its own supply.
        core: at the core's.
    """

    supply: float
    core: float


@dataclass(frozen=True)
class Held:
    """A published current beside what a fit tells that has not seen it.

    Attributes:
        name: of the row.
        measured_ua: as published.
        predicted_ua: as told.
    """

    name: str
    measured_ua: float
    predicted_ua: float

    @property
    def error(self) -> float:
        """As a fraction of the measured current."""
        return self.predicted_ua / self.measured_ua - 1


def changes(toggles: Toggles, *, glitches: bool = True) -> float:
    """Changes of cell outputs a clock."""
    luts = toggles.luts_with_glitches if glitches else toggles.luts
    return (toggles.registers + luts + toggles.memory_bits) / toggles.clocks


def fit(
    rows: Sequence[Published], counted: Mapping[Design, Built], *, glitches: bool = True, prior: bool = True
) -> Fit:
    """Fit the rows.

    Args:
        rows: of `Use.FIT`.
        counted: of their designs.
        glitches: whether changes on the way to a settled value count.
        prior: whether the energy of wires is given to the fit.
    """
    features = np.array([_features(row, counted, glitches) for row in rows])
    measured = np.array([row.core_ua for row in rows])
    left, right = features / measured[:, None], np.ones(len(rows))
    if prior:
        wires = WIRE_CHANGE_PICOJOULES / CORE_VOLTS
        left = np.vstack([left, _PRIOR_WEIGHT * np.array([0, 0, 0, 0, 1 / wires])])
        right = np.append(right, _PRIOR_WEIGHT)
    scale = np.abs(left).max(axis=0)
    scale[scale == 0] = 1.0
    found, _ = nnls(left / scale, right)
    return Fit(*(float(value) for value in found / scale))


def fit_pll(rows: Sequence[Published], counted: Mapping[Design, Built], core: Fit) -> PllFit:
    """Fit rows of `Use.PLL` beside what the core takes without a PLL, least squares on relative errors."""
    vco = np.array([row.vco_mhz or 0.0 for row in rows])
    supply, total = np.array([row.pll_ua or 0.0 for row in rows]), np.array([row.core_ua for row in rows])
    without = np.array([core.core_ua(_features(row, counted, True)) for row in rows])
    return PllFit(_slope(vco / supply, supply / supply), _slope(vco / total, (total - without) / total))


def leave_one_out(rows: Sequence[Published], counted: Mapping[Design, Built], *, prior: bool = True) -> list[Held]:
    """Each row told by a fit of all others."""
    told = []
    for row in rows:
        others = fit([other for other in rows if other is not row], counted, prior=prior)
        told.append(_told(row, counted, others))
    return told


def leave_one_out_pll(rows: Sequence[Published], counted: Mapping[Design, Built], core: Fit) -> list[Held]:
    """Each PLL row's core current, and its PLL supply's, told by a fit of all other PLL rows."""
    told = []
    for row in rows:
        others = fit_pll([other for other in rows if other is not row], counted, core)
        without, vco = core.core_ua(_features(row, counted, True)), row.vco_mhz or 0.0
        told.append(Held(f"{row.name}, core", row.core_ua, without + others.core * vco))
        told.append(Held(f"{row.name}, PLL supply", row.pll_ua or 0.0, others.supply * vco))
    return told


def checked(rows: Sequence[Published], counted: Mapping[Design, Built], core: Fit) -> list[Held]:
    """Rows of `Use.CHECK`, which no fit sees."""
    return [_told(row, counted, core) for row in rows if row.use is Use.CHECK]


def _told(row: Published, counted: Mapping[Design, Built], by: Fit) -> Held:
    return Held(row.name, row.core_ua, by.core_ua(_features(row, counted, True)))


def _features(row: Published, counted: Mapping[Design, Built], glitches: bool) -> NDArray[np.float64]:
    """What each coefficient is multiplied with."""
    mhz, oscillator = row.clock_mhz or 0.0, float(row.clock is Clock.HFOSC)
    if row.design is None or not row.design.bits:
        return np.array([1.0, oscillator, mhz, 0.0, 0.0])
    built = counted[row.design]
    return np.array([1.0, oscillator, mhz, mhz * built.flip_flops, mhz * changes(built.toggles, glitches=glitches)])


def _slope(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    return float((x @ y) / (x @ x))

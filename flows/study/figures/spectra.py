"""Spectra of noise."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from flows.study.figures.style import INK, legend_below, panels, save
from qat.datasets import NoiseSpectrum


def draw_spectra(benchmark: NoiseSpectrum, drawn: Sequence[NoiseSpectrum], path: Path) -> None:
    """Share of the power per hertz over frequency: the benchmark's, and the range of the draws."""
    figure, (axes,) = panels(1, 5.6, 3.7)
    densities = np.array([each.density_per_hz for each in drawn])[:, 1:]
    frequency_hz = drawn[0].frequency_hz[1:]
    low, high = densities.min(axis=0), densities.max(axis=0)
    axes.fill_between(frequency_hz, low, high, color="#56b4e9", alpha=0.45, linewidth=0)
    axes.plot(frequency_hz, densities.mean(axis=0), color="#0072b2", linewidth=1.6, label="generator: mean and range")
    axes.plot(benchmark.frequency_hz[1:], benchmark.density_per_hz[1:], color=INK, linewidth=1.6, label="benchmark")
    axes.set(xscale="log", yscale="log")
    axes.set_xlabel("frequency, Hz", fontsize=9)
    axes.set_ylabel("share of the noise's power, 1/Hz", fontsize=9)
    legend_below(figure, axes, 2)
    save(figure, path)

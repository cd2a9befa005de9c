"""The generator beside the published benchmark that it follows, where that is at hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.report.model import Picture
from flows.report.table import Cell, Table, number_columns, word_columns
from flows.study.figures.spectra import draw_spectra
from flows.study.section import Finding, Section, verdict
from flows.study.statistics import Spread, spread_of
from flows.study.words import over_seeds, points
from qat.datasets import (
    Hardness,
    NoiseSpectrum,
    generated,
    hardness_of_both,
    noise_spectrum,
    windows_at_true_times,
)
from qat.recordings.read import read_source
from qat.recordings.source import RecordedSource, StoredWindows

_WINDOWS, _TRACE = "quiroga2004_easy1_noise010.npz", "quiroga2004_easy1_noise015_raw_2s.npz"
"""Of Quian Quiroga et al. 2004: spikes at noise 0.10, and two seconds of the trace at noise 0.15."""
_MATCHING, _MATCHING_TRACE = generated("easy", 0.10), generated("easy", 0.15)
_EASIER = 0.005
"""By how much the fixed classifier may do better on the generator before it counts as easier."""
PICTURE = "figures/generator.png"


@dataclass(frozen=True)
class Comparison:
    """The benchmark, and the generator's draws of the matching data set."""

    benchmark: Hardness
    generated: tuple[Hardness, ...]
    benchmark_noise: NoiseSpectrum
    generated_noise: tuple[NoiseSpectrum, ...]


def compare_generator(folder: Path, seeds: Sequence[int]) -> Comparison | None:
    """Measure both in the same way; None where the folder does not hold the benchmark.

    Raises:
        BadInput: the benchmark's files cannot be read or have no true units.
    """
    if not all((folder / name).is_file() for name in (_WINDOWS, _TRACE)):
        return None
    windows, trace = read_source(folder / _WINDOWS, prefer="windows"), read_source(folder / _TRACE, prefer="raw")
    assert isinstance(windows, StoredWindows) and isinstance(trace, RecordedSource)
    n_samples = windows.waveforms.shape[2]
    pairs = [
        hardness_of_both(windows, windows_at_true_times(_recorded(_MATCHING.source(seed)), n_samples // 2, n_samples))
        for seed in seeds
    ]
    return Comparison(
        benchmark=pairs[0][0],
        generated=tuple(mine for _, mine in pairs),
        benchmark_noise=noise_spectrum(trace),
        generated_noise=tuple(noise_spectrum(_recorded(_MATCHING_TRACE.source(seed))) for seed in seeds),
    )


def _recorded(source: RecordedSource | StoredWindows) -> RecordedSource:
    assert isinstance(source, RecordedSource)
    return source


def generator_section(comparison: Comparison, folder: Path) -> Section:
    """Whether the generator is as hard as the benchmark at the same noise."""
    draw_spectra(comparison.benchmark_noise, comparison.generated_noise, folder / PICTURE)
    return Section(
        heading="The generator beside the published benchmark",
        text=(
            f"{_MATCHING.name} ({over_seeds(len(comparison.generated))}) beside the spikes of Easy1 at noise 0.10 of "
            "Quian Quiroga et al. 2004, measured in the same way from true times and units; the noise's spectrum at "
            "noise 0.15, from the stretches between spikes of its trace."
        ),
        findings=(hardness_finding(comparison.benchmark, comparison.generated),),
        pictures=(Picture(PICTURE, "Spectrum of the noise at noise 0.15"),),
        tables=(_table(comparison),),
    )


def hardness_finding(benchmark: Hardness, drawn: Sequence[Hardness]) -> Finding:
    """Whether one fixed classifier finds the generator as hard as the benchmark."""
    accuracy, snr = spread_of([each.accuracy for each in drawn]), spread_of([each.snr for each in drawn])
    holds = accuracy.mean <= benchmark.accuracy + _EASIER
    return Finding(
        f"As hard as the benchmark at the same noise: {'holds' if holds else 'does not hold'}. Linear discriminant "
        f"analysis on true labels gets {100 * accuracy.mean:.2f} % on the generator and "
        f"{100 * benchmark.accuracy:.2f} % on the benchmark ({points(accuracy.mean - benchmark.accuracy)} points); "
        f"the signal-to-noise ratio is {snr.mean:.2f} and {benchmark.snr:.2f}.",
        verdict(holds),
    )


def _table(comparison: Comparison) -> Table:
    rows: list[tuple[Cell, ...]] = [
        _row(words, digits, read(comparison.benchmark), [read(each) for each in comparison.generated])
        for words, digits, read in _HARDNESS
    ]
    theirs, mine = comparison.benchmark_noise, comparison.generated_noise
    for band, share in theirs.band_shares.items():
        rows.append(_row(f"noise power {band}", 3, share, [each.band_shares[band] for each in mine]))
    rows.append(_row("skewness of the noise", 2, theirs.skewness, [each.skewness for each in mine]))
    kurtoses = [each.excess_kurtosis for each in mine]
    rows.append(_row("excess kurtosis of the noise", 2, theirs.excess_kurtosis, kurtoses))
    return Table(
        "Generator and benchmark",
        "Mean and standard deviation over seeds for the generator. Classifier: LDA, shrunk, five folds of time.",
        (*word_columns("Figure"), *number_columns("benchmark", "generator")),
        tuple(rows),
    )


_HARDNESS: tuple[tuple[str, int, Callable[[Hardness], float]], ...] = (
    ("spikes", 0, lambda hardness: float(hardness.n_spikes)),
    ("share of spikes closer than 2 ms to another", 3, lambda hardness: hardness.overlapping),
    ("noise, share of the mean peak", 3, lambda hardness: hardness.noise),
    ("signal-to-noise ratio", 2, lambda hardness: hardness.snr),
    ("accuracy of the classifier", 4, lambda hardness: hardness.accuracy),
    ("the same, overlaps left out", 4, lambda hardness: hardness.accuracy_without_overlap),
)


def _row(words: str, digits: int, theirs: float, mine: Sequence[float]) -> tuple[Cell, ...]:
    return Cell(words), Cell(f"{theirs:.{digits}f}"), Cell(_with_deviation(spread_of(mine), digits))


def _with_deviation(spread: Spread, digits: int) -> str:
    deviation = "" if spread.deviation is None else f" ± {spread.deviation:.{digits}f}"
    return f"{spread.mean:.{digits}f}{deviation}"

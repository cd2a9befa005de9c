from dataclasses import replace

import numpy as np
import pytest
from spikeinterface.core import NumpyRecording, NumpySorting

from qat.datasets import hardness_of_both, noise_spectrum, windows_at_true_times
from qat.errors import BadInput
from qat.recordings.simulate import SimulationSpec, simulate_recording
from qat.recordings.source import RecordedSource

RATE_HZ = 24_000.0
EASY = SimulationSpec(duration_s=12.0, firing_rate_hz=20.0)


def windows(spec):
    return windows_at_true_times(simulate_recording(spec), 24, 64)


def source_of(traces, times=(), units=()):
    sorting = NumpySorting.from_samples_and_labels([np.array(times, int)], [np.array(units, int)], RATE_HZ)
    recording = NumpyRecording([np.asarray(traces, np.float32)], RATE_HZ)
    return RecordedSource("made", recording, sorting, "source units", "made by a test")


def test_windows_stand_where_the_true_times_say():
    trace = np.zeros((4000, 1))
    trace[[1000, 2000, 3000]] = 1.0
    cut = windows_at_true_times(source_of(trace, [10, 1000, 2000, 3000], [0, 0, 1, 0]), 20, 64)
    assert cut.waveforms.shape == (3, 1, 64)
    assert (cut.waveforms[:, 0].argmax(axis=1) == 20).all()
    assert cut.true_unit.tolist() == [0, 1, 0]
    assert cut.sample_index.tolist() == [1000, 2000, 3000]


def test_noise_snr_and_accuracy_tell_what_was_put_in():
    quiet, loud = hardness_of_both(windows(EASY), windows(replace(EASY, noise_level=0.40, similarity="hardest")))
    assert quiet.noise == pytest.approx(0.10, rel=0.15)
    assert loud.noise == pytest.approx(0.40, rel=0.15)
    assert quiet.snr == pytest.approx(1 / quiet.noise)
    assert quiet.accuracy_without_overlap > 0.995
    assert loud.accuracy_without_overlap < quiet.accuracy_without_overlap - 0.05
    assert quiet.accuracy < quiet.accuracy_without_overlap
    assert (quiet.n_units, quiet.name) == (3, "simulated")


def test_overlaps_grow_with_the_rate():
    seldom, often = hardness_of_both(windows(replace(EASY, firing_rate_hz=5.0)), windows(EASY))
    # Two other units of 20 Hz each within 2 ms on either side.
    assert often.overlapping == pytest.approx(1 - np.exp(-40 * 4e-3), abs=0.04)
    assert seldom.overlapping < 0.4 * often.overlapping


def test_what_cannot_be_measured_is_told():
    unlabelled = replace(windows(EASY), true_unit=None)
    with pytest.raises(BadInput, match="needs true units"):
        hardness_of_both(unlabelled, unlabelled)
    with pytest.raises(BadInput, match="true units are unknown"):
        windows_at_true_times(replace(simulate_recording(EASY), sorting=None), 20, 64)
    whole = windows(EASY)
    late = replace(
        whole, true_unit=np.where(np.arange(len(whole.true_unit)) < len(whole.true_unit) - 9, whole.true_unit, 3)
    )
    with pytest.raises(BadInput, match="too few"):
        hardness_of_both(late, late)


def test_the_spectrum_of_white_noise_is_flat_and_its_bands_are_as_wide_as_they_are():
    white = noise_spectrum(source_of(np.random.default_rng(0).normal(size=(240_000, 2))))
    assert white.duration_s == pytest.approx(10.0)
    assert white.density_per_hz.sum() * white.frequency_hz[1] == pytest.approx(1.0)
    assert sum(white.band_shares.values()) == pytest.approx(1.0)
    assert white.band_shares["1000-3000 Hz"] == pytest.approx(2000 / 12_000, abs=0.01)
    assert abs(white.skewness) < 0.02
    assert abs(white.excess_kurtosis) < 0.05


def test_spikes_are_no_part_of_the_noise():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(48_000, 1))
    times = np.arange(1000, 47_000, 1000)
    spiky = noise.copy()
    spiky[times] += 500.0
    assert noise_spectrum(source_of(spiky, times, np.zeros(times.size))).excess_kurtosis < 0.2


def test_the_background_has_power_where_the_published_noise_has_it():
    shares = noise_spectrum(simulate_recording(EASY)).band_shares
    assert 0.20 < shares["0-300 Hz"] < 0.40
    assert 0.40 < shares["300-1000 Hz"] < 0.60
    assert shares["above 3000 Hz"] < 0.02


def test_a_recording_without_a_pause_has_no_noise_to_tell():
    times = np.arange(100, 4900, 120)
    with pytest.raises(BadInput, match="10 ms without a spike"):
        noise_spectrum(source_of(np.ones((5000, 1)), times, np.zeros(times.size)))

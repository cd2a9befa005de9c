from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from qat.errors import BadInput
from qat.recordings.npz import save_recording
from qat.recordings.read import read_source
from qat.recordings.shapes import ShapeLibrary, mean_correlation
from qat.recordings.simulate import SIMILARITY_LEVELS, SimulationSpec, simulate_recording
from qat.recordings.source import RecordedSource

SHORT = SimulationSpec(duration_s=6.0)


def traces(source):
    return source.recording.get_traces(return_in_uV=True)


def spike_times(source, unit):
    return source.sorting.get_unit_spike_train(unit)


def mean_waveforms(source, before=15, after=30):
    data = traces(source)[:, 0]
    return np.array(
        [
            np.mean([data[t - before : t + after] for t in spike_times(source, unit)], axis=0)
            for unit in source.sorting.unit_ids
        ]
    )


def test_the_same_seed_gives_the_same_recording_and_another_seed_another():
    first, again, other = (simulate_recording(spec) for spec in (SHORT, SHORT, replace(SHORT, seed=1)))
    assert np.array_equal(traces(first), traces(again))
    assert np.array_equal(first.sorting.to_spike_vector(), again.sorting.to_spike_vector())
    assert not np.array_equal(traces(first), traces(other))


def test_units_fire_at_their_rates_and_keep_their_refractory_period():
    spec = SimulationSpec(duration_s=30.0, firing_rate_hz=(5.0, 20.0, 60.0), refractory_ms=3.0)
    source = simulate_recording(spec)
    for unit, rate_hz in zip(source.sorting.unit_ids, spec.firing_rate_hz, strict=True):
        times = spike_times(source, unit)
        expected = rate_hz * spec.duration_s
        assert abs(times.size - expected) < 4 * np.sqrt(expected)
        # Sub-sample positions round a time by at most one sample.
        assert np.diff(times).min() >= 3.0e-3 * spec.sampling_rate_hz - 1


def test_true_times_stand_on_the_extremum_and_its_size_is_the_amplitude():
    source = simulate_recording(replace(SHORT, amplitude_uv=80.0, noise_level=0.05))
    means = mean_waveforms(source)
    assert (np.abs(means).argmax(axis=1) == 15).all()
    assert np.abs(means).max(axis=1) == pytest.approx(80.0, rel=0.06)


@pytest.mark.parametrize("noise_level", [0.05, 0.40])
def test_background_has_the_stated_size_and_the_spectrum_of_spikes(noise_level):
    spec = SimulationSpec(duration_s=5.0, n_units=1, firing_rate_hz=0.01, noise_level=noise_level)
    source = simulate_recording(spec)
    assert source.sorting.count_total_num_spikes() == 0
    noise = traces(source)[:, 0]
    assert noise.std() == pytest.approx(spec.noise_uv, rel=1e-5)
    assert abs(np.mean((noise / noise.std()) ** 4) - 3) < 0.4  # a Gaussian has 3
    power = np.abs(np.fft.rfft(noise)) ** 2
    frequency_hz = np.fft.rfftfreq(noise.size, 1 / spec.sampling_rate_hz)
    slow, in_band = (
        power[(frequency_hz > low) & (frequency_hz < high)].sum() for low, high in ((0, 300), (300, 3000))
    )
    assert in_band > 0.6 * power.sum()  # white noise would have 0.23
    assert slow > 0.25 * power.sum()  # white noise would have 0.03


@pytest.mark.parametrize("level", list(SIMILARITY_LEVELS))
def test_units_are_as_alike_as_asked_for(level):
    source = simulate_recording(replace(SHORT, similarity=level, noise_level=0.05, firing_rate_hz=40.0))
    assert mean_correlation(mean_waveforms(source)) == pytest.approx(SIMILARITY_LEVELS[level], abs=0.1)


def test_channels_see_units_at_their_own_amplitudes_and_share_part_of_the_noise():
    source = simulate_recording(replace(SHORT, n_channels=4, duration_s=10.0))
    data = traces(source)
    amplitudes = np.array([-data[spike_times(source, unit)].mean(axis=0) for unit in source.sorting.unit_ids])
    assert amplitudes.max(axis=1) == pytest.approx(100.0, rel=0.1)
    assert (np.ptp(amplitudes, axis=1) > 10).all()
    quiet = simulate_recording(replace(SHORT, n_channels=2, n_units=1, firing_rate_hz=0.01))
    assert 0.3 < np.corrcoef(traces(quiet).T)[0, 1] < 0.8


def test_drift_changes_the_amplitude_over_the_recording():
    spec = SimulationSpec(duration_s=30.0, n_units=1, amplitude_drift=0.5)
    source = simulate_recording(spec)
    times, data = spike_times(source, "1"), traces(source)[:, 0]
    early, late = (np.abs(data[part].mean()) for part in (times[:50], times[-50:]))
    assert sorted([early, late]) == pytest.approx([75.0, 125.0], rel=0.1)


def test_spikes_overlap_by_default():
    times = np.sort(simulate_recording(SimulationSpec(duration_s=20.0)).sorting.to_spike_vector()["sample_index"])
    assert (np.diff(times) < 24).sum() > 5


def test_units_come_from_the_callers_own_waveforms():
    time = np.linspace(-1, 2, 90)
    peaks = np.array([np.exp(-(((time - 0.1) / width) ** 2)) for width in (0.1, 0.2, 0.4)])
    library = ShapeLibrary(7.0 * peaks, sampling_rate_hz=30_000.0)
    source = simulate_recording(replace(SHORT, n_units=2, similarity=0.7), library=library)
    assert (mean_waveforms(source).max(axis=1) > 90).all()


def test_another_seed_has_units_of_other_shapes():
    means = [
        mean_waveforms(simulate_recording(replace(SHORT, noise_level=0.05, firing_rate_hz=40.0, seed=seed)))
        for seed in range(3)
    ]
    assert all(np.abs(first - second).max() > 15 for first, second in pairwise(means))


def test_progress_reaches_the_end():
    told = []
    simulate_recording(SHORT, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_saved_recording_reads_back_and_has_the_same_bytes(tmp_path):
    source = simulate_recording(replace(SHORT, n_channels=2))
    for name in ("first.npz", "again.npz"):
        save_recording(source, tmp_path / name)
    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "again.npz").read_bytes()
    read = read_source(tmp_path / "first.npz")
    assert isinstance(read, RecordedSource)
    assert read.unit_of_measure == "uV"
    assert np.array_equal(traces(read), traces(source))
    saved, original = read.sorting.to_spike_vector(), source.sorting.to_spike_vector()
    assert np.array_equal(saved["sample_index"], original["sample_index"])
    assert np.array_equal(saved["unit_index"], original["unit_index"])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"similarity": "very hard"}, "similarity"),
        ({"similarity": 1.5}, "similarity"),
        ({"noise_level": 0.6}, "noise_level"),
        ({"n_units": 0}, "n_units"),
        ({"firing_rate_hz": (10.0, 10.0)}, "firing_rate_hz"),
        ({"firing_rate_hz": 400.0}, "refractory_ms"),
        ({"duration_s": 0.0}, "duration_s"),
        ({"amplitude_drift": 1.0}, "amplitude_drift"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong, says):
    with pytest.raises(BadInput, match=says):
        SimulationSpec(**wrong)


def test_a_library_without_units_that_alike_is_refused():
    with pytest.raises(BadInput, match="correlation"):
        simulate_recording(replace(SHORT, n_units=6, similarity=-0.5))

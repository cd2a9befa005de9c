from dataclasses import replace

import numpy as np
import pytest
from spikeinterface.core import NumpyRecording, NumpySorting

import qat.spikes.traces
from qat.errors import BadInput
from qat.recordings.simulate import SimulationSpec, simulate_recording
from qat.recordings.source import RecordedSource, StoredWindows
from qat.spikes.cut import spikes_from_recording, spikes_from_windows
from qat.spikes.match import match_spikes
from qat.spikes.network_input import differences
from qat.spikes.quantize import quantize
from qat.spikes.spec import SpikeSpec
from qat.spikes.spikeset import TEST, TRAIN, VALIDATION, SpikeSet

RATE_HZ = 24_000.0
SPEC = SpikeSpec()


@pytest.fixture(scope="module")
def source():
    return simulate_recording(SimulationSpec(duration_s=20.0, seed=3))


@pytest.fixture(scope="module")
def spikes(source):
    return spikes_from_recording(source, SPEC)


def recorded(data, sorting=None):
    """A recording of `[n_samples, n_channels]` without a gain."""
    recording = NumpyRecording([np.asarray(data, dtype=np.float32)], RATE_HZ)
    return RecordedSource("test", recording, sorting, "source units", "made for a test")


def traces(source):
    return source.recording.get_traces()


def windows(n_spikes=20, n_channels=1, n_samples=8, **fields):
    waveforms = np.random.default_rng(0).normal(size=(n_spikes, n_channels, n_samples)).astype(np.float32)
    known = {"sample_index": None, "sampling_rate_hz": None, "true_unit": None, "overlap": None} | fields
    return StoredWindows("test", waveforms, unit_of_measure="uV", provenance="made for a test", **known)


def with_pulses(at, n_samples=48_000, height=-20.0):
    """Noise of size 1 with one-sample pulses."""
    data = np.random.default_rng(0).normal(size=(n_samples, 1)) * 0.5
    data[at] = height
    return data


def test_what_the_hardware_will_see(spikes):
    assert spikes.waveforms.dtype == np.int8
    assert (spikes.n_channels, spikes.n_samples) == (1, 48)
    assert spikes.inputs(TEST).shape == (np.sum(spikes.part == TEST), 2 * 48)
    assert spikes.unit_names == ("1", "2", "3")
    assert spikes.network_windows.shape == (spikes.n_spikes, 2, 48) and spikes.network_windows.dtype == np.int8
    assert spikes.microvolts_per_lsb == spikes.network_lsb
    assert set(np.unique(spikes.true_unit)) == {-1, 0, 1, 2}


def test_nearly_all_true_spikes_are_found_and_the_counts_add_up(source, spikes):
    parts = spikes.detection["parts"]
    assert sum(part["n_true"] for part in parts.values()) == source.sorting.count_total_num_spikes()
    for name, part in parts.items():
        assert part["n_true"] == part["n_matched"] + part["n_missed"]
        assert part["n_missed"] < 0.03 * part["n_true"], name
    assert sum(part["n_extra"] for part in parts.values()) == np.sum(spikes.true_unit == -1)


def test_windows_stand_on_their_largest_deflection(spikes):
    near = spikes.waveforms[:, 0, SPEC.align_sample - 12 : SPEC.align_sample + 13]
    assert spikes.preprocessing["sign"] == "neg"
    assert np.array_equal(near[:, 12], near.min(axis=1))


def test_matched_spikes_lie_within_half_a_millisecond(source, spikes):
    times = np.sort(source.sorting.to_spike_vector()["sample_index"]) + spikes.detection["lag_samples"]
    matched = spikes.sample_index[spikes.true_unit >= 0]
    assert np.abs(matched[:, None] - times).min(axis=1).max() <= 12


def test_overlap_means_another_true_spike_in_the_window(source, spikes):
    times = source.sorting.to_spike_vector()["sample_index"] + spikes.detection["lag_samples"]
    first = spikes.sample_index - SPEC.align_sample
    within = ((times >= first[:, None]) & (times < first[:, None] + SPEC.window_samples)).sum(axis=1)
    matched = spikes.true_unit >= 0
    assert np.array_equal(spikes.overlap[matched], within[matched] > 1)
    assert 0.01 < spikes.overlap[matched].mean() < 0.2


def test_parts_are_blocks_of_time(spikes):
    assert (np.diff(spikes.part) >= 0).all()
    ends_s = [spikes.sample_index[spikes.part == part].max() / RATE_HZ for part in (TRAIN, VALIDATION)]
    assert 11.0 < ends_s[0] < 12.0
    assert 14.0 < ends_s[1] < 15.0


def test_the_test_part_changes_nothing_that_is_fitted(source, spikes):
    data = traces(source).copy()
    data[360_000:] *= -7.0
    changed = spikes_from_recording(
        replace(source, recording=NumpyRecording([data], RATE_HZ), unit_of_measure="source units"), SPEC
    )
    assert (changed.lsb, changed.network_lsb) == (spikes.lsb, spikes.network_lsb)
    assert changed.preprocessing == spikes.preprocessing
    assert changed.detection["lag_samples"] == spikes.detection["lag_samples"]
    assert np.array_equal(changed.inputs(TRAIN), spikes.inputs(TRAIN))
    assert not np.array_equal(changed.inputs(TEST), spikes.inputs(TEST))


def test_chunks_make_no_difference(source, spikes, monkeypatch):
    monkeypatch.setattr(qat.spikes.traces, "_CHUNK_SAMPLES", 10_007)
    chunked = spikes_from_recording(source, SPEC)
    assert np.array_equal(chunked.sample_index, spikes.sample_index)
    assert np.array_equal(chunked.waveforms, spikes.waveforms)


def test_spikes_at_true_times_stand_on_the_largest_deflection_nearby_however_chunks_fall(source, monkeypatch):
    at_truth = replace(SPEC, at_true_times=True)
    located = spikes_from_recording(source, at_truth)
    assert (located.true_unit >= 0).mean() > 0.95
    deflection = -located.waveforms[:, 0].astype(int)
    near = deflection[:, SPEC.align_sample - 2 : SPEC.align_sample + 3]
    assert (near.max(axis=1) == deflection[:, SPEC.align_sample]).mean() > 0.9
    monkeypatch.setattr(qat.spikes.traces, "_CHUNK_SAMPLES", 10_007)
    assert np.array_equal(spikes_from_recording(source, at_truth).sample_index, located.sample_index)


def test_a_recording_upside_down_gives_the_other_sign_and_the_same_spikes(source, spikes):
    flipped = spikes_from_recording(
        replace(source, recording=NumpyRecording([-traces(source)], RATE_HZ), unit_of_measure="source units"),
        SPEC,
    )
    assert flipped.preprocessing["sign"] == "pos"
    assert np.array_equal(flipped.sample_index, spikes.sample_index)


def test_a_zero_phase_filter_keeps_the_extremum_in_its_place(source):
    assert spikes_from_recording(source, SpikeSpec(filter="zero-phase")).detection["lag_samples"] == 0


def test_upsampled_alignment_makes_windows_of_a_unit_more_alike(source, spikes):
    upsampled = spikes_from_recording(source, SpikeSpec(upsampling=8))

    def spread(spike_set):
        alone = (spike_set.true_unit == 0) & ~spike_set.overlap
        return (spike_set.waveforms[alone] * spike_set.lsb).var(axis=0).mean()

    assert spread(upsampled) < spread(spikes)


def test_of_deflections_within_the_dead_time_the_largest_is_the_spike():
    data = with_pulses([5000, 5010, 9000, 9030])
    data[5010] = -30.0
    spikes = spikes_from_recording(recorded(data), SpikeSpec(filter="none", sign="neg", threshold_sigmas=8.0))
    assert spikes.sample_index.tolist() == [5010, 9000, 9030]


def test_a_clipped_top_is_one_spike():
    data = with_pulses([7000, 7001, 7002])
    spikes = spikes_from_recording(recorded(data), SpikeSpec(filter="none", sign="neg", threshold_sigmas=8.0))
    assert spikes.sample_index.tolist() == [7000]


def test_spikes_are_found_on_every_channel_and_counted_once():
    data = np.random.default_rng(0).normal(size=(48_000, 3)) * 0.5
    data[4000, 1] = data[8000, 2] = -20.0
    data[8001, 0] = -15.0
    spikes = spikes_from_recording(recorded(data), SpikeSpec(filter="none", threshold_sigmas=8.0))
    assert spikes.sample_index.tolist() == [4000, 8000]
    assert spikes.channel.tolist() == [1, 2]
    assert spikes.inputs().shape == (2, 3 * 48)
    assert spikes.inputs()[0, 48 + SPEC.align_sample] == spikes.inputs()[0].min()


def test_unknown_truth_stays_unknown():
    spikes = spikes_from_recording(recorded(with_pulses([5000])), SpikeSpec(filter="none", threshold_sigmas=8.0))
    assert spikes.true_unit is None
    assert spikes.overlap is None
    assert spikes.detection is None
    assert spikes.unit_names == ()
    assert spikes.microvolts_per_lsb is None


def test_times_stated_at_the_start_of_a_spike_are_matched_after_removing_the_lag():
    at = np.arange(1000, 47_000, 500)
    stated = NumpySorting.from_samples_and_labels([at - 22], [np.ones(at.size, int)], RATE_HZ)
    spikes = spikes_from_recording(recorded(with_pulses(at), stated), SpikeSpec(filter="none", threshold_sigmas=8.0))
    assert spikes.detection["lag_samples"] == 22
    assert spikes.detection["parts"]["test"]["n_missed"] == 0
    assert (spikes.true_unit == 0).all()


def test_a_detection_is_matched_to_one_true_spike_only_and_the_nearest():
    match = match_spikes(
        true_sample=np.array([100, 500, 504, 900]),
        detected_sample=np.array([100, 300, 503]),
        n_train_samples=200,
        rate_hz=RATE_HZ,
        match_ms=0.5,
    )
    assert match.true_of_detection.tolist() == [0, -1, 2]
    assert match.detection_of_true.tolist() == [0, -1, 2, -1]


def test_quantization_rounds_half_to_even_and_saturates():
    values = np.array([[[-999.0, -128.5, -1.5, -0.5, 0.5, 1.5, 2.5, 127.4, 999.0]]], dtype=np.float32)
    assert quantize(values, 1.0, 8).ravel().tolist() == [-128, -128, -2, 0, 0, 2, 2, 127, 127]
    assert quantize(values, 1.0, 4).ravel().tolist() == [-8, -8, -2, 0, 0, 2, 2, 7, 7]
    assert quantize(values, 1.0, 10).dtype == np.int16


def test_full_scale_is_a_percentile_of_the_training_part(source):
    spikes = spikes_from_recording(source, SpikeSpec(full_scale_percentile=99.0))
    saturated = np.abs(spikes.inputs(TRAIN).astype(int)) >= 127
    assert 0.005 < saturated.mean() < 0.015


def test_stored_windows_with_times_are_split_in_order_of_time():
    shuffled = np.random.default_rng(1).permutation(20)
    spikes = spikes_from_windows(windows(sample_index=shuffled), SPEC)
    assert sorted(shuffled[spikes.part == TRAIN]) == list(range(12))
    assert sorted(shuffled[spikes.part == TEST]) == list(range(15, 20))
    assert spikes.preprocessing["split"]["by"] == "blocks of time"


def test_stored_windows_without_times_are_split_at_random_by_seed():
    parts = [spikes_from_windows(windows(100), SpikeSpec(split_seed=seed)).part for seed in (0, 0, 1)]
    assert np.array_equal(parts[0], parts[1])
    assert not np.array_equal(parts[0], parts[2])
    assert np.bincount(parts[0]).tolist() == [60, 15, 25]


def test_stored_windows_keep_their_shape_and_labels():
    labels = np.tile(np.array([3, 7, -1, 3], dtype=np.int32), 5)
    stored = windows(n_channels=4, n_samples=10, true_unit=labels)
    spikes = spikes_from_windows(stored, SpikeSpec(full_scale_percentile=100.0))
    assert spikes.unit_names == ("3", "7")
    assert spikes.true_unit[:4].tolist() == [0, 1, -1, 0]
    error = np.abs(spikes.waveforms * spikes.lsb - stored.waveforms)
    assert error[spikes.part == TRAIN].max() <= 0.5 * spikes.lsb * (1 + 1e-6)
    assert np.array_equal(spikes.inputs()[0], spikes.network_windows[0].ravel())
    assert spikes.detection is None


def test_a_spike_set_reads_back_and_has_the_same_bytes(spikes, tmp_path):
    for name in ("first.npz", "again.npz"):
        spikes.save(tmp_path / name)
    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "again.npz").read_bytes()
    loaded = SpikeSet.load(tmp_path / "first.npz")
    for name, value in vars(spikes).items():
        if isinstance(value, np.ndarray):
            assert np.array_equal(getattr(loaded, name), value)
            assert getattr(loaded, name).dtype == value.dtype
        else:
            assert getattr(loaded, name) == value


def test_what_is_unknown_reads_back_as_unknown(tmp_path):
    spikes_from_windows(windows(), SPEC).save(tmp_path / "spikes.npz")
    loaded = SpikeSet.load(tmp_path / "spikes.npz")
    assert (loaded.sample_index, loaded.true_unit, loaded.overlap, loaded.sampling_rate_hz) == (None,) * 4


def test_other_files_are_no_spike_sets(tmp_path):
    np.savez(tmp_path / "other.npz", x=1)
    (tmp_path / "text.npz").write_text("no archive")
    for name in ("other.npz", "text.npz"):
        with pytest.raises(BadInput, match="not a spike set"):
            SpikeSet.load(tmp_path / name)
    with pytest.raises(BadInput, match="no such file"):
        SpikeSet.load(tmp_path / "none.npz")


def test_progress_reaches_the_end(source):
    told = []
    spikes_from_recording(source, SPEC, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def nan_at(data, sample):
    data = data.copy()
    data[sample] = np.nan
    return data


NOISE = np.random.default_rng(0).normal(size=(24_000, 2))


@pytest.mark.parametrize(
    ("data", "spec", "says"),
    [
        (NOISE[:1], SPEC, "1 samples"),
        (NOISE[:400], SPEC, "ten windows"),
        (nan_at(NOISE, 20_000), SPEC, "NaN"),
        (NOISE * [1, 0], SPEC, "flat"),
        (NOISE, SpikeSpec(high_hz=12_000), "half the sampling rate"),
        (NOISE, SpikeSpec(threshold_sigmas=50), "no spike"),
    ],
)
def test_recordings_that_cannot_be_used_are_refused_in_one_line(data, spec, says):
    with pytest.raises(BadInput, match=says) as refusal:
        spikes_from_recording(recorded(data), spec)
    assert "\n" not in str(refusal.value)


def test_too_few_or_empty_windows_are_refused():
    with pytest.raises(BadInput, match="too few"):
        spikes_from_windows(windows(2), SPEC)
    with pytest.raises(BadInput, match="larger than zero"):
        spikes_from_windows(replace(windows(), waveforms=np.zeros((20, 1, 8), np.float32)), SPEC)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"filter": "median"}, "filter"),
        ({"sign": "up"}, "sign"),
        ({"low_hz": 4000.0}, "low_hz"),
        ({"align_sample": 48}, "align_sample"),
        ({"train_fraction": 0.9}, "test part"),
        ({"bits": 1}, "bits"),
        ({"differences": ()}, "differences"),
        ({"differences": (1, 1)}, "differences"),
        ({"differences": (3,)}, "differences"),
        ({"threshold_sigmas": 0.0}, "threshold_sigmas"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong, says):
    with pytest.raises(BadInput, match=says):
        SpikeSpec(**wrong)


def test_differences_take_what_stands_before_the_first_sample_as_equal_to_it():
    windows = np.array([[[3, 4, 6, 6], [0, -2, 0, 0]]], dtype=np.float32)
    assert np.array_equal(differences(windows, 0), windows)
    assert differences(windows, 1).tolist() == [[[0, 1, 2, 0], [0, -2, 2, 0]]]
    assert differences(windows, 2).tolist() == [[[0, 1, 1, -2], [0, -2, 4, -2]]]


@pytest.mark.parametrize("orders", [(0,), (1,), (2,), (2, 0)])
def test_the_network_is_given_differences_at_a_full_scale_of_their_own(source, orders):
    spikes = spikes_from_recording(source, SpikeSpec(differences=orders, full_scale_percentile=100.0))
    training = spikes.part == TRAIN  # nothing saturates there
    for row, (order, lsb) in enumerate(zip(orders, spikes.network_lsb, strict=True)):
        exact = differences(spikes.waveforms[training].astype(np.float32) * spikes.lsb, order)[:, 0]
        rounding, given = 0.5 * (2**order * spikes.lsb + lsb), spikes.network_windows[training, row]
        assert (np.abs(given * lsb - exact) <= 1.001 * rounding).all()
        assert np.abs(given).max() == 127
    assert spikes.preprocessing["differences"] == list(orders)


def test_one_channel_is_given_twice_and_more_channels_once_unless_told_otherwise():
    stored = windows(n_channels=3, n_samples=10)
    several, both = (spikes_from_windows(stored, SpikeSpec(differences=orders)) for orders in (None, (1, 2)))
    assert several.preprocessing["differences"] == [2] and several.network_windows.shape[1:] == (3, 10)
    assert np.array_equal(both.network_windows[:, 1::2], several.network_windows)
    one = spikes_from_windows(windows(n_channels=1, n_samples=10), SpikeSpec())
    assert one.preprocessing["differences"] == [1, 2] and one.inputs().shape == (20, 20)

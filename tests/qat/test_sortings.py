"""Sortings: made, scored, and read back by SpikeInterface as they were written."""

from types import SimpleNamespace

import numpy as np
import pytest
import spikeinterface
from spikeinterface.core import NumpyRecording, read_npz_sorting
from spikeinterface.extractors import read_nwb_sorting, read_phy

from qat.errors import BadInput
from qat.export import describe
from qat.recordings.simulate import SimulationSpec, simulate_recording
from qat.recordings.source import StoredWindows
from qat.sortings.files import write_folder, write_npz
from qat.sortings.make import sorting_of
from qat.sortings.nwb import write_nwb
from qat.sortings.phy import write_phy
from qat.sortings.redetect import detect_as_trained
from qat.sortings.score import FoundUnit, score_sorting
from qat.sortings.truth import first_test_sample, true_sorting
from qat.spikes.cut import spikes_from_recording, spikes_from_windows
from qat.spikes.spec import SpikeSpec
from qat.spikes.traces import Traces

RATE_HZ = 24_000.0
NAMES = ("a", "b", "c")


def trains_of(sorting):
    return [sorting.get_unit_spike_train(unit, segment_index=0).tolist() for unit in sorting.unit_ids]


def random_sorting(names=NAMES, n=200, seed=0):
    rng = np.random.default_rng(seed)
    sample = np.sort(rng.choice(np.arange(100, 47_900), n, replace=False))
    return sorting_of(sample, rng.integers(-1, len(names) + 1, n), names, RATE_HZ)


def test_answers_that_name_no_unit_are_left_out():
    sorting = sorting_of(np.array([50, 10, 30, 20, 40]), np.array([1, 0, 3, -1, 0]), NAMES, RATE_HZ)
    assert list(sorting.unit_ids) == ["a", "b", "c"]
    assert trains_of(sorting) == [[10, 40], [50], []]
    with pytest.raises(BadInput, match="one each per spike"):
        sorting_of(np.array([1, 2]), np.array([0]), NAMES, RATE_HZ)


TRUE = sorting_of(np.arange(0, 10_000, 1_000), np.array([0, 1, 0, 1, 0, 1, 0, 1, 0, 1]), ("x", "y"), RATE_HZ)


def test_hits_misses_and_extra_spikes_are_counted_from_the_first_test_sample_on():
    # x at 4000, 6000, 8000 and y at 5000, 7000, 9000 count, all 30 samples late; what came before does not.
    sample = np.array([1_030, 3_030, 4_030, 5_042, 6_018, 6_500, 7_043, 9_030, 9_500])
    answers = np.array([1, 1, 2, 0, 2, 2, 0, 0, 3])
    units = score_sorting(
        TRUE, sorting_of(sample, answers, NAMES, RATE_HZ), lag_samples=30, first_sample=4_000, match_ms=0.5
    )
    assert units == (FoundUnit("x", "c", 3, 3, 2), FoundUnit("y", "a", 3, 3, 2))  # 7043 is 13 samples off, 12 may be
    assert (units[0].accuracy, units[0].precision, units[0].recall) == (2 / 4, 2 / 3, 2 / 3)


def test_a_true_spike_counts_where_it_stands_once_the_lag_is_removed():
    found = sorting_of(np.array([4_030]), np.array([0]), NAMES, RATE_HZ)
    (unit, _) = score_sorting(TRUE, found, lag_samples=30, first_sample=4_010, match_ms=0.5)
    assert unit.n_true == 3


def test_a_unit_that_none_agrees_with_is_found_as_none():
    found = sorting_of(np.array([5_000, 6_000, 8_000]), np.array([0, 1, 0]), NAMES, RATE_HZ)
    x, y = score_sorting(TRUE, found, lag_samples=0, first_sample=4_000, match_ms=0.5)
    assert (x, y) == (FoundUnit("x", None, 3, 0, 0), FoundUnit("y", None, 3, 0, 0))
    assert (x.accuracy, x.precision, x.recall) == (0.0, None, 0.0)


def test_the_truth_of_windows_that_came_cut_is_their_labels():
    rng = np.random.default_rng(0)
    sample = np.arange(40) * 500
    windows = StoredWindows(
        "cut", rng.normal(size=(40, 1, 16)).astype(np.float32), sample, RATE_HZ,
        np.tile(np.array([7, -1, 9, 9], dtype=np.int32), 10), None, "uV", "",
    )  # fmt: skip
    spikes = spikes_from_windows(windows, SpikeSpec())
    true = true_sorting(windows, spikes)
    assert dict(zip(true.unit_ids, trains_of(true), strict=True)) == {
        "7": sample[0::4].tolist(),
        "9": np.sort(np.concatenate([sample[2::4], sample[3::4]])).tolist(),
    }
    assert first_test_sample(windows, spikes) == sample[30]


@pytest.fixture(scope="module")
def simulated():
    source = simulate_recording(SimulationSpec(duration_s=4.0, n_channels=2, seed=1))
    return source, spikes_from_recording(
        source, SpikeSpec(bits=6, threshold_sigmas=5.0, dead_time_ms=0.6, differences=(2, 1))
    )


def test_a_device_finds_the_spikes_of_its_training_again(simulated):
    source, spikes = simulated
    found = detect_as_trained(source, describe(spikes, NAMES, {}))
    assert np.array_equal(found.sample_index, spikes.sample_index)
    assert np.array_equal(found.inputs, spikes.inputs())
    assert first_test_sample(source, spikes) == round(4.0 * RATE_HZ * 0.75)


def test_the_network_of_an_older_version_is_refused(simulated):
    source, spikes = simulated
    older = describe(spikes, NAMES, {})
    older["input"] |= {"lsb": 0.5}
    with pytest.raises(BadInput, match="another version of spikeloom; train and export it anew"):
        detect_as_trained(source, older)


def test_another_recording_is_cut_with_the_thresholds_of_the_training(simulated):
    source, spikes = simulated
    louder = SimpleNamespace(**vars(source))
    louder.recording = NumpyRecording([2.0 * source.recording.get_traces(return_in_uV=True)], RATE_HZ)
    louder.recording.set_channel_gains(1.0)
    louder.recording.set_channel_offsets(0.0)
    louder.sampling_rate_hz = RATE_HZ
    found = detect_as_trained(louder, describe(spikes, NAMES, {}))
    assert len(found.sample_index) > 2 * spikes.n_spikes  # the noise is above half the threshold


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"n_channels": 4}, "2 channels at 24000 Hz in uV; the network was trained on 4 channels at 24000 Hz in uV"),
        ({"sampling_rate_hz": 1e4}, "trained on 2 channels at 10000 Hz in uV"),
        ({"unit_of_measure": "source units"}, "in source units"),
    ],
)
def test_a_recording_that_the_network_does_not_fit_is_refused(simulated, form, message):
    source, spikes = simulated
    metadata = describe(spikes, NAMES, {})
    with pytest.raises(BadInput, match=message):
        detect_as_trained(source, {**metadata, "input": {**metadata["input"], **form}})


def test_a_network_of_windows_that_came_cut_is_refused(simulated):
    source, spikes = simulated
    with pytest.raises(BadInput, match="windows that came cut"):
        detect_as_trained(source, {**describe(spikes, NAMES, {}), "preprocessing": {"windows": "as stored"}})


@pytest.mark.parametrize(
    ("write", "read", "name"),
    [(write_npz, read_npz_sorting, "sorting.npz"), (write_folder, spikeinterface.load, "folder")],
)
def test_spikeinterface_reads_what_was_written_and_the_bytes_are_the_same(tmp_path, write, read, name):
    written = random_sorting()
    for copy in ("one", "two"):
        (tmp_path / copy).mkdir()
        write(written, tmp_path / copy / name)
    found = read(tmp_path / "one" / name)
    assert list(found.unit_ids) == list(NAMES) and found.sampling_frequency == RATE_HZ
    assert trains_of(found) == trains_of(written)
    one, two = (
        [path.read_bytes() for path in sorted((tmp_path / copy).rglob("*")) if path.is_file()]
        for copy in ("one", "two")
    )
    assert one == two
    assert not any(str(tmp_path).encode() in content for content in one)


def test_nwb_keeps_trains_names_and_rate(tmp_path):
    written = random_sorting()
    write_nwb(written, tmp_path / "sorting.nwb", "a test")
    found = read_nwb_sorting(tmp_path / "sorting.nwb")
    assert list(found.unit_ids) == list(NAMES) and found.sampling_frequency == RATE_HZ
    assert trains_of(found) == trains_of(written)


def test_phy_keeps_the_trains_of_units_that_have_spikes(tmp_path, simulated):
    source, spikes = simulated
    written = sorting_of(spikes.sample_index, 2 * spikes.true_unit, [str(unit) for unit in range(6)], RATE_HZ)
    write_phy(written, Traces.of(source, SpikeSpec()), tmp_path / "phy")
    found = read_phy(tmp_path / "phy")
    assert trains_of(found) == [train for train in trains_of(written) if train]
    assert str(tmp_path) not in (tmp_path / "phy" / "params.py").read_text()
    nothing = sorting_of(np.array([5]), np.array([-1]), NAMES, RATE_HZ)
    with pytest.raises(BadInput, match="no spike was given to a unit"):
        write_phy(nothing, Traces.of(source, SpikeSpec()), tmp_path / "none")

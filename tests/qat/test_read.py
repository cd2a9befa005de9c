import pickle
import zipfile
from datetime import UTC, datetime

import numpy as np
import pytest
from pynwb import NWBHDF5IO, NWBFile
from pynwb.ecephys import ElectricalSeries
from scipy.io import savemat
from scipy.sparse import csr_matrix
from spikeinterface.core import NumpyRecording

from qat.errors import BadInput
from qat.recordings.read import read_source
from qat.recordings.source import RecordedSource, StoredWindows

RNG = np.random.default_rng(0)
RAW = RNG.normal(size=1000).astype(np.float32)
WINDOWS = RNG.normal(size=(5, 8)).astype(np.float32)
TIMES, LABELS = np.array([100, 200, 300]), np.array([1, 2, 1], dtype=np.int32)


def npz(tmp_path, **arrays):
    path = tmp_path / "file.npz"
    np.savez(path, **arrays)
    return path


def test_windows_of_one_channel(tmp_path):
    labels = np.array([1, 2, -1, 0, 1], dtype=np.int32)
    path = npz(tmp_path, waveforms=WINDOWS, labels=labels, sampling_rate_hz=np.nan, overlap=[0, 1, 0, 0, 0])
    source = read_source(path, not_units=(0,))
    assert isinstance(source, StoredWindows)
    assert source.waveforms.shape == (5, 1, 8)
    assert source.waveforms.dtype == np.float32
    assert source.true_unit.tolist() == [1, 2, -1, -1, 1]
    assert source.overlap.tolist() == [False, True, False, False, False]
    assert source.sampling_rate_hz is None
    assert source.sample_index is None


def test_windows_of_all_channels_come_before_those_of_one(tmp_path):
    all_channels = RNG.normal(size=(5, 4, 8))
    source = read_source(npz(tmp_path, waveforms=WINDOWS, waveforms_all_channels=all_channels))
    assert source.waveforms.shape == (5, 4, 8)
    assert source.true_unit is None


def test_only_unlabelled_spikes_mean_that_no_unit_is_known(tmp_path):
    assert read_source(npz(tmp_path, waveforms=WINDOWS, labels=np.full(5, -1))).true_unit is None


@pytest.mark.parametrize(("shape", "n_channels"), [((1000,), 1), ((4, 1000), 4)])
def test_continuous_recording(tmp_path, shape, n_channels):
    raw = RNG.integers(0, 4000, shape).astype(np.int16)
    path = npz(tmp_path, raw=raw, spike_times=TIMES, labels=LABELS, sampling_rate_hz=24000.0)
    source = read_source(path)
    assert isinstance(source, RecordedSource)
    assert source.recording.get_num_channels() == n_channels
    assert np.array_equal(source.recording.get_traces().T, np.atleast_2d(raw))
    assert source.sampling_rate_hz == 24000.0
    assert source.unit_of_measure == "source units"
    assert source.sorting.get_unit_spike_train(1).tolist() == [100, 300]


def test_not_units_are_no_true_units_of_a_recording(tmp_path):
    path = npz(tmp_path, raw=RAW, spike_times=TIMES, labels=LABELS, sampling_rate_hz=24000.0)
    assert read_source(path, not_units=(2,)).sorting.unit_ids.tolist() == [1]


def test_a_file_with_both_gives_what_is_preferred(tmp_path):
    path = npz(tmp_path, raw=RAW, waveforms=WINDOWS, sampling_rate_hz=24000.0)
    assert isinstance(read_source(path), StoredWindows)
    assert isinstance(read_source(path, prefer="windows"), StoredWindows)
    assert isinstance(read_source(path, prefer="raw"), RecordedSource)


def test_wave_clus(tmp_path):
    path = tmp_path / "C_Easy1.mat"
    times, classes = np.empty((1, 1), dtype=object), np.empty((1, 3), dtype=object)
    times[0, 0] = TIMES[None, :]
    classes[0] = [LABELS[None, :], np.zeros((1, 3)), np.zeros((1, 3))]
    savemat(path, {"data": RAW[None, :], "samplingInterval": 1 / 24, "spike_times": times, "spike_class": classes})
    source = read_source(path)
    assert source.sampling_rate_hz == pytest.approx(24000.0)
    assert np.array_equal(source.recording.get_traces()[:, 0], RAW)
    assert source.sorting.get_unit_spike_train(1).tolist() == [100, 300]


def test_wave_clus_without_known_spikes(tmp_path):
    savemat(tmp_path / "unsorted.mat", {"data": RAW[None, :], "samplingInterval": 1 / 24})
    assert read_source(tmp_path / "unsorted.mat").sorting is None


@pytest.fixture
def nwb_path(tmp_path):
    file = NWBFile("a session", "an id", datetime(2024, 1, 1, tzinfo=UTC))
    group = file.create_electrode_group("shank", description="d", location="l", device=file.create_device("probe"))
    for _ in range(2):
        file.add_electrode(group=group, location="l")
    region = file.create_electrode_table_region([0, 1], "all")
    data = np.stack([RAW, -RAW], axis=1)
    file.add_acquisition(ElectricalSeries(name="raw", data=data, electrodes=region, rate=20000.0, conversion=1e-6))
    file.add_unit(spike_times=[0.01, 0.02], id=7)
    path = tmp_path / "recording.nwb"
    with NWBHDF5IO(path, "w") as io:
        io.write(file)
    return path


def test_nwb_with_units(nwb_path):
    source = read_source(nwb_path)
    assert source.unit_of_measure == "uV"
    assert np.allclose(source.recording.get_traces(return_in_uV=True)[:, 1], -RAW)
    assert source.sorting.get_unit_spike_train(source.sorting.unit_ids[0]).tolist() == [200, 400]


def test_nwb_units_named_in_words_can_be_left_out(nwb_path):
    with NWBHDF5IO(nwb_path, "a") as io:
        file = io.read()
        file.add_unit_column("unit_name", "as the sorter called it", data=["4"])
        io.write(file)
    assert read_source(nwb_path).sorting.unit_ids.tolist() == ["4"]
    assert read_source(nwb_path, not_units=(4,)).sorting.unit_ids.tolist() == []


def test_nwb_spikes_outside_the_recording_are_not_its_spikes(nwb_path):
    with NWBHDF5IO(nwb_path, "a") as io:
        file = io.read()
        file.add_unit(spike_times=[-0.01, 0.03, 0.06], id=8)  # the recording is 0.05 s long
        io.write(file)
    assert read_source(nwb_path).sorting.get_unit_spike_train(8).tolist() == [600]


@pytest.mark.filterwarnings("ignore:The extractor is not serializable")
def test_a_folder_that_spikeinterface_saved(tmp_path):
    NumpyRecording([RAW[:, None]], 24000.0).save(folder=tmp_path / "saved", verbose=False)
    source = read_source(tmp_path / "saved")
    assert np.array_equal(source.recording.get_traces()[:, 0], RAW)


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"labels": LABELS}, "waveforms or raw"),
        ({}, "waveforms or raw"),
        ({"raw": RAW}, "sampling_rate_hz"),
        ({"raw": RAW, "sampling_rate_hz": np.nan}, "sampling_rate_hz"),
        ({"raw": RAW, "sampling_rate_hz": -1.0}, "positive"),
        ({"raw": RAW, "sampling_rate_hz": "fast"}, "one number"),
        ({"raw": np.where(np.arange(1000) == 7, np.nan, RAW), "sampling_rate_hz": 1e4}, r"\(0, 7\)"),
        ({"raw": RAW[:1], "sampling_rate_hz": 1e4}, "more than one sample"),
        ({"raw": RAW[:0], "sampling_rate_hz": 1e4}, "more than one sample"),
        ({"raw": RAW.reshape(100, 10), "sampling_rate_hz": 1e4}, "transpose"),
        ({"raw": RAW.reshape(10, 10, 10), "sampling_rate_hz": 1e4}, "n_channels"),
        ({"raw": RAW.astype(complex), "sampling_rate_hz": 1e4}, "complex"),
        ({"raw": RAW, "sampling_rate_hz": 1e4, "spike_times": TIMES, "labels": LABELS[:2]}, "2 labels"),
        ({"raw": RAW, "sampling_rate_hz": 1e4, "spike_times": TIMES * 10, "labels": LABELS}, "1000 samples"),
        ({"raw": RAW, "sampling_rate_hz": 1e4, "spike_times": TIMES / 7, "labels": LABELS}, "whole numbers"),
        ({"waveforms": WINDOWS, "labels": LABELS}, "5 waveforms but 3 labels"),
        ({"waveforms": WINDOWS, "labels": np.array(["a"] * 5)}, "whole numbers"),
        ({"raw": RAW, "sampling_rate_hz": 24e6}, "at most 1e\\+06 Hz"),
        ({"waveforms": WINDOWS, "labels": np.full(5, 2**32 + 1)}, "below 2\\^31"),
        ({"waveforms": WINDOWS * np.nan}, "NaN"),
        ({"waveforms": WINDOWS.astype(float) * 1e300}, "infinite"),
        ({"waveforms": WINDOWS[:0]}, "shape"),
        ({"waveforms": WINDOWS[0]}, "n_spikes, n_samples"),
        ({"waveforms": WINDOWS[:, :1]}, "2 samples"),
    ],
)
def test_an_npz_that_makes_no_sense_is_refused_in_one_line(tmp_path, arrays, says):
    with pytest.raises(BadInput, match=says) as refusal:
        read_source(npz(tmp_path, **arrays))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(("prefer", "signal"), [("raw", {"waveforms": WINDOWS}), ("windows", {"raw": RAW})])
def test_what_is_preferred_must_be_there(tmp_path, prefer, signal):
    with pytest.raises(BadInput, match="no array"):
        read_source(npz(tmp_path, **signal, sampling_rate_hz=1e4), prefer=prefer)


@pytest.mark.parametrize(
    ("header", "compression"),
    [
        (f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({2**70},)}}", zipfile.ZIP_STORED),
        ("(" * 200, zipfile.ZIP_STORED),
        ("damaged", zipfile.ZIP_LZMA),
    ],
)
def test_an_npz_made_to_harm_is_refused_in_one_line(tmp_path, header, compression):
    path = tmp_path / "file.npz"
    text = (header + "\n").encode()
    with zipfile.ZipFile(path, "w", compression) as file:
        file.writestr("raw.npy", b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + RNG.bytes(1000))
    if compression == zipfile.ZIP_LZMA:
        content = path.read_bytes()
        path.write_bytes(content[:150] + bytes(150) + content[300:])
    with pytest.raises(BadInput, match="plain arrays"):
        read_source(path)


class Bomb:
    def __reduce__(self):
        return pytest.fail, ("a file was unpickled",)


def test_objects_in_an_npz_are_not_unpickled(tmp_path):
    path = tmp_path / "bomb.npz"
    np.savez(path, waveforms=np.array([Bomb()], dtype=object))
    with pytest.raises(BadInput, match="plain arrays"):
        read_source(path)


@pytest.mark.parametrize("suffix", [".npz", ".mat", ".nwb", ".edf", ".pkl", ".txt"])
def test_a_pickle_under_any_name_is_refused(tmp_path, suffix):
    path = tmp_path / f"file{suffix}"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(BadInput) as refusal:
        read_source(path)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("suffix", [".npz", ".mat"])
def test_files_cut_short_or_with_flipped_bytes_are_read_or_refused(tmp_path, suffix):
    path = tmp_path / f"file{suffix}"
    if suffix == ".npz":
        np.savez_compressed(path, raw=RAW, sampling_rate_hz=1e4, spike_times=TIMES, labels=LABELS)
    else:
        savemat(path, {"data": RAW[None, :], "samplingInterval": 0.1}, do_compression=True)
    whole = path.read_bytes()
    rng = np.random.default_rng(1)
    refused = 0
    for trial in range(200):
        damaged = bytearray(whole)
        if trial % 2:
            damaged = damaged[: rng.integers(len(whole))]
        else:
            damaged[rng.integers(len(whole))] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            read_source(path)
        except BadInput as refusal:
            assert "\n" not in str(refusal)
            refused += 1
    assert refused > 100


def test_what_is_missing_or_unknown_is_named(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("no recording")
    for name, says in (("none.npz", "no such file"), ("empty", "no reader"), ("notes.txt", "no reader")):
        with pytest.raises(BadInput, match=says):
            read_source(tmp_path / name)


def test_a_mat_file_with_a_sparse_matrix_is_refused(tmp_path):
    savemat(tmp_path / "sparse.mat", {"data": csr_matrix(RAW[None, :]), "samplingInterval": 1 / 24})
    with pytest.raises(BadInput, match="sparse"):
        read_source(tmp_path / "sparse.mat")


def test_a_mat_file_without_a_recording_is_refused(tmp_path):
    savemat(tmp_path / "other.mat", {"x": 1})
    with pytest.raises(BadInput, match="samplingInterval"):
        read_source(tmp_path / "other.mat")

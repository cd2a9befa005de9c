import numpy as np
import pytest
from scipy.io import savemat

from qat.datasets import data_sets_of
from qat.errors import BadInput
from qat.recordings.npz import save_recording
from qat.recordings.simulate import SimulationSpec, simulate_recording

N_SPIKES, N_SAMPLES = 60, 16
LABELS = np.arange(N_SPIKES) % 3


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    shapes = np.sin(np.linspace(0, 6, N_SAMPLES)) * np.array([[1.0], [2.0], [3.0]])
    waveforms = shapes[LABELS] + 0.1 * rng.normal(size=(N_SPIKES, N_SAMPLES))
    noisy = waveforms + rng.normal(size=waveforms.shape)
    all_channels = np.stack([waveforms, 2 * waveforms, noisy], axis=1)
    np.savez(tmp_path / "one.npz", waveforms=waveforms, noisy=noisy, labels=LABELS, sampling_rate_hz=24e3)
    np.savez(tmp_path / "four.npz", waveforms=waveforms, waveforms_all_channels=all_channels, labels=LABELS)
    recording = simulate_recording(SimulationSpec(duration_s=3.0, n_channels=2, firing_rate_hz=20.0))
    save_recording(recording, tmp_path / "raw.npz")
    savemat(tmp_path / "trace.mat", {"data": rng.normal(size=(1, 2000)), "samplingInterval": 1 / 24})
    return tmp_path


def listed(folder, *tables):
    path = folder / "files.toml"
    path.write_text("\n".join(f"[[recording]]\n{table}" for table in tables))
    return path


def the_one(folder, table):
    return data_sets_of(listed(folder, f'name = "a"\n{table}'))[0]


def test_windows_as_stored_with_the_units_that_are_given(folder):
    data = the_one(folder, 'file = "one.npz"\ngiven_units = 3')
    spikes = data.spikes(0)
    assert data.name == "a"
    assert data.given_units == 3
    assert data.factors == {"similarity": None, "noise": None, "units": None, "drift": None, "channels": 1}
    assert spikes.unit_names == ("0", "1", "2")
    assert spikes.preprocessing["windows"] == "as stored"
    assert spikes.labels_are == "true units"


def test_the_seed_draws_the_split_where_times_are_unknown(folder):
    data = the_one(folder, 'file = "one.npz"')
    first, other = data.spikes(0), data.spikes(1)
    assert np.array_equal(first.true_unit, other.true_unit)
    assert not np.array_equal(first.part, other.part)


def test_another_array_with_labels_that_are_a_reference(folder):
    data = the_one(folder, 'file = "one.npz"\narray = "noisy"\nlabels = "reference labels"')
    assert "array noisy" in data.provenance
    assert "reference labels" in data.provenance
    assert data.spikes(0).labels_are == "reference labels"
    plain = the_one(folder, 'file = "one.npz"')
    assert data.source(0).waveforms.std() > plain.source(0).waveforms.std()


def test_spikes_left_out_are_gone_and_those_of_no_unit_stay(folder):
    left_out = the_one(folder, 'file = "one.npz"\nleave_out = [0]').spikes(0)
    assert left_out.n_spikes == N_SPIKES - (LABELS == 0).sum()
    assert left_out.unit_names == ("1", "2")
    no_unit = the_one(folder, 'file = "one.npz"\nnot_units = [0]').spikes(0)
    assert no_unit.n_spikes == N_SPIKES
    assert np.array_equal(no_unit.true_unit < 0, LABELS == 0)


def test_all_channels_or_some(folder):
    whole = the_one(folder, 'file = "four.npz"')
    assert whole.factors["channels"] == 3
    some = the_one(folder, 'file = "four.npz"\nchannels = [1, 0]')
    assert np.array_equal(some.source(0).waveforms, whole.source(0).waveforms[:, [1, 0]])
    assert the_one(folder, 'file = "four.npz"\narray = "waveforms"').factors["channels"] == 1


def test_a_continuous_recording_with_true_spikes(folder):
    data = the_one(folder, 'file = "raw.npz"\nread_as = "raw"\nchannels = [1]\nnot_units = [2]')
    spikes = data.spikes(0)
    assert data.factors["channels"] == 1
    assert spikes.detection is not None
    assert spikes.unit_names == ("1", "3")


def test_a_recording_without_labels_says_so(folder):
    data = the_one(folder, 'file = "trace.mat"')
    assert data.provenance == "Wave_Clus recording in trace.mat; no labels"


def test_files_are_looked_for_beside_the_list_or_in_the_folder_that_is_given(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("lists")
    path = listed(elsewhere, 'name = "a"\nfile = "one.npz"')
    assert data_sets_of(path, folder)[0].spikes(0).n_spikes == N_SPIKES
    with pytest.raises(BadInput, match="no such file"):
        data_sets_of(path)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ('file = "one.npz"', "recording 1: lacks the key name"),
        ('name = "a"', r"recording 1 \(a\): lacks the key file"),
        ('name = "a/b"\nfile = "one.npz"', "name = 'a/b'; expected letters"),
        ('name = "a"\nfile = 3', "file = 3; expected the name of a file"),
        ('name = "a"\nfile = "none.npz"', "'a': .*none.npz: no such file"),
        ('name = "a"\nfile = "one.npz"\nunits = 2', "unknown key units; the keys are name, file"),
        ('name = "a"\nfile = "one.npz"\narray = "snr"', "'a': one.npz: no array snr among waveforms, noisy"),
        ('name = "a"\nfile = "one.npz"\narray = "labels"', "one.npz: labels must be numbers"),
        ('name = "a"\nfile = "one.npz"\nread_as = "trace"', 'read_as = .*expected "auto" or "windows" or "raw"'),
        ('name = "a"\nfile = "one.npz"\nread_as = "raw"', "no array raw"),
        ('name = "a"\nfile = "one.npz"\nleave_out = 0', "leave_out = 0; expected a list of whole numbers"),
        ('name = "a"\nfile = "one.npz"\nleave_out = [7]', r"no spike has label 7, .* labels are \[0, 1, 2\]"),
        ('name = "a"\nfile = "one.npz"\nnot_units = [0.5]', "not_units"),
        ('name = "a"\nfile = "one.npz"\nchannels = [1]', r"one.npz: channels \[1\]; .* from 0 to 0"),
        ('name = "a"\nfile = "one.npz"\nchannels = []', "channels = "),
        ('name = "a"\nfile = "one.npz"\ngiven_units = 0', "given_units = 0; expected a whole number from 1 on"),
        ('name = "a"\nfile = "one.npz"\ngiven_units = true', "given_units = True"),
        ('name = "a"\nfile = "one.npz"\nrealign = 1', "realign = 1; expected true or false"),
        ('name = "a"\nfile = "one.npz"\nlabels = "truth"', 'labels = .*"true units" or "reference labels"'),
        ('name = "a"\nfile = "raw.npz"\nrealign = true', "realign is for windows"),
        ('name = "a"\nfile = "raw.npz"\nleave_out = [1]', "cannot be left out by label"),
        ('name = "a"\nfile = "trace.mat"\nleave_out = [1]', "cannot be left out by label"),
        ('name = "a"\nfile = "trace.mat"\narray = "data"', "only .npz files hold arrays by name"),
        ('name = "a"\nfile = "one.npz"\n[[recording]]\nname = "a"\nfile = "four.npz"', "two recordings"),
        ('name = "a', "not TOML"),
    ],
)
def test_each_mistake_is_told_in_one_line(folder, table, says):
    path = listed(folder, table)
    with pytest.raises(BadInput, match=says) as told:
        data_sets_of(path)
    assert str(told.value).startswith(f"{path}: ")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [("", "lists no recording"), ("recording = 3", "lists no recording"), ("[files]\na = 1", "files is no key")],
)
def test_a_list_of_nothing_is_refused(tmp_path, content, says):
    path = tmp_path / "files.toml"
    path.write_text(content)
    with pytest.raises(BadInput, match=says):
        data_sets_of(path)


def test_a_missing_list_is_told(tmp_path):
    with pytest.raises(BadInput, match="cannot be read: No such file"):
        data_sets_of(tmp_path / "none.toml")

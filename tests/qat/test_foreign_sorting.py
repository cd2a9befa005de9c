from io import BytesIO

import numpy as np
import pytest
from spikeinterface.core import NpzSortingExtractor, NumpyFolderSorting, NumpySorting

from qat.errors import BadInput
from qat.presort import labels_from_sorting
from qat.recordings.simulate import SimulationSpec, simulate_recording
from qat.recordings.sortings import read_sorting
from qat.spikes.cut import spikes_from_recording
from qat.spikes.spec import SpikeSpec

# SpikeInterface, of a sorting in memory that it saves.
pytestmark = pytest.mark.filterwarnings("ignore:The extractor is not serializable to file:UserWarning")


@pytest.fixture(scope="module")
def source():
    return simulate_recording(SimulationSpec(duration_s=10.0, noise_level=0.05))


@pytest.fixture(scope="module")
def spikes(source):
    return spikes_from_recording(source, SpikeSpec())


def written(form, sorting, folder):
    if form == "folder":
        NumpyFolderSorting.write_sorting(sorting, folder / "sorting")
        return folder / "sorting"
    NpzSortingExtractor.write_sorting(sorting, folder / "sorting.npz")
    return folder / "sorting.npz"


@pytest.mark.parametrize("form", ["folder", "npz"])
def test_a_file_gives_back_its_sorting(form, source, tmp_path):
    read = read_sorting(written(form, source.sorting, tmp_path), None)
    assert [str(unit) for unit in read.unit_ids] == [str(unit) for unit in source.sorting.unit_ids]
    for name in ("sample_index", "unit_index"):
        assert np.array_equal(read.to_spike_vector()[name], source.sorting.to_spike_vector()[name])
    assert read.sampling_frequency == source.sampling_rate_hz


def test_the_true_sorting_gives_the_true_labels_whatever_its_lag(source, spikes):
    vector = source.sorting.to_spike_vector()
    late = NumpySorting.from_samples_and_labels(
        [vector["sample_index"] + 40], [vector["unit_index"]], source.sampling_rate_hz
    )
    presorting = labels_from_sorting(spikes, late)
    matched = presorting.confidence == 1
    assert np.array_equal(matched, spikes.true_unit >= 0)
    assert np.array_equal(presorting.labels[matched], spikes.true_unit[matched])
    assert presorting.method["lag_samples"] == spikes.detection["lag_samples"] - 40


def test_what_has_no_partner_gets_no_confidence_and_unused_units_no_number(source, spikes):
    vector = source.sorting.to_spike_vector()
    second = vector["unit_index"] == 1
    sorting = NumpySorting.from_samples_and_labels(
        [vector["sample_index"][second]], [np.full(second.sum(), "b")], source.sampling_rate_hz, unit_ids=["a", "b"]
    )
    presorting = labels_from_sorting(spikes, sorting)
    assert presorting.n_units == 1 and presorting.method["units"] == ["b"]
    matched = presorting.confidence == 1
    assert presorting.is_given and np.array_equal(presorting.labels, np.where(matched, 0, -1))
    assert matched[spikes.true_unit == 1].mean() > 0.95
    # A missed spike's neighbour may be matched in its place.
    assert matched[spikes.true_unit != 1].mean() < 0.05


def test_a_sorting_that_does_not_fit_is_refused(source, spikes, tmp_path):
    vector = source.sorting.to_spike_vector()
    times, units = vector["sample_index"], vector["unit_index"]
    with pytest.raises(BadInput, match="30000 Hz"):
        labels_from_sorting(spikes, NumpySorting.from_samples_and_labels([times], [units], 30_000.0))
    with pytest.raises(BadInput, match="of this recording"):
        labels_from_sorting(spikes, NumpySorting.from_samples_and_labels([times[:0]], [units[:0]], 24_000.0))
    np.savez(tmp_path / "other.npz", x=1)
    with pytest.raises(BadInput, match="spike_indexes_seg0"):
        read_sorting(tmp_path / "other.npz", None)
    with pytest.raises(BadInput, match="no such file"):
        read_sorting(tmp_path / "none.npz", None)
    with pytest.raises(BadInput, match="no sorting"):
        read_sorting(tmp_path, None)


def npz_sorting(**changed):
    arrays = {
        "unit_ids": np.array(["a", "b"]),
        "num_segment": np.array([1]),
        "sampling_frequency": np.array([24_000.0]),
        "spike_indexes_seg0": np.arange(2000),
        "spike_labels_seg0": np.array(["a", "b"] * 1000),
    }
    content = BytesIO()
    np.savez_compressed(content, **{**arrays, **changed})
    return content.getvalue()


def damaged(content):
    """With bytes of a compressed array overwritten."""
    start = content.index(b"spike_indexes_seg0.npy") + 100
    return content[:start] + b"\xff" * 200 + content[start + 200 :]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a sorting that can be read"),
        (damaged(npz_sorting()), "not a sorting that can be read"),
        (npz_sorting(spike_labels_seg0=np.array(["a", "zz"] * 1000)), "spikes of unit zz, which is not among its"),
    ],
)
def test_a_damaged_sorting_is_refused(tmp_path, content, message):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(BadInput, match=message):
        read_sorting(tmp_path / "a.npz", None)


def test_an_index_below_0_is_no_unit(source, tmp_path):
    folder = written("folder", source.sorting, tmp_path)
    spikes = np.load(folder / "spikes.npy")
    spikes["unit_index"][0] = -1
    np.save(folder / "spikes.npy", spikes)
    with pytest.raises(BadInput, match="unit_index -1; expected indices into 3 units"):
        read_sorting(folder, None)

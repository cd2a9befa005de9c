import pickle
from dataclasses import replace

import numpy as np
import pytest

from qat.datasets import REGISTRY, generated
from qat.errors import BadInput
from qat.recordings.shapes import ShapeLibrary
from qat.spikes.cut import spikes_from_recording
from qat.spikes.spikeset import TEST, TRAIN, VALIDATION

TIME = np.linspace(-1, 2, 90)
PEAKS = np.array([np.exp(-(((TIME - 0.1) / width) ** 2)) for width in (0.1, 0.2, 0.4)])


def test_the_registry_has_every_combination_of_the_factors():
    easiest = {data.factors["noise"] for data in REGISTRY.values() if data.factors["similarity"] == "easy"}
    others = {data.factors["noise"] for data in REGISTRY.values() if data.factors["similarity"] != "easy"}
    assert easiest == {0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.40}
    assert others == {0.05, 0.10, 0.15, 0.20}
    assert len(REGISTRY) == (7 + 3 * 4) * 3 * 2 * 2
    assert len({data.provenance for data in REGISTRY.values()}) == len(REGISTRY)


def test_names_are_made_from_the_factors():
    data = REGISTRY["moderate-noise010-5units-drift-tetrode"]
    assert data.factors == {"similarity": "moderate", "noise": 0.10, "units": 5, "drift": 0.3, "channels": 4}
    assert generated(0.85, 0.125, drift=0.1, channels=2).name == "alike085-noise0125-3units-drift010-2channels"


def test_every_seed_is_a_recording_of_its_own_and_the_same_again():
    data = generated("easy", 0.10, duration_s=4.0)
    first, again, other = data.spikes(0), data.spikes(0), data.spikes(1)
    assert np.array_equal(first.waveforms, again.waveforms)
    assert first.provenance != other.provenance
    assert first.n_spikes != other.n_spikes or not np.array_equal(first.sample_index, other.sample_index)
    assert set(first.part) == {TRAIN, VALIDATION, TEST}
    assert first.unit_names == ("1", "2", "3")


def test_a_data_set_goes_to_another_process_and_may_be_cut_in_another_way():
    data = generated("easy", 0.05, channels=4, duration_s=4.0)
    moved = pickle.loads(pickle.dumps(data))
    assert np.array_equal(moved.spikes(2).waveforms, data.spikes(2).waveforms)
    coarse = replace(data, spec=replace(data.spec, bits=4)).spikes(2)
    assert coarse.bits == 4
    assert coarse.n_channels == 4


def test_spikes_that_drown_in_noise_are_taken_from_where_they_are():
    loud = generated("easy", 0.40, duration_s=8.0)
    assert "cut at their true times" in loud.provenance
    spikes = loud.spikes(0)
    parts = spikes.detection["parts"].values()
    assert sum(part["n_matched"] for part in parts) > 0.93 * sum(part["n_true"] for part in parts)
    assert sum(part["n_extra"] for part in parts) < 0.05 * spikes.n_spikes
    assert "threshold" not in spikes.preprocessing
    by_threshold = replace(loud, spec=replace(loud.spec, at_true_times=False)).spikes(0)
    assert by_threshold.n_spikes < 0.5 * spikes.n_spikes
    with pytest.raises(BadInput, match="its true spikes are unknown"):
        spikes_from_recording(replace(loud.source(0), sorting=None), loud.spec)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"units": 8, "similarity": -0.5}, "no 8 shapes of mean correlation -0.5"),
        ({"units": 8, "similarity": 0.3}, "no 8 shapes of mean correlation 0.3"),
        ({"units": 500}, "library has 300"),
        ({"noise": 0.6}, "noise_level"),
        ({"templates": ShapeLibrary(PEAKS, 30_000.0), "units": 5}, "library has 3"),
        ({"templates": ShapeLibrary(PEAKS, 30_000.0), "similarity": 0.1}, "nearest is"),
    ],
)
def test_what_cannot_be_built_is_no_data_set(wrong, says):
    with pytest.raises(BadInput, match=says):
        generated(**({"similarity": "easy", "noise": 0.10} | wrong))


def test_units_of_a_data_set_come_from_the_templates_that_are_handed_over():
    spikes = generated(0.7, 0.05, units=2, duration_s=4.0, templates=ShapeLibrary(PEAKS, 30_000.0)).spikes(0)
    at = spikes.preprocessing["align_sample"]
    assert spikes.preprocessing["sign"] == "pos"
    assert np.median(spikes.waveforms[:, 0, at]) > 50

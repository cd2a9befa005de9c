from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from flows import steps
from flows.errors import BadInput
from flows.pipeline import run_steps
from flows.settings import Settings
from flows.settings.simulated_recording import SimulationSettings
from flows.settings.spikes import SpikeSettings
from flows.steps import files
from flows.steps.judging import judged
from qat.presort import Presorting
from qat.spikes.spikeset import TEST, SpikeSet
from tests.flows.doubles import Diary

RATE_HZ = 24_000.0


def test_a_recording_without_a_spike_in_the_test_part_is_refused(tmp_path):
    raw = np.random.default_rng(0).normal(size=48_000)
    raw[30_000:] = 0.1 * np.sin(np.arange(18_000))
    raw[2_000:28_000:1_000] -= 40.0
    np.savez(tmp_path / "quiet.npz", raw=raw, sampling_rate_hz=RATE_HZ)
    chain = steps.build(Settings(recording=tmp_path / "quiet.npz"), "train")
    with pytest.raises(BadInput, match="no spike in the test part"):
        run_steps(chain, tmp_path / "run", Diary(), last="spikes")


def test_a_choice_without_effect_on_stored_windows_is_refused(tmp_path):
    waveforms = np.random.default_rng(0).normal(size=(200, 32)).astype(np.float32)
    np.savez(tmp_path / "cut.npz", waveforms=waveforms)
    settings = Settings(recording=tmp_path / "cut.npz", spikes=SpikeSettings(low_hz=500.0))
    with pytest.raises(BadInput, match=r"--low-hz has no effect on cut\.npz, whose windows came cut"):
        run_steps(steps.build(settings, "train"), tmp_path / "run", Diary(), last="spikes")


@pytest.fixture
def labelled(tmp_path):
    rng = np.random.default_rng(0)
    labels = np.arange(240) % 3
    shapes = np.sin(np.linspace(0, 6, 16)) * np.array([[1.0], [2.0], [3.0]])
    path = tmp_path / "cut.npz"
    np.savez(path, hard=shapes[labels] + 0.1 * rng.normal(size=(240, 16)), labels=labels, sampling_rate_hz=RATE_HZ)
    return path


def test_what_is_said_about_a_file_reaches_its_spikes(labelled, tmp_path):
    said = SpikeSettings(array="hard", leave_out=(0,), realign=True, reference_labels=True)
    run = run_steps(
        steps.build(Settings(recording=labelled, spikes=said), "train"), tmp_path / "run", Diary(), last="spikes"
    )
    spikes = SpikeSet.load(run.step_folder("spikes") / "spikes.npz")
    assert spikes.unit_names == ("1", "2")
    assert spikes.n_samples < 16
    assert spikes.labels_are == "reference labels"


def test_a_continuous_recording_is_not_shifted(tmp_path):
    np.savez(tmp_path / "raw.npz", raw=np.random.default_rng(0).normal(size=48_000), sampling_rate_hz=RATE_HZ)
    settings = Settings(recording=tmp_path / "raw.npz", spikes=SpikeSettings(realign=True))
    with pytest.raises(BadInput, match=r"--realign has no effect on raw\.npz"):
        run_steps(steps.build(settings, "train"), tmp_path / "run", Diary(), last="spikes")


def test_templates_make_the_recording_and_their_digest_stands_in_the_manifest(labelled, tmp_path):
    time = np.arange(48) / 30.0 - 0.4
    shapes = np.array([-np.exp(-((time / width) ** 2)) for width in (0.10, 0.15, 0.25)])
    np.savez(tmp_path / "cells.npz", waveforms=shapes, sampling_rate_hz=30e3)
    made = SimulationSettings(duration_s=2.0, units=2, similarity=0.8)
    settings = Settings(simulation=made, templates=tmp_path / "cells.npz")
    run = run_steps(steps.build(settings, "train"), tmp_path / "run", Diary(), last="recording")
    assert run.summary("recording")["provenance"].endswith("shapes of cells")
    assert list(run.manifest()["recording"].inputs) == ["cells.npz"]


@pytest.mark.parametrize(("is_reference", "against"), [(False, "true units"), (True, "reference labels")])
def test_answers_are_held_against_what_the_labels_are(labelled, tmp_path, is_reference, against):
    settings = Settings(recording=labelled, spikes=SpikeSettings(array="hard", reference_labels=is_reference))
    run = run_steps(steps.build(settings, "train"), tmp_path / "run", Diary(), last="spikes")
    spikes = SpikeSet.load(run.step_folder("spikes") / files.SPIKES)
    pseudo_labels = Presorting(spikes.true_unit, np.ones(240, np.float32), 3, 1.0, {})
    pseudo_labels.save(tmp_path / files.PSEUDO_LABELS)
    assert judged(Results({"spikes": run.step_folder("spikes"), "presort": tmp_path}), 60).labels == against


@pytest.mark.parametrize("kind", ["waveforms", "raw"])
def test_nothing_is_said_about_labels_that_are_not_there(kind, tmp_path):
    data = np.random.default_rng(0).normal(size=(240, 16) if kind == "waveforms" else 48_000)
    np.savez(tmp_path / "bare.npz", **{kind: data}, sampling_rate_hz=RATE_HZ)
    settings = Settings(recording=tmp_path / "bare.npz", spikes=SpikeSettings(reference_labels=True))
    with pytest.raises(BadInput, match=r"has no effect on bare\.npz, which has no labels"):
        run_steps(steps.build(settings, "train"), tmp_path / "run", Diary(), last="spikes")


def test_spikes_without_a_label_are_not_judged(labelled, tmp_path):
    settings = Settings(recording=labelled, spikes=SpikeSettings(array="hard", not_units=(0, 1, 2)))
    run = run_steps(steps.build(settings, "train"), tmp_path / "run", Diary(), last="spikes")
    spikes = SpikeSet.load(run.step_folder("spikes") / files.SPIKES)
    results = Results({"spikes": run.step_folder("spikes"), "presort": tmp_path})
    for labels, against in ((np.arange(240) % 3 - 1, "pseudo-labels"), (np.full(240, -1), None)):
        Presorting(labels.astype(np.int32), np.ones(240, np.float32), 2, 1.0, {}).save(tmp_path / files.PSEUDO_LABELS)
        found, test = judged(results, 240), spikes.part == TEST
        assert found.labels == against
        if found.accuracy is not None:
            assert len(found.spikes) == np.count_nonzero(test & (labels >= 0))
            assert found.accuracy(labels[test & (labels >= 0)]) == 1.0


@dataclass(frozen=True)
class Results:
    """The folders of earlier steps, as a step sees them."""

    folders: Mapping[str, Path]

    def of(self, step):
        return self.folders[step]

"""From a recording to spike trains, through the command line; and one meaning of 'unsorted' on both sides."""

import json
import os
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rich.console import Console
from spikeinterface.core import NpzSortingExtractor, read_npz_sorting
from typer.testing import CliRunner

import hw.network.decide
import qat.unsorted
from flows import steps
from flows.cli import app
from flows.commands.session import Session
from hw.network.lower import lower
from hw.network.reference import Reference
from qat.export import load_metadata
from qat.presort import Presorting
from qat.spikes.spikeset import TEST, VALIDATION, SpikeSet


@settings(deadline=None)
@given(
    arrays(np.int64, st.tuples(st.integers(1, 6), st.integers(1, 4)), elements=st.integers(-20, 20)),
    st.integers(0, 45),
)
def test_both_sides_withhold_the_same_answers(scores, margin):
    assert np.array_equal(qat.unsorted.decide(scores, margin), hw.network.decide.decide(scores, margin))


def spikeloom(*words, exit_code=0):
    result = CliRunner().invoke(app, [str(word) for word in words], obj=Session(Console(width=200), steps))
    assert result.exit_code == exit_code, result.output
    return result.output


MARGIN = 6
TRAIN = ("train", "--duration-s", 40, "--hidden", "32,16", "--epochs", 10, "--seeds", 0)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "run"
    spikeloom(*TRAIN, "--unsorted", MARGIN, "--out", folder)
    return folder


def test_a_run_sorts_its_recording_as_the_reference_does(run):
    spikes, model = SpikeSet.load(run / "spikes" / "spikes.npz"), run / "export" / "model.onnx"
    assert lower(model).margin == MARGIN and load_metadata(model)["unsorted"] == {"margin": MARGIN}
    scores = Reference.open(model).run(spikes.inputs()).scores.astype(np.int64)
    answers = qat.unsorted.decide(scores, MARGIN)
    sorting = read_npz_sorting(run / "sort" / "sorting.npz")
    for index, unit in enumerate(sorting.unit_ids):
        train = sorting.get_unit_spike_train(unit, segment_index=0)
        assert np.array_equal(train, spikes.sample_index[answers == index])
    summary = json.loads((run / "sort" / "summary.json").read_text())
    assert summary["n_unsorted"] == np.count_nonzero(answers == scores.shape[1])
    assert summary["n_sorted"] + summary["n_unsorted"] == spikes.n_spikes


def test_only_the_test_stretch_is_scored(run):
    report = json.loads((run / "report.json").read_text())
    (test,) = [part for part in report["recording"]["parts"] if part["part"] == "test"]
    sorters = {row["sorter"] for row in report["sorted_units"]}
    assert len(sorters) == 4
    for sorter in sorters:
        rows = [row for row in report["sorted_units"] if row["sorter"] == sorter]
        assert sum(row["n_true"] for row in rows) == test["n_true"] == report["withheld"]["n_to_find"]
        assert sum(row["n_found"] for row in rows) <= test["n_spikes"]
    first, chosen = report["withheld"]["points"]
    assert (first["margin"], chosen["margin"], chosen["is_chosen"]) == (0, MARGIN, True)
    assert chosen["n_answers"] <= first["n_answers"] <= test["n_spikes"]
    assert (run / "sort" / "precision_recall.png").read_bytes().startswith(b"\x89PNG")


def test_a_device_sorts_the_same_recording_alike(run, tmp_path):
    spikeloom("sort", run, tmp_path / "own.npz", "--format", "npz")
    spikeloom(
        "sort", run, tmp_path / "read.npz", "--format", "npz", "--recording", run / "recording" / "recording.npz"
    )
    assert (tmp_path / "own.npz").read_bytes() == (run / "sort" / "sorting.npz").read_bytes()
    assert (tmp_path / "read.npz").read_bytes() == (tmp_path / "own.npz").read_bytes()


def test_a_margin_may_be_given_instead(run, tmp_path):
    line = spikeloom("sort", run, tmp_path / "all.npz", "--format", "npz", "--unsorted-margin", 0)
    assert " 0 left out as unsorted (margin 0)" in line
    spikes = SpikeSet.load(run / "spikes" / "spikes.npz")
    assert read_npz_sorting(tmp_path / "all.npz").count_total_num_spikes() == spikes.n_spikes


def test_spikes_that_a_given_sorting_lacks_count_as_unlabelled(run, tmp_path):
    whole = read_npz_sorting(run / "spikes" / "true_sorting.npz")
    NpzSortingExtractor.write_sorting(whole.select_units(whole.unit_ids[1:]), tmp_path / "some.npz")
    out = spikeloom(*TRAIN, "--sorting", tmp_path / "some.npz", "--out", tmp_path / "run")
    assert "presort: take the labels from the sorting that is given" in out and "pre-sorter" not in out
    spikes = SpikeSet.load(tmp_path / "run" / "spikes" / "spikes.npz")
    has_label = Presorting.load(tmp_path / "run" / "presort" / "pseudo_labels.npz").labels >= 0
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    against = {row["against"]: row["n_spikes"] for row in report["accuracy"]}
    assert against["pseudo-labels"] == np.count_nonzero(has_label & (spikes.part == TEST)) < against["true units"]
    calibration = load_metadata(tmp_path / "run" / "export" / "model.onnx")["unsorted"]["calibration"]
    assert calibration["n_answers"] <= np.count_nonzero(has_label & (spikes.part == VALIDATION))
    found = {row["found_as"]: row["n_found"] for row in report["sorted_units"] if row["sorter"] == "given sorting"}
    assert sum(found.values()) == against["pseudo-labels"]


def test_a_folder_is_not_named_like_a_file(run, tmp_path):
    assert "add --format nwb" in spikeloom("sort", run, tmp_path / "a.nwb", exit_code=1)
    assert "add --format npz" in spikeloom("sort", run, tmp_path / "a.npz", "--format", "phy", exit_code=1)
    assert not list(tmp_path.iterdir())


def test_a_recording_that_never_ends_is_refused(run, tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    line = spikeloom("sort", run, tmp_path / "a", "--recording", tmp_path / "pipe.npz", exit_code=1)
    assert "a regular file or a folder is wanted" in line


def test_what_is_there_stays_and_nothing_half_written_does(run, tmp_path):
    (tmp_path / "mine").write_text("mine")
    assert "is there already" in spikeloom("sort", run, tmp_path / "mine", exit_code=1)
    assert "name a file that ends so" in spikeloom("sort", run, tmp_path / "a.npz", "--format", "nwb", exit_code=1)
    moved = tmp_path / "moved"
    (run / "recording").rename(moved)  # as in a run of a file of the user's
    try:
        assert "Phy shows the recording too" in spikeloom(
            "sort", run, tmp_path / "phy", "--format", "phy", exit_code=1
        )
    finally:
        moved.rename(run / "recording")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"] and (tmp_path / "mine").read_text() == "mine"


def test_train_calibrates_the_margin_on_the_validation_part(run):
    spikeloom(*TRAIN, "--to", "export", "--out", run)
    spikes, model = SpikeSet.load(run / "spikes" / "spikes.npz"), run / "export" / "model.onnx"
    scores = Reference.open(model).run(spikes.inputs(VALIDATION)).scores.astype(np.int64)
    labels = Presorting.load(run / "presort" / "pseudo_labels.npz").labels[spikes.part == VALIDATION]
    expected = asdict(qat.unsorted.calibrate_margin(scores, labels))
    assert load_metadata(model)["unsorted"] == {"margin": expected.pop("margin"), "calibration": expected}
    assert 100 < expected["n_answers"] <= len(labels)


def test_train_writes_no_margin_where_none_is_wanted(run):
    spikeloom(*TRAIN, "--unsorted", "off", "--to", "export", "--out", run)
    assert "unsorted" not in load_metadata(run / "export" / "model.onnx")


def test_no_word_but_auto_and_off_is_a_margin(tmp_path):
    for option in ("of", "-1"):
        assert f"--unsorted {option}" in spikeloom("train", "--unsorted", option, "--out", tmp_path, exit_code=1)

from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from flows.cli import app
from flows.commands.session import Session
from flows.errors import BadInput
from flows.report.model import Picture
from flows.report.table import Cell, Headline, Table, number_columns, word_columns
from flows.study.checkpoint import Checkpoint
from flows.study.grid import FULL, QUICK, grid_of
from flows.study.make import StudySettings, only
from flows.study.outcome import Outcome
from flows.study.own import LIST, OwnFile, own_files
from flows.study.page import study_markdown, study_page, tables_markdown
from flows.study.parts.curves import CURVES, curve_section, panels_of
from flows.study.parts.end_to_end import end_to_end_section
from flows.study.parts.files import files_section
from flows.study.parts.main import elsewhere_findings, main_section
from flows.study.parts.presorting import presorting_section
from flows.study.section import Finding, Section
from tests.flows.study_doubles import HARD, result_with


def outcome_of(grid, accuracy):
    checkpoints = (Checkpoint(job, result_with(accuracy(job)), 1.0) for job in grid.jobs)
    return Outcome(grid, tuple(checkpoints))


def part(grid, name):
    return next(part for part in grid.parts if part.name == name)


def test_what_a_network_is_given_is_told_by_name_and_run_once(grid, tmp_path):
    given, outcome = part(grid, "differences"), outcome_of(grid, lambda job: 0.9)
    curve = next(curve for curve in CURVES if curve.part == "differences")
    (panel,) = panels_of(curve, outcome, given)
    assert panel.names == ["0", "1", "2", "1+2"]
    usual = {job for job in given.jobs if job.differences is None and job.model == "cnn"}
    assert usual and usual <= set(part(grid, "main").jobs)
    curve_section(curve, outcome, given, tmp_path)
    assert (tmp_path / "figures/differences.png").exists()


@pytest.fixture(scope="module")
def grid():
    return grid_of(QUICK, files=(OwnFile(HARD, "", True),), is_quick=True)


def test_a_job_of_several_parts_is_done_once(grid):
    assert len(set(grid.jobs)) == len(grid.jobs) < sum(len(part.jobs) for part in grid.parts)


def test_seeds_and_data_sets_are_all_there(grid):
    assert {job.seed for job in grid.jobs} == set(QUICK.seeds)
    assert {job.data_set for job in grid.jobs} == set(grid.data_sets)


@pytest.mark.parametrize(("one_bit", "words"), [(0.98, "holds"), (0.95, "does not hold")])
def test_the_section_of_the_models_says_what_came_out(grid, tmp_path, one_bit, words):
    outcome = outcome_of(grid, lambda job: one_bit if job.model == "one-bit" else 0.98)
    section = main_section(outcome, part(grid, "main"), tmp_path)
    assert f"data sets: {words}." in section.findings[0].text
    assert all((tmp_path / picture.path).is_file() for picture in section.pictures)
    assert {cell.text for row in section.tables[0].rows for cell in row[1:2]} == {f"{100 * one_bit:.2f} ± 0.00 %"}


def test_what_the_claim_leaves_out_is_told_beside_the_twin(grid, tmp_path):
    hardest = next(data_set.name for data_set in QUICK.noise if data_set.factors["noise"] == 0.3)
    claimed = {data_set.name for data_set in QUICK.main}
    outcome = outcome_of(grid, lambda job: 0.95 if (job.data_set, job.model) == (hardest, "one-bit") else 0.98)
    (finding,) = (
        each for each in main_section(outcome, part(grid, "main"), tmp_path).findings if hardest in each.text
    )
    others = {data_set.name for data_set in (*QUICK.noise, *QUICK.drift, *QUICK.units)} - claimed
    assert f"On the {len(others)} others" in finding.text
    assert f"by \u2212{3 / len(others):.2f} points in the mean" in finding.text
    assert f"worst is {hardest} with \u22123.00 points" in finding.text
    alone = only(grid, ("main",))
    assert not elsewhere_findings(outcome_of(alone, lambda job: 0.9), sorted(claimed))


def test_the_section_of_the_labels_takes_the_gap_from_the_results(grid, tmp_path):
    accuracies = {"baseline": 0.90, "pseudo": 0.96, "pseudo-given": 0.94, "true": 0.98}
    outcome = outcome_of(grid, lambda job: accuracies[job.labels])
    section = presorting_section(outcome, part(grid, "presort"), tmp_path)
    assert "closes 75 %" in section.findings[0].text and "closes 50 %" in section.findings[1].text


def test_from_the_recording_on_a_unit_that_is_not_found_counts_as_nothing(grid):
    section = end_to_end_section(outcome_of(grid, lambda job: 0.98), part(grid, "main"))
    # 20 of 38 for the unit that was found, 0 for the other; its precision is unknown, that of the first is 20 of 25.
    first = [cell.text for cell in section.tables[0].rows[0]]
    assert first[2:] == ["26.32 ± 0.00 %", "80.00 ± 0.00 %", "30.30 ± 0.00 %", "0.00 ± 0.00 %", "2 of 4"]
    assert "1-bit network 26.32" in section.findings[0].text


def test_a_file_cannot_take_a_generated_data_sets_name():
    own = OwnFile(replace(QUICK.base, factors={}), "", True)
    with pytest.raises(BadInput, match=f"'{QUICK.base.name}' has the name of a generated data set"):
        grid_of(QUICK, (own,))


def test_points_without_a_detection_are_told(grid, tmp_path):
    curve = next(curve for curve in CURVES if curve.part == "noise")
    section = curve_section(curve, outcome_of(grid, lambda job: 0.9), part(grid, "noise"), tmp_path)
    undetected = [data_set.factors["noise"] for data_set in FULL.noise if data_set.spec.at_true_times]
    assert undetected == [0.3, 0.4] and "Above 0.20" in section.text and "true times" in section.text


def test_curves_are_over_the_factor_in_order(grid):
    noise = {data_set.name: data_set.factors["noise"] for data_set in grid.data_sets.values()}
    outcome = outcome_of(grid, lambda job: 1 - noise[job.data_set])
    curve = next(curve for curve in CURVES if curve.part == "noise")
    (panel,) = panels_of(curve, outcome, part(grid, "noise"))
    assert list(panel.values) == sorted(data_set.factors["noise"] for data_set in QUICK.noise)
    assert [spread.mean for spread in panel.curves["one-bit"]] == [1 - value for value in panel.values]


def test_files_are_told_of_without_a_verdict(grid, tmp_path):
    outcome = outcome_of(grid, lambda job: 0.97 if job.labels == "true" else 0.96)
    section = files_section(outcome, part(grid, "files"), tmp_path)
    assert [finding.tone for finding in section.findings] == ["plain"]
    assert "true labels 97.00 ± 0.00 %, from which the network differs by −1.00 points" in section.findings[0].text


def test_a_files_reference_labels_are_not_called_true(tmp_path):
    windows = np.random.default_rng(0).normal(size=(60, 16)).astype(np.float32)
    np.savez(tmp_path / "a.npz", waveforms=windows, labels=np.arange(60, dtype=np.int32) % 2 + 1)
    (tmp_path / LIST).write_text('[[recording]]\nname = "a"\nfile = "a.npz"\nlabels = "reference labels"\n')
    own = grid_of(QUICK, own_files(tmp_path, None))
    section = files_section(outcome_of(own, lambda job: 0.96), part(own, "files"), tmp_path)
    text = section.findings[0].text
    assert "of reference labels, which are no ground truth" in text and "true labels" not in text


def test_of_a_file_with_one_known_unit_precision_and_recall_are_told(grid, tmp_path):
    outcome = outcome_of(grid, lambda job: 0.96)
    one_unit = [
        replace(
            each, result=replace(each.result, truth=replace(each.result.truth, units=each.result.truth.units[1:]))
        )
        for each in outcome.checkpoints
    ]
    section = files_section(Outcome(grid, tuple(one_unit)), part(grid, "files"), tmp_path)
    assert "1-bit network has a precision of 96.00 ± 0.00 % and a recall of 96.00" in section.findings[0].text


def test_a_part_can_be_had_alone_and_an_unknown_one_is_named(grid):
    assert [each.name for each in only(grid, ("drift", "main")).parts] == ["main", "drift"]
    with pytest.raises(BadInput, match=r"--only drifts: the study has no such part; its parts are main, presort"):
        only(grid, ("drifts",))


def test_a_list_of_files_is_read_from_its_folder_or_by_itself(tmp_path):
    windows = np.random.default_rng(0).normal(size=(60, 16)).astype(np.float32)
    np.savez(tmp_path / "a.npz", waveforms=windows, labels=np.arange(60, dtype=np.int32) % 2 + 1)
    np.savez(tmp_path / "b.npz", waveforms=windows, labels=np.full(60, -1, dtype=np.int32))
    toml = tmp_path / LIST
    toml.write_text('[[recording]]\nname = "a"\nfile = "a.npz"\n[[recording]]\nname = "b"\nfile = "b.npz"\n')
    first, second = own_files(tmp_path, None)
    assert (first.has_truth, second.has_truth) == (True, False) and first.digest != second.digest
    assert [file.data_set.name for file in own_files(None, toml)] == ["a", "b"]
    assert {(job.model, job.labels) for job in part(grid_of(QUICK, (second,)), "files").jobs} == {
        ("one-bit", "pseudo"),
        ("twin", "pseudo"),
        ("pre-sorter", "pseudo"),
    }
    with pytest.raises(BadInput, match="both list a recording 'a'"):
        own_files(tmp_path, toml)


def test_a_folder_without_a_list_is_taken_for_the_published_recordings(tmp_path):
    with pytest.raises(BadInput, match=r"holds no study\.toml.*quiroga2004_easy1_noise010\.npz is not there"):
        own_files(tmp_path, None)


def test_no_process_is_refused(tmp_path):
    with pytest.raises(BadInput, match="--jobs 0: at least 1"):
        StudySettings(tmp_path, n_processes=0)


class Seen(HTMLParser):
    """Everything that a page would fetch or run."""

    def __init__(self):
        super().__init__()
        self.outside = []

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag in ("script", "link") or not values.get("src", "data:").startswith("data:"):
            self.outside.append((tag, values))


SECTION = Section(
    heading="A <b>part</b>",
    text="What was done.",
    findings=(Finding("It holds.", "good"), Finding("It does not hold.", "bad")),
    pictures=(Picture("figures/a.png", "A picture"),),
    tables=(
        Table("Rows", "In words.", (*word_columns("Set"), *number_columns("mean")), ((Cell("a|b"), Cell("1 %")),)),
    ),
    headlines=(Headline("Gap", Cell("0.31", "good"), "of 5 seeds"),),
)


def test_the_page_needs_no_other_file_and_escapes_what_it_is_given(tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures/a.png").write_bytes(b"png")
    page, seen = study_page("Study", "All of it.", [SECTION], tmp_path), Seen()
    seen.feed(page)
    assert not seen.outside
    assert "A &lt;b&gt;part&lt;/b&gt;" in page
    assert '<li class="bad">It does not hold.</li>' in page


def test_the_same_in_markdown():
    text = study_markdown("Study", "All of it.", [SECTION])
    assert "- It does not hold.\n" in text and "![A picture](<figures/a.png>)" in text
    assert "| a\\|b | 1 % |" in text and "| a\\|b | 1 % |" in tables_markdown([SECTION])


def test_the_parts_of_the_command_line_are_those_of_the_grid(grid):
    from flows.commands.study import PARTS  # noqa: PLC0415

    assert PARTS.split(", ") == [part.name for part in grid.parts]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "drifts"], "error: --only drifts: the study has no such part; its parts are main, presort,"),
        (["--jobs", "0"], "error: --jobs 0: at least 1 process is needed"),
        (["--data", "nowhere"], "error: --data nowhere: is no folder"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["study", *arguments], obj=Session(Console(), None))
    assert done.exit_code == 1
    assert done.stderr.startswith(message) and done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())

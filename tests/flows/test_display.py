import io

import pytest
from rich.console import Console

from flows.display import shown_on
from flows.pipeline import Step, run_steps


def action(context):
    for hundredth in range(101):
        context.progress(hundredth / 100, f"epoch [{hundredth}]")
    return {}


STEPS = (Step("train", "train [both] networks", action), Step("export", "write a file", lambda context: {}))


def shown(folder, steps=STEPS, **options):
    console = Console(file=io.StringIO(), width=120, **options)
    with shown_on(console) as display:
        run_steps(steps, folder, display)
    return console.file.getvalue()


def test_a_log_gets_one_line_an_event_and_each_quarter_once(tmp_path):
    lines = shown(tmp_path).splitlines()
    assert lines[:5] == [
        "2 steps: train, export",
        "train: train [both] networks",
        "train: 25 % epoch [25]",
        "train: 50 % epoch [50]",
        "train: 75 % epoch [75]",
    ]
    assert lines[5].startswith("train: done in ")
    assert shown(tmp_path).splitlines()[1:] == ["train: up to date", "export: up to date"]


def test_a_terminal_gets_a_line_a_step_with_what_files_say_taken_literally(tmp_path):
    text = shown(tmp_path, force_terminal=True)
    assert "✓" in text
    assert "train" in text
    assert "export" in text
    again = shown(tmp_path, force_terminal=True)
    assert again.count("up to date") >= 2


def test_a_terminal_shows_which_step_broke_off(tmp_path):
    def broken(context):
        context.progress(0.2, "epoch [/b]")
        raise RuntimeError("broken")

    console = Console(file=io.StringIO(), width=120, force_terminal=True)
    with pytest.raises(RuntimeError), shown_on(console) as display:
        run_steps((Step("train", "train", broken),), tmp_path, display)
    assert "broke off" in console.file.getvalue()

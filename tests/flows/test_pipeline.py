import json
from dataclasses import replace

import pytest

from flows import pipeline
from flows.errors import BadInput
from flows.pipeline import Step, run_steps
from flows.runfolder import existing_run_folder, open_run_folder
from tests.flows.doubles import Diary


def write(text):
    """An action that leaves one file; its summary tells how long it is."""

    def action(context):
        (context.folder / "text.txt").write_text(text)
        return {"length": len(text)}

    return action


def copy_of(step):
    """An action that copies the text of an earlier step."""

    def action(context):
        (context.folder / "copy.txt").write_text((context.of(step) / "text.txt").read_text())
        return {"copied": context.summary(step)["length"]}

    return action


def break_off(error):
    def action(context):
        (context.folder / "half.txt").write_text("half")
        raise error

    return action


FIRST = Step("first", "write", write("abc"), parameters={"text": "abc", "seed": 3})
SECOND = Step("second", "copy", copy_of("first"), needs=("first",))
THIRD = Step("third", "write on its own", write("z"))
CHAIN = (FIRST, SECOND, THIRD)


def run(folder, steps=CHAIN, **options):
    diary = Diary()
    run_steps(steps, folder, diary, **options)
    return diary


def refusal(folder, steps=CHAIN, **options):
    with pytest.raises(BadInput) as caught:
        run(folder, steps, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_step_leaves_its_folder_and_summary(tmp_path):
    diary = run(tmp_path / "run")
    assert diary.ran() == ["first", "second", "third"]
    assert (tmp_path / "run/second/copy.txt").read_text() == "abc"
    assert json.loads((tmp_path / "run/second/summary.json").read_text()) == {"copied": 3}
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        ".lock", "first", "manifest.json", "second", "third", "timings.json"
    ]  # fmt: skip


def test_what_is_up_to_date_is_skipped_and_left_untouched(tmp_path):
    run(tmp_path)
    before = tree(tmp_path)
    diary = run(tmp_path)
    assert diary.events[1:] == [("up to date", name) for name in ("first", "second", "third")]
    assert tree(tmp_path) == before


def test_force_runs_the_chosen_steps_again(tmp_path):
    run(tmp_path)
    assert run(tmp_path, first="second", last="second", force=True).ran() == ["second"]


def test_a_changed_parameter_reruns_the_step_and_those_that_read_other_outputs(tmp_path):
    run(tmp_path)
    changed = replace(FIRST, action=write("abcd"), parameters={"text": "abcd"})
    assert run(tmp_path, (changed, SECOND, THIRD)).ran() == ["first", "second"]
    assert (tmp_path / "second/copy.txt").read_text() == "abcd"
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["first", "second", "third"]


def test_a_rerun_with_the_same_outputs_leaves_later_steps_up_to_date(tmp_path):
    run(tmp_path)
    changed = replace(FIRST, parameters={"text": "abc", "seed": 4})
    assert run(tmp_path, (changed, SECOND, THIRD)).ran() == ["first"]


def test_a_changed_input_file_reruns_the_step(tmp_path):
    source = tmp_path / "spikes.dat"
    source.write_text("one")
    step = replace(FIRST, inputs=(source,))
    run(tmp_path / "run", (step,))
    assert run(tmp_path / "run", (step,)).ran() == []
    source.write_text("two")
    assert run(tmp_path / "run", (step,)).ran() == ["first"]


def test_an_input_may_be_a_folder(tmp_path):
    source = tmp_path / "recording.zarr"
    source.mkdir()
    (source / "chunk").write_text("one")
    step = replace(FIRST, inputs=(source,))
    run(tmp_path / "run", (step,))
    (source / "chunk2").write_text("two")
    assert run(tmp_path / "run", (step,)).ran() == ["first"]


def test_a_missing_input_file_names_itself(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"gone\.npz"):
        run(tmp_path / "run", (replace(FIRST, inputs=(tmp_path / "gone.npz",)),))


def test_a_changed_package_version_reruns_the_step(tmp_path, monkeypatch):
    step = replace(FIRST, packages=("numpy",))
    run(tmp_path, (step,))
    monkeypatch.setattr("flows.pipeline.metadata.version", lambda package: "99")
    assert run(tmp_path, (step,)).ran() == ["first"]


@pytest.mark.parametrize("change", [lambda path: path.write_text("mine"), lambda path: path.unlink()])
@pytest.mark.parametrize("parameters", [FIRST.parameters, {"text": "other"}])
def test_a_hand_edited_result_is_refused_until_forced(tmp_path, change, parameters):
    run(tmp_path)
    change(tmp_path / "first/text.txt")
    steps = (replace(FIRST, parameters=parameters), SECOND, THIRD)
    assert "first/text.txt was changed since the step 'first' wrote it" in refusal(tmp_path, steps)
    assert "first" in run(tmp_path, steps, force=True).ran()
    assert (tmp_path / "first/text.txt").read_text() == "abc"


def test_a_hand_edited_predecessor_is_refused(tmp_path):
    run(tmp_path)
    (tmp_path / "first/text.txt").write_text("mine")
    assert "start at 'first' or before with --force" in refusal(tmp_path, first="second")


def test_a_persons_own_file_is_never_lost_without_force(tmp_path):
    run(tmp_path)
    (tmp_path / "first/notes.txt").write_text("mine")
    assert run(tmp_path).ran() == []
    changed = (replace(FIRST, parameters={}), SECOND, THIRD)
    assert "notes.txt is not spikeloom's and would be lost" in refusal(tmp_path, changed)
    assert (tmp_path / "first/notes.txt").read_text() == "mine"


def test_a_removed_step_folder_is_made_again(tmp_path):
    run(tmp_path)
    for path in (tmp_path / "second").iterdir():
        path.unlink()
    (tmp_path / "second").rmdir()
    assert run(tmp_path).ran() == ["second"]


@pytest.mark.parametrize("error", [RuntimeError("broken"), KeyboardInterrupt()])
def test_a_step_that_breaks_off_leaves_nothing_and_earlier_ones_stand(tmp_path, error):
    broken = replace(SECOND, action=break_off(error))
    diary = Diary()
    with pytest.raises(type(error)):
        run_steps((FIRST, broken, THIRD), tmp_path, diary)
    assert diary.events[-2:] == [("start", "second"), ("fail", "second")]
    assert not (tmp_path / "second").exists()
    assert not list(tmp_path.glob(".second*"))
    assert run(tmp_path).ran() == ["second", "third"]


def test_a_step_that_breaks_off_keeps_its_older_results(tmp_path):
    run(tmp_path)
    with pytest.raises(RuntimeError):
        run(tmp_path, (FIRST, replace(SECOND, action=break_off(RuntimeError()), parameters={"new": 1}), THIRD))
    assert (tmp_path / "second/copy.txt").read_text() == "abc"
    assert run(tmp_path).ran() == []


def test_what_a_killed_run_left_is_removed(tmp_path):
    run(tmp_path, last="first")
    (tmp_path / ".second.partial").mkdir()
    (tmp_path / ".second.partial/half.txt").write_text("half")
    run(tmp_path)
    assert not list(tmp_path.glob(".second*"))
    assert not (tmp_path / "second/half.txt").exists()


def test_a_summary_that_json_cannot_hold_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="JSON compliant"):
        run(tmp_path, (replace(FIRST, action=lambda context: {"accuracy": float("nan")}),))
    assert not (tmp_path / "first").exists()


def test_from_and_to_choose_steps(tmp_path):
    assert run(tmp_path, last="second").ran() == ["first", "second"]
    assert run(tmp_path, first="third").ran() == ["third"]
    assert run(tmp_path, first="second", last="second").events[1:] == [("up to date", "second")]


def test_from_takes_earlier_results_as_they_stand(tmp_path):
    run(tmp_path)
    changed = replace(FIRST, parameters={"text": "other"})
    assert run(tmp_path, (changed, SECOND, THIRD), first="second").ran() == []


def test_selection_errors_name_what_would_be_right(tmp_path):
    assert refusal(tmp_path, first="nope") == "--from nope: no such step; the steps are first, second, third"
    assert refusal(tmp_path, last="nope").startswith("--to nope: no such step")
    assert refusal(tmp_path, first="third", last="first") == "--from third --to first: first comes before third"
    assert "lacks the results of first, which 'second' or a later step needs" in refusal(tmp_path, first="second")


def test_from_refuses_a_predecessor_made_from_older_results(tmp_path):
    fourth = Step("fourth", "copy", lambda context: context.summary("second"), needs=("second",))
    run(tmp_path, (*CHAIN, fourth))
    run(tmp_path, (replace(FIRST, action=write("new"), parameters={}), SECOND), last="first")
    assert "start before 'second'" in refusal(tmp_path, (*CHAIN, fourth), first="fourth")


def test_a_step_may_read_only_what_it_needs(tmp_path):
    with pytest.raises(ValueError, match="without naming it in its needs"):
        run(tmp_path, (FIRST, replace(SECOND, needs=())))


def test_progress_reaches_the_display(tmp_path):
    def action(context):
        context.progress(0.5, "half way")
        return {}

    assert run(tmp_path, (replace(FIRST, action=action),)).fractions == [("first", 0.5, "half way")]


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    assert "no run of spikeloom made it" in refusal(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_folder_with_the_manifest_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "manifest.json").write_text('{"name": "a web page"}')
    (tmp_path / ".build.partial").mkdir()
    assert "damaged or not spikeloom's" in refusal(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".build.partial", "manifest.json"]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "run").write_text("")
    assert "is a file: --out wants a folder" in refusal(tmp_path / "run")


@pytest.mark.parametrize(
    "content",
    [
        "{", "[]", '{"name": "a web page"}', '{"program": "spikeloom", "schema": 1}',
        '{"program": "spikeloom", "schema": 1, "steps": {"first": {"key": 5}}}',
    ],
)  # fmt: skip
def test_a_damaged_manifest_is_one_clear_line(tmp_path, content):
    run(tmp_path)
    (tmp_path / "manifest.json").write_text(content)
    assert "manifest.json is damaged or not spikeloom's" in refusal(tmp_path)


def test_a_manifest_that_needs_itself_is_damaged(tmp_path):
    run(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["steps"]["first"]["needs"] = {"second": "0"}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert "damaged" in refusal(tmp_path)


def test_a_manifest_of_another_schema_says_so(tmp_path):
    run(tmp_path)
    (tmp_path / "manifest.json").write_text('{"program": "spikeloom", "schema": 2, "steps": {}}')
    assert "has schema 2, this spikeloom reads schema 1" in refusal(tmp_path)


def test_one_run_at_a_time(tmp_path):
    with open_run_folder(tmp_path):
        assert "is in use by another run" in refusal(tmp_path)
    assert run(tmp_path).ran() == ["first", "second", "third"]


def test_two_runs_of_the_same_leave_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        run(tmp_path / name / "run")
    one, two = (tree(tmp_path / name / "run") for name in ("one", "two"))
    assert set(json.loads(one.pop("timings.json"))) == set(json.loads(two.pop("timings.json")))
    assert one == two


def test_the_manifest_holds_versions_seeds_inputs_and_no_path_of_this_machine(tmp_path):
    source = tmp_path / "spikes.dat"
    source.write_text("one")
    step = replace(
        FIRST, inputs=(source,), packages=("numpy", "no-such-package"), parameters={"b": {"seeds": [1, 2]}}
    )
    run(tmp_path / "run", (step,))
    text = (tmp_path / "run/manifest.json").read_text()
    record = json.loads(text)["steps"]["first"]
    assert str(tmp_path) not in text
    assert record["seeds"] == {"b.seeds": [1, 2]}
    assert record["inputs"] == {"spikes.dat": "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"}
    assert set(record["versions"]) == {"spikeloom", "numpy", "no-such-package"}
    assert record["versions"]["no-such-package"] is None
    assert record["status"] == "finished"
    assert set(record["outputs"]) == {"text.txt", "summary.json"}


def test_results_that_are_older_than_what_they_read_are_marked(tmp_path):
    run(tmp_path)
    run(tmp_path, (replace(FIRST, action=write("new"), parameters={}), SECOND, THIRD), last="first")
    statuses = {name: record.status for name, record in existing_run_folder(tmp_path).manifest().items()}
    assert statuses == {"first": "finished", "second": "outdated", "third": "finished"}


def test_a_folder_without_a_run_cannot_be_reported(tmp_path):
    with pytest.raises(BadInput, match="holds no run"):
        existing_run_folder(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["", "Train", "../up", "a b", "-x"])
def test_a_step_name_is_a_plain_folder_name(name):
    with pytest.raises(ValueError, match="lower-case words"):
        Step(name, "", write(""))


def test_inputs_of_one_name_are_refused(tmp_path):
    with pytest.raises(BadInput, match="different names"):
        Step("first", "", write(""), inputs=(tmp_path / "a/x.npz", tmp_path / "b/x.npz"))


def test_a_changed_program_makes_its_steps_anew(tmp_path, monkeypatch):
    run(tmp_path, (FIRST,))
    assert run(tmp_path, (FIRST,)).ran() == []
    monkeypatch.setattr(pipeline, "program_version", lambda: "0.1.0, source of another day")
    assert run(tmp_path, (FIRST,)).ran() == ["first"]

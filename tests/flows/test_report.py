import io
import json
import re
import warnings
from dataclasses import asdict, fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from flows.errors import BadInput
from flows.pipeline import Step, run_steps
from flows.report import model
from flows.report.assemble import assemble, contribution
from flows.report.charts import charts
from flows.report.figures import Figure, number, percent
from flows.report.jsonfile import report_json
from flows.report.markdown import markdown
from flows.report.model import PartCounts, Picture, Power, PowerPart, Report, Resource, Run
from flows.report.page import page
from flows.report.plots import layer_cycles, pareto_front, resource_bars, unit_waveforms
from flows.report.tables import headlines, tables
from flows.report.terminal import show
from flows.report.write import write_report
from tests.flows.doubles import ACCURACY, NETWORK, POWER, RECORDING, RESOURCES, SIMULATION, Diary, whole_report

SCHEMA = json.loads((Path(model.__file__).parent / "schema.json").read_text(encoding="utf-8"))
UNKNOWN_FIGURE = Figure(None, "", "synthesised")


def in_terminal(report):
    console = Console(file=io.StringIO(), width=140)
    show(report, console)
    return console.file.getvalue()


def rows_of(report, heading):
    (table,) = (table for table in tables(report) if table.heading == heading)
    return [[cell.text for cell in row] for row in table.rows]


RENDERERS = {
    "terminal": in_terminal,
    "markdown": markdown,
    "json": report_json,
    "html": lambda report: page(report, Path()),
}


@pytest.mark.parametrize("render", RENDERERS.values(), ids=RENDERERS.keys())
def test_the_same_report_gives_the_same_bytes(render):
    assert render(whole_report()) == render(whole_report())


@pytest.mark.parametrize("render", RENDERERS.values(), ids=RENDERERS.keys())
def test_a_report_of_nothing_but_a_run_renders(render):
    assert "early" in render(Report(Run("early", {}, {})))


@pytest.mark.parametrize("name", ["terminal", "markdown", "html"])
def test_every_section_is_told(name):
    text = RENDERERS[name](whole_report())
    for table in tables(whole_report()):
        assert table.heading in text
    for word in ("99.58 %", "46.75 µs", "pseudo-labels", "distributed ROM", "block RAM", "no published figure"):
        assert word in text


def test_unknown_is_said_and_never_zero():
    report = whole_report()
    assert rows_of(report, "Detection")[2] == ["test", "951", "unknown", "unknown", "unknown", "unknown"]
    assert rows_of(report, "Power")[3][1:3] == ["unknown", "unknown"]
    assert rows_of(report, "Resources")[3] == ["xc7", "LUT", "1\u202f900", "unknown", "unknown", "unknown"]
    assert rows_of(report, "Exported network, unit by unit")[1] == ["1", "0", "unknown", "unknown"]
    assert json.loads(report_json(report))["resources"][3]["synthesised"]["value"] is None


def test_windows_that_came_cut_are_not_said_to_be_detected():
    recording = whole_report().recording
    cut = replace(whole_report(), recording=replace(recording, parts=recording.parts[2:]), sorted_units=())
    assert "within 0.5 ms" in markdown(whole_report())
    assert "within 0.5 ms" not in markdown(cut)


def test_headlines_sum_the_run_up():
    shown = [(headline.label, headline.value.text, headline.value.tone) for headline in headlines(whole_report())]
    assert shown == [
        ("Accuracy", "99.58 %", "plain"),
        ("From the recording", "46.08 %", "plain"),
        ("Mismatches", "0", "good"),
        ("Latency", "46.75 µs", "plain"),
        ("LUT", "2\u202f956", "plain"),
        ("Clock", "12 MHz", "plain"),
        ("Power", "0.737 to 0.769 mW", "plain"),
        ("Least power", "12.6 to 28.4 µW a channel", "plain"),
    ]


def test_the_headline_accuracy_is_that_of_the_exported_network():
    without_truth = tuple(row for row in ACCURACY if row.against == "pseudo-labels")
    assert headlines(replace(whole_report(), accuracy=without_truth))[0].value.text == "99.72 %"
    others = tuple(row for row in ACCURACY if not row.exported)
    assert "Accuracy" not in [headline.label for headline in headlines(replace(whole_report(), accuracy=others))]


def test_the_headline_accuracy_names_what_it_leaves_out():
    parts = (PartCounts("test", 951, 960, 949, 11, 2),)
    detected = replace(whole_report(), recording=replace(RECORDING, parts=parts))
    assert headlines(detected)[0].detail.endswith("against true units; 11 missed and 2 extra not scored")
    assert headlines(whole_report())[0].detail.endswith("against true units")  # nobody knows what was missed


def test_simulators_stand_side_by_side():
    slower = replace(
        SIMULATION, simulator="Verilator", latency_cycles_min=540, initiation_interval_cycles=None, n_unsorted=7
    )
    rows = rows_of(replace(whole_report(), simulations=(SIMULATION, slower)), "Gateware against the ONNX reference")
    assert rows[3:7] == [
        ["unsorted", "0", "7"],
        ["latency, clocks", "561", "540 to 561"],
        ["initiation interval, clocks", "256", "unknown"],
        ["all spikes, clocks", "51\u202f505", "51\u202f505"],
    ]


def test_a_mismatch_strikes_the_eye():
    report = replace(whole_report(), simulations=(replace(SIMULATION, layer_word_mismatches=3),))
    (mismatches,) = (headline for headline in headlines(report) if headline.label == "Mismatches")
    assert (mismatches.value.text, mismatches.value.tone) == ("3", "bad")
    assert '<td class="bad number">3</td>' in page(report, Path())


def test_more_than_the_device_has_strikes_the_eye():
    too_many = replace(RESOURCES[2], synthesised=Figure(33, "", "synthesised"))
    (table,) = (t for t in tables(replace(whole_report(), resources=(too_many,))) if t.heading == "Resources")
    assert table.rows[0][3].tone == "bad"


@pytest.mark.parametrize(
    ("analytic", "synthesised", "difference"),
    [(110, 100, 0.1), (0, 100, -1.0), (0, 0, 0.0), (5, 0, None), (None, 100, None), (110, None, None)],
)
def test_resource_difference(analytic, synthesised, difference):
    figures = Figure(analytic, "", "analytic"), Figure(synthesised, "", "synthesised")
    assert Resource("up5k", "whole design", "LUT", *figures, None).difference == difference


def test_power_sums_what_is_known_and_names_the_rest():
    assert POWER.known_low_high == pytest.approx((0.737, 0.769), abs=1e-12)
    assert POWER.unknown_parts == ("block RAM",)
    microwatts = PowerPart("toggles", Figure(12.0, "µW", "simulated"), Figure(24.0, "µW", "simulated"))
    assert replace(POWER, parts=(POWER.parts[0], microwatts)).known_low_high is None
    nothing = Power("up5k", "12 MHz", (PowerPart("static", UNKNOWN_FIGURE, UNKNOWN_FIGURE),))
    assert nothing.known_low_high is None
    assert rows_of(replace(whole_report(), power=nothing), "Power")[-1][1:3] == ["unknown", "unknown"]


def test_numbers():
    assert [number(value) for value in (None, 0, 1234567, 12.3456, 24000.0, 0.00012345, "INT8")] == [
        "unknown", "0", "1\u202f234\u202f567", "12.35", "24\u202f000", "0.0001234", "INT8",
    ]  # fmt: skip
    assert [percent(share) for share in (None, 0.0, 0.12345, 1.0, 0.99999)] == [
        "unknown", "0.00 %", "12.35 %", "100.00 %", "99.99 %",
    ]  # fmt: skip


def test_html_escapes_whatever_comes_from_files(tmp_path):
    (tmp_path / "p.png").write_bytes(b"\x89PNG")
    evil = '<script>alert("x")</script>'
    report = replace(
        whole_report((Picture("p.png", evil),)),
        run=Run(evil, {evil: evil}, {}),
        recording=replace(whole_report().recording, name=evil, provenance=evil),
        network=replace(NETWORK, source=evil, input_format=evil, layers=(replace(NETWORK.layers[0], name=evil),)),
    )
    text = page(report, tmp_path)
    assert "<script" not in text
    assert text.count("&lt;script&gt;") > 8


def test_markdown_keeps_a_name_from_breaking_a_table():
    report = replace(whole_report(), resources=(replace(RESOURCES[0], device="a|b\n*c*"),))
    assert "| a\\|b \\*c\\* | LUT |" in markdown(report)


def test_the_page_needs_no_other_file(tmp_path):
    (tmp_path / "p.png").write_bytes(b"\x89PNG")
    text = page(whole_report((Picture("p.png", "curves"),)), tmp_path)
    assert 'src="data:image/png;base64,iVBORw=="' in text
    assert not re.search(r"(src|href)=\"(?!data:)|@import|url\(|https?:", text)


def test_the_dataflow_strip_shows_folding_in_order():
    text = page(whole_report(), Path())
    words = ["input", "48 inputs", "layer 1", "PE 4 · SIMD 12", "layer 2", "PE 8 · SIMD 32", "head", "argmax"]
    positions = [text.index(f">{word}</text>") for word in words]
    assert positions == sorted(positions)


def test_the_dataflow_strip_shows_words_and_buffers():
    layer = replace(whole_report().network.layers[0], word_bits=96, buffer_words=4)
    report = replace(whole_report(), network=replace(whole_report().network, layers=(layer,)))
    text = page(report, Path())
    assert ">96 bits</text>" in text
    assert ">buffer of 4 words</text>" in text


def bars_of(report):
    return {chart.heading: {bar.name: bar for bar in chart.bars} for chart in charts(report)}


def test_bars_show_the_use_of_each_device_and_the_share_of_each_part():
    bars = bars_of(whole_report())
    assert bars["Use of up5k, synthesised"]["LUT"].low == 2956 / 5280
    assert bars["Use of up5k, synthesised"]["LUT"].text == "2\u202f956 of 5\u202f280, 56 %"
    assert bars["LUT of up5k, synthesised"]["between layers"].low == 40 / 1300
    clock = bars["Power on up5k"]["clock tree"]
    assert (clock.low, clock.high, clock.text) == (0.62 / 0.64, 1.0, "0.62 to 0.64 mW")


def test_an_unknown_bar_has_no_length_and_an_overfull_one_ends():
    bars = bars_of(whole_report())
    unknown = bars["Power on up5k"]["block RAM"]
    assert (unknown.low, unknown.high, unknown.text) == (None, None, "unknown")
    report = whole_report()
    over = replace(report.resources[0], synthesised=Figure(6000, "", "synthesised"))
    bar = bars_of(replace(report, resources=(over,)))["Use of up5k, synthesised"]["LUT"]
    assert (bar.low, bar.too_much) == (1.0, True)


def test_json_follows_its_schema():
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for report in (whole_report((Picture("p.png", "curves"),)), Report(Run("early", {}, {}))):
        jsonschema.validate(json.loads(report_json(report)), SCHEMA)
    for wrong in ({"accuracy": [{"mean": 0.5}]}, {"schema": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**json.loads(report_json(whole_report())), **wrong}, SCHEMA)


def test_the_schema_names_every_field_of_the_model():
    derived = {
        "Simulation": {"latency_us"},
        "Resource": {"difference"},
        "Power": {"known_low", "known_high", "unknown_parts"},
        "Report": {"program", "schema"},
    }
    described = {**SCHEMA["$defs"], "Report": SCHEMA}
    classes = {cls.__name__: cls for cls in vars(model).values() if isinstance(cls, type) and is_dataclass(cls)}
    assert described.keys() == classes.keys()
    for name, cls in classes.items():
        expected = {field.name for field in fields(cls)} | derived.get(name, set())
        assert set(described[name]["properties"]) == set(described[name]["required"]) == expected


def test_a_report_is_assembled_from_the_steps_in_their_order(tmp_path):
    early = Step("zeta", "", lambda context: contribution(accuracy=ACCURACY[:1], network=NETWORK))
    late = Step(
        "alpha", "", lambda context: contribution(accuracy=ACCURACY[1:], simulations=[SIMULATION]), needs=("zeta",)
    )
    report = assemble(run_steps((early, late), tmp_path / "mine", Diary()))
    assert report.accuracy == ACCURACY
    assert (report.network, report.simulations) == (NETWORK, (SIMULATION,))
    assert report.recording is None
    assert report.run.name == "mine"


def test_pictures_are_found_in_the_folder_of_their_step(tmp_path):
    def draw(context):
        layer_cycles({"layer 1": 256}, None, context.folder / "cycles.png")
        return contribution(pictures=[Picture("cycles.png", "clocks")])

    folder = run_steps((Step("fold", "", draw),), tmp_path, Diary())
    assert write_report(folder).pictures == (Picture("fold/cycles.png", "clocks"),)
    assert "![clocks](<fold/cycles.png>)" in (tmp_path / "report.md").read_text()
    assert "data:image/png;base64," in (tmp_path / "report.html").read_text()


def test_outdated_steps_are_named_and_left_out(tmp_path):
    first = Step("first", "", lambda context: {"a": 1})
    second = Step("second", "", lambda context: contribution(network=NETWORK), needs=("first",))
    run_steps((first, second), tmp_path, Diary())
    changed = replace(first, action=lambda context: {"a": 2}, parameters={"a": 2})
    report = assemble(run_steps((changed, second), tmp_path, Diary(), last="first"))
    assert report.network is None
    assert report.run.left_out == ("second",)
    assert "Left out, being older than what they were made from: second." in markdown(report)


def test_two_steps_that_tell_of_the_same_are_refused(tmp_path):
    steps = [Step(name, "", lambda context: contribution(network=NETWORK)) for name in ("one", "two")]
    folder = run_steps(steps, tmp_path, Diary())
    with pytest.raises(BadInput, match="step 'two' tells of 'network'"):
        assemble(folder)


def test_a_damaged_summary_is_one_line(tmp_path):
    folder = run_steps([Step("one", "", lambda context: {})], tmp_path, Diary())
    (tmp_path / "one/summary.json").write_text("{")
    with pytest.raises(BadInput, match=r"summary\.json is damaged"):
        assemble(folder)


def test_a_section_that_no_report_has_is_refused(tmp_path):
    folder = run_steps([Step("one", "", lambda context: contribution(weather=[NETWORK]))], tmp_path, Diary())
    with pytest.raises(BadInput, match="weather"):
        assemble(folder)


def waveforms_of_three_units(path):
    rng = np.random.default_rng(0)
    waveforms = rng.integers(-128, 128, (60, 2, 16)).astype(np.int8)
    unit_waveforms(waveforms, rng.integers(-1, 3, 60), ("a", "b", "empty"), 0.5, "uV", path)


PLOTS = {
    "waveforms": waveforms_of_three_units,
    "cycles": lambda path: layer_cycles({"layer 1": 256, "head": 32}, 256, path),
    "front": lambda path: pareto_front([9, 4], [1, 2], {"clocks": [1, 8], "latency": [5, 9]}, [(1.0, 3.0)] * 2, path),
    "front, energy unknown": lambda path: pareto_front([9], [1], {"clocks": [1], "latency": [5]}, [], path),
    "resources": lambda path: resource_bars(RESOURCES, path),
}


@pytest.mark.parametrize("draw", PLOTS.values(), ids=PLOTS.keys())
def test_pictures_are_the_same_bytes_twice_and_say_nothing_of_the_machine(tmp_path, draw):
    draw(tmp_path / "one.png")
    draw(tmp_path / "two.png")
    png = (tmp_path / "one.png").read_bytes()
    assert png == (tmp_path / "two.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    assert b"tEXt" not in png
    assert b"tIME" not in png


@pytest.mark.parametrize(("n_units", "n_channels"), [(64, 1), (1, 384)])
def test_pictures_of_many_units_or_channels_are_drawn(tmp_path, n_units, n_channels):
    waveforms = np.zeros((n_units, n_channels, 16), dtype=np.int8)
    names = [str(unit) for unit in range(n_units)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        unit_waveforms(waveforms, np.arange(n_units), names, 0.5, "uV", tmp_path / "many.png")


def test_names_of_units_are_drawn_as_they_stand(tmp_path):
    unit_waveforms(np.zeros((1, 1, 8), dtype=np.int8), np.zeros(1), [r"$\none$"], 0.5, "uV", tmp_path / "a.png")


def test_asdict_of_the_report_is_what_json_holds():
    content = json.loads(report_json(whole_report()))
    assert content["network"]["layers"][0] == asdict(NETWORK.layers[0])
    assert content["simulations"][0]["latency_us"] == 561 / 12
    assert content["power"]["unknown_parts"] == ["block RAM"]


def test_each_layers_resources_stand_in_a_row():
    report = whole_report()
    assert rows_of(report, "Resources of each layer, up5k") == [
        ["layer 1", "1\u202f200 / 1\u202f300", "600 / 610"],
        ["between layers", "unknown / 40", "unknown / 0"],
    ]

"""Steps from nothing, or a user's file, to a spike set."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from flows.errors import BadInput
from flows.pipeline import StepContext
from flows.report.assemble import contribution
from flows.report.figures import Figure
from flows.report.model import PartCounts, Picture, Recording
from flows.report.plots import unit_waveforms
from flows.settings.simulated_recording import SimulationSettings
from flows.settings.spikes import SpikeSettings
from flows.steps import files
from flows.steps.writing import beside, check_new_file
from qat.recordings.npz import save_recording
from qat.recordings.read import read_source
from qat.recordings.shapes import ShapeLibrary
from qat.recordings.simulate import SimulationSpec, simulate_recording
from qat.recordings.source import RecordedSource, StoredWindows
from qat.recordings.templates import read_templates
from qat.sortings.files import write_npz
from qat.sortings.truth import first_test_sample, true_sorting
from qat.spikes.cut import spikes_from_recording, spikes_from_windows
from qat.spikes.spec import Sign, SpikeSpec
from qat.spikes.spikeset import PART_NAMES, TEST, SpikeSet

_GIVEN = ("samples", "first differences", "second differences")  # by order
_SIGNS: Mapping[str, Sign] = {"auto": "auto", "trough": "neg", "peak": "pos", "both": "both"}


def simulate(context: StepContext, templates: Path | None) -> Mapping[str, Any]:
    """Simulate the recording of the run."""
    spec = _simulation_spec(context.parameters)
    source = simulate_recording(spec, context.progress, _library(templates))
    save_recording(source, context.folder / files.RECORDING)
    return {"provenance": source.provenance}


def write_recording(
    settings: SimulationSettings, templates: Path | None, path: Path, progress: Callable[[float, str], None]
) -> str:
    """Simulate a recording into a file of the user's."""
    if path.suffix != ".npz":
        raise BadInput(f"{path}: a recording is written as .npz; name a file that ends so")
    check_new_file(path)
    source = simulate_recording(
        _simulation_spec(vars(settings)), lambda fraction: progress(fraction, ""), _library(templates)
    )
    with beside(path) as new:
        save_recording(source, new)
    return f"{path}: {source.provenance}"


def cut_spikes(context: StepContext, path: Path | None) -> Mapping[str, Any]:
    """Read a recording, or windows, and leave the spike set.

    Raises:
        BadInput: the source cannot be used, or leaves no spike to test on.
    """
    chosen = context.parameters
    source = _source(context, path)
    spec = SpikeSpec(
        filter="zero-phase" if chosen["zero_phase"] else "causal",
        low_hz=chosen["low_hz"],
        high_hz=chosen["high_hz"],
        threshold_sigmas=chosen["threshold_sigmas"],
        sign=_SIGNS[chosen["align"]],
        upsampling=chosen["upsampling"],
        window_samples=chosen["window"],
        align_sample=chosen["window"] // 3,
        differences=None if chosen["differences"] is None else tuple(chosen["differences"]),
        bits=chosen["bits"],
        split_seed=chosen["seed"],
        realign=chosen["realign"],
    )
    if isinstance(source, RecordedSource):
        if spec.realign:
            raise BadInput(f"--realign has no effect on {source.name}, a continuous recording: detection aligns")
        spikes = spikes_from_recording(source, spec, context.progress)
    else:
        _refuse_without_effect(source, chosen)
        spikes = spikes_from_windows(source, spec)
    if not (spikes.part == TEST).any():
        raise BadInput(f"{source.name}: no spike in the test part, the last quarter; use a longer recording")
    spikes.save(context.folder / files.SPIKES)
    sorting = true_sorting(source, spikes)
    if sorting is not None:
        write_npz(sorting, context.folder / files.TRUE_SORTING)
    return {
        "n_spikes": spikes.n_spikes,
        "first_test_sample": first_test_sample(source, spikes),
        "preprocessing": dict(spikes.preprocessing),
        **contribution(recording=_recording(source.name, spikes), pictures=_pictures(spikes, context.folder)),
    }


def _source(context: StepContext, path: Path | None) -> RecordedSource | StoredWindows:
    if path is None:
        source = read_source(context.of("recording") / files.RECORDING)
        return replace(source, name="recording", provenance=context.summary("recording")["provenance"])
    chosen = context.parameters
    source = read_source(
        path,
        prefer=chosen["read_as"],
        not_units=tuple(chosen["not_units"]),
        array=chosen["array"],
        leave_out=tuple(chosen["leave_out"]),
    )
    labels = source.sorting if isinstance(source, RecordedSource) else source.true_unit
    if chosen["reference_labels"] and labels is None:
        raise BadInput(f"--reference-labels has no effect on {source.name}, which has no labels: leave it out")
    return replace(source, labels_are="reference labels" if chosen["reference_labels"] else "true units")


def _refuse_without_effect(source: StoredWindows, chosen: Mapping[str, Any]) -> None:
    """Windows that came cut are taken as they are: a choice about detection would be dropped without a word."""
    options = ("threshold_sigmas", "low_hz", "high_hz", "zero_phase", "align", "upsampling", "window")
    changed = [name for name in options if chosen[name] != getattr(SpikeSettings, name)]
    if changed:
        option = changed[0].replace("_", "-")
        raise BadInput(
            f"--{option} has no effect on {source.name}, whose windows came cut: leave it out, or take the "
            "continuous trace with --read-as raw if the file holds one"
        )


def load_spikes(context: StepContext) -> SpikeSet:
    """What `cut_spikes` left."""
    return SpikeSet.load(context.of("spikes") / files.SPIKES)


def _library(templates: Path | None) -> ShapeLibrary | None:
    return None if templates is None else read_templates(templates)


def _simulation_spec(chosen: Mapping[str, Any]) -> SimulationSpec:
    return SimulationSpec(
        duration_s=chosen["duration_s"],
        sampling_rate_hz=chosen["sampling_rate_hz"],
        n_units=chosen["units"],
        n_channels=chosen["channels"],
        similarity=chosen["similarity"],
        noise_level=chosen["noise"],
        firing_rate_hz=chosen["rate_hz"],
        amplitude_drift=chosen["drift"],
        seed=chosen["seed"],
    )


def _recording(name: str, spikes: SpikeSet) -> Recording:
    measure = spikes.unit_of_measure.replace("uV", "µV")
    facts = {
        "sampling rate": Figure(spikes.sampling_rate_hz, "Hz", "chosen", "as the source states it"),
        "channels": Figure(spikes.n_channels, "", "counted"),
        "window": Figure(spikes.n_samples, "samples a channel", "chosen"),
        "sample format": Figure(f"INT{spikes.bits}", "", "chosen"),
    }
    for order, lsb in zip(spikes.preprocessing["differences"], spikes.network_lsb, strict=True):
        given = f"network's input: {_GIVEN[order]}, least significant bit"
        facts[given] = Figure(lsb, measure, "estimated", "from the training part")
    for channel, threshold in enumerate(spikes.preprocessing.get("threshold", ())):
        facts[f"threshold, channel {channel}"] = Figure(
            threshold, measure, "estimated", "from the median of the training part (Quian Quiroga 2004)"
        )
    if spikes.detection is not None:
        lag = spikes.detection["lag_samples"]
        facts["lag to the stated spike times"] = Figure(lag, "samples", "estimated", "from the training part")
    parts = tuple(_part_counts(spikes, index, part) for index, part in enumerate(PART_NAMES))
    return Recording(name, spikes.provenance, facts, parts)


def _part_counts(spikes: SpikeSet, index: int, part: str) -> PartCounts:
    found = {} if spikes.detection is None else spikes.detection["parts"][part]
    counts = (found.get(name) for name in ("n_true", "n_matched", "n_missed", "n_extra"))
    return PartCounts(part, int((spikes.part == index).sum()), *counts)


def _pictures(spikes: SpikeSet, folder: Path) -> list[Picture]:
    if spikes.true_unit is None:
        return []
    unit_waveforms(
        spikes.waveforms,
        spikes.true_unit,
        spikes.unit_names,
        spikes.lsb,
        spikes.unit_of_measure,
        folder / "true_units.png",
    )
    labels = "true unit" if spikes.labels_are == "true units" else "reference label"
    return [Picture("true_units.png", f"Spikes by {labels}: mean and standard deviation, as the hardware sees them")]

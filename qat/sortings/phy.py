"""Sortings as folders for Phy's template window, with the filtered recording inside."""

from pathlib import Path

import numpy as np
from spikeinterface.core import BaseRecording, BaseSorting, SortingAnalyzer, create_sorting_analyzer
from spikeinterface.exporters import export_to_phy
from spikeinterface.postprocessing import ComputeTemplateSimilarity

from qat.errors import BadInput
from qat.spikes.traces import Traces

_WINDOW = {"ms_before": 1.0, "ms_after": 2.0}
_PITCH_UM = 20.0
_SEED = 0
_JOBS = {"n_jobs": 1, "progress_bar": False}


def write_phy(sorting: BaseSorting, filtered: Traces, path: Path) -> None:
    """Write a folder that `phy template-gui params.py` opens, and `spikeinterface.extractors.read_phy` reads.

    A recording that knows nothing of its probe is given a line of contacts 20 um apart, which Phy wants to see.

    Args:
        sorting: units without a spike are left out; one at least has spikes.
        filtered: the recording as the detector saw it, copied into the folder.
        path: the folder.

    Raises:
        BadInput: no unit has a spike.
    """
    counts = sorting.count_num_spikes_per_unit()
    # The exporter leaves units without a spike out too, but numbers the others as if it had not.
    fired = sorting.select_units([unit for unit in sorting.unit_ids if counts[unit]])
    if not fired.get_num_units():
        raise BadInput("Phy: no spike was given to a unit, of which nothing can be shown")
    recording = filtered.recording if filtered.recording.has_probe() else _on_a_line(filtered.recording)
    analyzer = create_sorting_analyzer(fired, recording, format="memory", sparse=False, job_kwargs=_JOBS)
    analyzer.compute({"random_spikes": {"seed": _SEED}, "waveforms": _WINDOW, "templates": {}}, **_JOBS)
    analyzer.extensions["template_similarity"] = _similarity(analyzer)
    export_to_phy(
        analyzer,
        path,
        compute_pc_features=False,
        compute_amplitudes=True,
        use_relative_path=True,
        verbose=False,
        **_JOBS,
    )


def _similarity(analyzer: SortingAnalyzer) -> ComputeTemplateSimilarity:
    """Cosines between the units' mean waveforms. SpikeInterface's own spends half a minute on compiling them."""
    templates = analyzer.get_extension("templates").get_data(operator="average")
    flat = templates.reshape(len(templates), -1).astype(np.float64)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    directions = np.divide(flat, length, out=np.zeros_like(flat), where=length > 0)
    similarity = ComputeTemplateSimilarity(analyzer)
    similarity.set_params(method="cosine", support="dense")
    similarity.data["similarity"] = directions @ directions.T
    similarity.run_info["run_completed"] = True
    return similarity


def _on_a_line(recording: BaseRecording) -> BaseRecording:
    placed = recording.select_channels(recording.channel_ids)  # the caller's own stays as it is
    depth_um = _PITCH_UM * np.arange(recording.get_num_channels())
    placed.set_dummy_probe_from_locations(np.stack([np.zeros_like(depth_um), depth_um], axis=1))
    return placed

"""Sortings as folders for Phy's template window, with the filtered recording inside."""

from pathlib import Path

import numpy as np
from probeinterface import generate_linear_probe
from spikeinterface.core import BaseRecording, BaseSorting, SortingAnalyzer, create_sorting_analyzer
from spikeinterface.exporters import export_to_phy
from spikeinterface.postprocessing import ComputeTemplateSimilarity

_WINDOW = {"ms_before": 1.0, "ms_after": 2.0}
_SEED = 0
_JOBS = {"n_jobs": 1, "progress_bar": False}


def write_phy(sorting: BaseSorting, filtered: BaseRecording, path: Path) -> None:
    """Write a folder that `phy template-gui params.py` opens, and `spikeinterface.extractors.read_phy` reads.

    A recording that knows nothing of its probe is given a line of contacts 20 um apart, which Phy wants to see.

    Args:
        sorting: units without a spike are left out; one at least has spikes.
        filtered: the recording as the detector saw it, copied into the folder.
        path: the folder.
    """
    recording = filtered if filtered.has_probe() else _on_a_line(filtered)
    analyzer = create_sorting_analyzer(sorting, recording, format="memory", sparse=False)
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
    probe = generate_linear_probe(num_elec=recording.get_num_channels())
    probe.set_device_channel_indices(range(recording.get_num_channels()))
    placed = recording.select_channels(recording.channel_ids)  # the caller's own stays as it is
    placed.set_probe(probe)
    return placed

"""A recording sorted by a run's network, for other programs."""

from collections.abc import Callable, Mapping
from pathlib import Path

from spikeinterface.core import BaseSorting

from flows.errors import BadInput
from flows.runfolder import RunFolder, existing_run_folder
from flows.settings.spiketrains import SortingFormat, SortSettings
from flows.steps import files
from flows.steps.answers import scores_of
from flows.steps.writing import beside, check_new_file
from hw.network.decide import decide
from hw.network.lower import lower
from hw.network.types import Network
from qat.recordings.read import read_source
from qat.recordings.source import RecordedSource
from qat.sortings.files import write_folder, write_npz
from qat.sortings.make import sorting_of
from qat.sortings.nwb import write_nwb
from qat.sortings.phy import write_phy
from qat.sortings.redetect import Detections, detect_as_trained, filtered_as_trained
from qat.spikes.spikeset import SpikeSet

_READERS = {
    "spikeinterface": "spikeinterface.load",
    "npz": "spikeinterface.core.read_npz_sorting",
    "nwb": "spikeinterface.extractors.read_nwb_sorting",
    "phy": "phy template-gui params.py",
}

_SUFFIXES: Mapping[SortingFormat, str] = {"npz": ".npz", "nwb": ".nwb"}


def export_sorting(run: Path, path: Path, settings: SortSettings, progress: Callable[[float, str], None]) -> str:
    """Sort a recording with a run's network into a file or folder; returns one line about it.

    Raises:
        BadInput: if the run has no network, the recording does not fit it, or the path is there already.
    """
    _check_name(path, settings.written_as)
    check_new_file(path)
    folder = existing_run_folder(run)
    network = _network(folder, settings)
    source = _source(folder, settings)
    if settings.recording is None or source is None:
        found = _own_spikes(folder)
    else:
        found = detect_as_trained(source, network.metadata, lambda fraction: progress(fraction, "detecting spikes"))
    answers = decide(scores_of(network, found.inputs), network.margin)
    sorting = sorting_of(found.sample_index, answers, network.unit_names, _rate_hz(network))
    _write(path, settings, sorting, source, network)
    n_sorted = sorting.count_total_num_spikes()
    return (
        f"{path}: {n_sorted} spikes of {len(network.unit_names)} units, {len(answers) - n_sorted} left out as "
        f"unsorted (margin {network.margin}); read it with {_READERS[settings.written_as]}"
    )


def _check_name(path: Path, written_as: SortingFormat) -> None:
    wanted = _SUFFIXES.get(written_as)
    if wanted is not None and path.suffix != wanted:
        raise BadInput(f"{path}: --format {written_as} is written as {wanted}; name a file that ends so")
    meant = {suffix: form for form, suffix in _SUFFIXES.items()}.get(path.suffix)
    if wanted is None and meant is not None:
        raise BadInput(f"{path}: --format {written_as} is a folder; for a file that ends so add --format {meant}")


def _network(folder: RunFolder, settings: SortSettings) -> Network:
    record = folder.manifest().get("export")
    if record is None or record.status == "outdated":
        raise BadInput(f"{folder.path} holds no network that was trained on its spikes: run `spikeloom train` on it")
    return lower(folder.step_folder("export") / files.MODEL, margin=settings.unsorted_margin)


def _source(folder: RunFolder, settings: SortSettings) -> RecordedSource | None:
    """The recording, where one is named or was simulated; a run does not know where its user's files are."""
    simulated = folder.step_folder("recording") / files.RECORDING
    path = settings.recording or (simulated if simulated.exists() else None)
    if path is None:
        return None
    source = read_source(path, prefer="raw") if path.suffix.lower() == ".npz" else read_source(path)
    assert isinstance(source, RecordedSource), "windows were not asked for"
    return source


def _own_spikes(folder: RunFolder) -> Detections:
    spikes = SpikeSet.load(folder.step_folder("spikes") / files.SPIKES)
    if spikes.sample_index is None or spikes.sampling_rate_hz is None:
        raise BadInput(f"{folder.path}: its spikes came cut and without times, of which no spike trains can be made")
    return Detections(spikes.sample_index, spikes.inputs())


def _rate_hz(network: Network) -> float:
    return float(network.metadata["input"]["sampling_rate_hz"])


def _write(
    path: Path, settings: SortSettings, sorting: BaseSorting, source: RecordedSource | None, network: Network
) -> None:
    name = "the training's recording" if source is None else source.name
    with beside(path) as new:
        if settings.written_as == "npz":
            write_npz(sorting, new)
        elif settings.written_as == "spikeinterface":
            write_folder(sorting, new)
        elif settings.written_as == "nwb":
            write_nwb(sorting, new, f"{name}, sorted by the 1-bit network {network.source_digest}")
        elif source is None:
            raise BadInput(
                "--format phy: Phy shows the recording too; name the one that the run read with --recording"
            )
        else:
            write_phy(sorting, filtered_as_trained(source, network.metadata), new)

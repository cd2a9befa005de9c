"""A run's spikes through a board that is plugged in."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from numpy.typing import NDArray

from flows.errors import BadInput
from flows.report.sent import Sent
from flows.runfolder import RunFolder, existing_run_folder
from flows.settings.sending import SendSettings
from flows.steps import files
from flows.steps.answers import wrong_answers
from flows.steps.built import built_accelerator
from flows.steps.frames import trained_anew
from hw.accelerator.load import load_frame
from hw.driver.serialport import open_port
from hw.driver.sorter import Sorter, connect
from hw.link.protocol import BAUD, design_digest
from hw.network.types import Network
from hw.network.vectors import random_inputs
from qat.spikes.spikeset import TEST, SpikeSet


def send_spikes(run: Path, settings: SendSettings, progress: Callable[[float, str], None]) -> Sent:
    """Send spikes one by one, and compare every class, and every best score where it is built in.

    A margin and a weight set that can be set are set to the network's. The network is the run's, or that of a model
    whose weights are loaded first.

    Raises:
        BadInput: if the run has built no gateware, port or board cannot be used, the board holds another design, or
            the model's weights cannot be loaded into it.
        NoResult: if the board does not answer.
        NotEqualError: if the model's network and its ONNX reference differ.
    """
    folder = existing_run_folder(run)
    accelerator, baud = built_accelerator(folder), _baud_of_chip(folder)
    network, frame = accelerator.network, b""
    ours = design_digest(network.to_json(), accelerator.schedule.to_json())
    if settings.load is not None:
        network = trained_anew(settings.load, folder)
        frame = load_frame(accelerator, network, settings.weight_set)
    spikes, what = _vectors(folder, network, settings)
    with open_port(settings.port, settings.baud or baud) as port:
        sorter = connect(port, None if settings.any_design else ours, settings.timeout_s)
        if frame:
            sorter.load(frame, partial(_tell, progress, f"{len(frame)} bytes of weights to {port.name}"))
        _choose(sorter, network.margin, settings.weight_set)
        began = perf_counter()
        told = partial(_tell, progress, f"{len(spikes)} {what} to {port.name}")
        answers = list(sorter.sort_all(spikes, told))
        seconds = perf_counter() - began
    wrong = list(wrong_answers(network, spikes, answers))
    latencies = [answer.latency_clocks for answer in answers]
    scored = "class and score" if sorter.board.has_scores else "class"
    return Sent(
        f"{len(spikes)} {what} of {run} sent to {settings.port}: each {scored} compared with the integer network of "
        f"{settings.load or 'the run'}",
        len(spikes),
        len(wrong),
        wrong[0] if wrong else None,
        (min(latencies), max(latencies)),
        seconds,
        sorter.exchange.retries,
    )


def _baud_of_chip(folder: RunFolder) -> int:
    """Of the serial line of the run's chip, or of one that somebody builds around its gateware.

    Raises:
        BadInput: if the chip has none.
    """
    record = folder.manifest().get("chip")
    if record is None or record.status != "finished":
        return BAUD
    if record.parameters["transport"] != "uart":
        raise BadInput(f"the chip of {folder.path} talks over SPI; to send to it, make it with --transport uart")
    return int(record.parameters["baud"])


def _vectors(folder: RunFolder, network: Network, settings: SendSettings) -> tuple[NDArray[Any], str]:
    """What is sent, and what it is."""
    n = settings.spikes
    if "spikes" not in folder.manifest():
        if n == "all":
            raise BadInput("--spikes all: with a model from elsewhere, a number is wanted")
        return random_inputs(network.input_format, network.n_inputs, n, settings.seed), "random inputs"
    spikes = SpikeSet.load(folder.step_folder("spikes") / files.SPIKES)
    if n == "all":
        return spikes.inputs(), "spikes, all that were cut,"
    return spikes.inputs(TEST)[:n], "test spikes"


def _choose(sorter: Sorter, margin: int, weight_set: int) -> None:
    """Set what can be set; BadInput for a weight set where there is but one."""
    chosen_margin = margin if sorter.board.margin_bits else None
    chosen_set = weight_set if weight_set or sorter.board.weight_sets > 1 else None
    if chosen_margin is not None or chosen_set is not None:
        sorter.set(chosen_margin, chosen_set)


def _tell(progress: Callable[[float, str], None], message: str, fraction: float) -> None:
    progress(fraction, message)

"""The gateware that a run has built, read back from its folder."""

from flows.errors import BadInput
from flows.runfolder import RunFolder
from flows.steps import files
from hw.accelerator.accelerator import Accelerator
from hw.network.types import Network
from hw.schedule.types import Schedule


def built_accelerator(folder: RunFolder) -> Accelerator:
    """The accelerator that the run has emitted: what frames are made for, and what a board is held against.

    Raises:
        BadInput: if the run has emitted none.
    """
    if "gateware" not in folder.manifest():
        raise BadInput(f"{folder.path} holds no gateware yet: make it with `spikeloom hw`")
    texts = [
        (folder.step_folder("gateware") / name).read_text(encoding="utf-8")
        for name in (files.NETWORK, files.SCHEDULE)
    ]
    return Accelerator(Network.from_json(texts[0]), Schedule.from_json(texts[1]))

"""The gateware that a run has built, read back from its folder."""

from flows.errors import BadInput
from flows.runfolder import RunFolder
from flows.steps import files
from hw.accelerator.accelerator import Accelerator
from hw.network.types import Network
from hw.schedule.types import Schedule


def built_accelerator(folder: RunFolder) -> Accelerator:
    """The accelerator that the run has built, on a chip or by itself: frames are made for it, a board has it.

    Raises:
        BadInput: if the run has emitted none.
    """
    manifest = folder.manifest()
    built = [step for step in ("chip", "gateware") if step in manifest and manifest[step].status == "finished"]
    if not built:
        raise BadInput(f"{folder.path} holds no gateware yet: make it with `spikeloom hw` or `spikeloom bitstream`")
    texts = [
        (folder.step_folder(built[0]) / name).read_text(encoding="utf-8") for name in (files.NETWORK, files.SCHEDULE)
    ]
    return Accelerator(Network.from_json(texts[0]), Schedule.from_json(texts[1]))

"""Frames that write a network's weights into an accelerator at run time."""

from hw.accelerator.accelerator import Accelerator
from hw.errors import BadInput
from hw.network.alike import check_alike, same_constants
from hw.network.types import Network


def load_frame(accelerator: Accelerator, network: Network, weight_set: int = 0) -> bytes:
    """The bytes for an accelerator's loading stream, after which inferences with that set are the network's.

    Args:
        accelerator: a design with layers that are loadable.
        network: like the accelerator's, but for weights, thresholds and offsets of those layers.
        weight_set: which set it takes the place of.

    Raises:
        BadInput: if nothing is loadable, there is no such set, or the network differs in anything that is fixed.
    """
    pipeline = accelerator.pipeline
    if pipeline is None or pipeline.weights is None or not pipeline.weights.loads:
        raise BadInput("the design has no loadable layer: make it with --loadable")
    loader = pipeline.weights.loader
    if not 0 <= weight_set < loader.weight_sets:
        raise BadInput(f"weight set {weight_set}: the design has sets 0 to {loader.weight_sets - 1}")
    built = pipeline.networks[weight_set]
    check_alike(built, network, any_margin=accelerator.schedule.margin_port)
    contents = []
    for index, fold in enumerate(accelerator.schedule.layers):
        if fold.loadable:
            contents += [rom.rows for rom in pipeline.bank_of(index, network)]
        elif not same_constants(network.layers[index], built.layers[index]):
            raise BadInput(f"layer {fold.name} of the network differs from the circuit's, and it is not loadable")
    return loader.frame(weight_set, contents)

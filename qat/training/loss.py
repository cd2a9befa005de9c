"""What a training makes small."""

from torch import Tensor
from torch.nn.functional import cross_entropy


def loss_of(scores: Tensor, labels: Tensor, weights: Tensor, temperature: float) -> Tensor:
    """Cross-entropy with the labels, weighted by the confidence, mean over spikes, in nats."""
    return (weights * cross_entropy(scores / temperature, labels, reduction="none")).mean()

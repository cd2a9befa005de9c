"""What came of a training, epoch by epoch."""

from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class EpochRecord:
    """Both parts at the end of an epoch, in evaluation mode; None where validation has no spikes."""

    train_loss: float  # confidence x cross-entropy, mean over spikes, nats
    train_accuracy: float  # share of spikes that get their pseudo-label
    validation_loss: float | None
    validation_accuracy: float | None


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A network in evaluation mode with the weights of the last epoch of `history`."""

    model: nn.Sequential
    history: tuple[EpochRecord, ...]
    seed: int

    @property
    def metrics(self) -> EpochRecord:
        """Loss and accuracy of the network as it is."""
        return self.history[-1]

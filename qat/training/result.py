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
    """A network in evaluation mode with the weights of `best_epoch` (counted from 0) of `history`."""

    model: nn.Sequential
    history: tuple[EpochRecord, ...]
    best_epoch: int
    seed: int

    @property
    def metrics(self) -> EpochRecord:
        """Loss and accuracy of the weights that were kept."""
        return self.history[self.best_epoch]

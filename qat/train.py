"""Training on pseudo-labels: what a network is fitted to, how, and what came of every epoch."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite, prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from qat.errors import BadInput
from qat.models import ModelBuilder


@dataclass(frozen=True)
class TrainingRecipe:
    """How a network is trained. The defaults are for `binarized`; `FULL_PRECISION_RECIPE` is for its twin."""

    epochs: int = 60  # passes over the training spikes, at most; the learning rate falls to 0 over them
    patience: int = 20  # epochs without a better validation result before training stops
    batch_size: int = 64  # spikes a step; a batch takes up to twice as many, so that none is left over
    learning_rate: float = 3e-3  # Adam's first step size, a share of the latent weights' range [-1, 1]
    weight_decay: float = 0.0  # L2 penalty on the latent weights, 1 / weight
    temperature: float = 32.0  # score counts per unit of softmax logit, in the loss only
    overlap_share: float = 0.3  # of the training spikes, anew every epoch, get another one added, shifted
    min_confidence: float = 0.5  # posterior; pseudo-labels below it are left out of training and validation

    def __post_init__(self) -> None:
        for name, value, at_least in (
            ("epochs", self.epochs, 1),
            ("patience", self.patience, 1),
            ("batch_size", self.batch_size, 2),
            ("weight_decay", self.weight_decay, 0),
            ("overlap_share", self.overlap_share, 0),
            ("min_confidence", self.min_confidence, 0),
        ):
            if not value >= at_least:
                raise BadInput(f"training recipe: {name} = {value} must be at least {at_least}")
        for name, value in (("learning_rate", self.learning_rate), ("temperature", self.temperature)):
            if not value > 0:
                raise BadInput(f"training recipe: {name} = {value} must be positive")


FULL_PRECISION_RECIPE = TrainingRecipe(epochs=30, patience=10, learning_rate=1e-3, temperature=1.0)


@dataclass(frozen=True, eq=False)
class LabelledSpikes:
    """Spikes of one part with their pseudo-labels.

    waveforms: integers [n, n_channels, n_samples]; labels: [n], 0 ... n_units - 1; confidence: [n], posterior
    of the label. A network sees the waveforms flattened, channel-major.
    Raises BadInput where the waveforms are no integers or the shapes do not fit each other.
    """

    waveforms: NDArray[np.integer]
    labels: NDArray[np.integer]
    confidence: NDArray[np.floating]

    def __post_init__(self) -> None:
        n = len(self.waveforms)
        if not np.issubdtype(self.waveforms.dtype, np.integer):
            raise BadInput(f"labelled spikes: waveforms are {self.waveforms.dtype}, must be integers")
        if self.waveforms.ndim != 3 or not self.labels.shape == self.confidence.shape == (n,):
            raise BadInput(
                f"labelled spikes: waveforms {self.waveforms.shape}, labels {self.labels.shape}, confidence "
                f"{self.confidence.shape} must be [n, n_channels, n_samples], [n], [n]"
            )


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


def train(
    build_model: ModelBuilder,
    training: LabelledSpikes,
    validation: LabelledSpikes,
    *,
    n_units: int,
    recipe: TrainingRecipe,
    seed: int,
    progress: Callable[[float], None] | None = None,
) -> TrainedModel:
    """Fit a network to the training part; the validation part only chooses the epoch. No test spike enters.

    The loss is the cross-entropy with the pseudo-label, each spike weighted by its confidence (see
    `TrainingRecipe.min_confidence`). Adam, cosine schedule. The epoch with the highest validation accuracy is
    kept, between equals the one with the lower validation loss; with no validation spikes the last epoch.
    `progress` is called after every epoch with the fraction done, and ends at 1.

    Runs on one CPU thread with deterministic algorithms: sums over several threads may add in another order,
    so one seed gives one network on one machine and one version of torch.

    Raises BadInput: fewer than two confident training spikes, a label outside 0 ... n_units - 1, a training
    that diverges.
    """
    fitted = _confident(training, recipe.min_confidence, n_units)
    held_out = _confident(validation, recipe.min_confidence, n_units)
    n_confident = len(fitted.labels)
    if n_confident < 2:
        raise BadInput(
            f"{n_confident} of {len(training.labels)} training spikes have a pseudo-label of confidence "
            f">= {recipe.min_confidence}: training needs at least 2"
        )
    with _reproducible(seed):
        model = build_model(prod(training.waveforms.shape[1:]), n_units)
        history, best_epoch = _fit(model, fitted, held_out, recipe, progress or (lambda fraction: None))
    return TrainedModel(model.eval(), history, best_epoch, seed)


@dataclass(frozen=True, eq=False)
class _Tensors:
    """LabelledSpikes as torch takes them: waveforms float32, labels int64, weights float32."""

    waveforms: Tensor
    labels: Tensor
    weights: Tensor


def _confident(spikes: LabelledSpikes, min_confidence: float, n_units: int) -> _Tensors:
    keep = spikes.confidence >= min_confidence
    labels = spikes.labels[keep]
    if labels.size and not 0 <= labels.min() <= labels.max() < n_units:
        raise BadInput(f"pseudo-labels {labels.min()} ... {labels.max()}: {n_units} units have 0 ... {n_units - 1}")
    return _Tensors(
        torch.from_numpy(spikes.waveforms[keep].astype(np.float32)),
        torch.from_numpy(labels.astype(np.int64)),
        torch.from_numpy(spikes.confidence[keep].astype(np.float32)),
    )


def _fit(
    model: nn.Sequential,
    training: _Tensors,
    validation: _Tensors,
    recipe: TrainingRecipe,
    progress: Callable[[float], None],
) -> tuple[tuple[EpochRecord, ...], int]:
    """Train in place and leave the best epoch's weights in the model: (history, best epoch)."""
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=recipe.epochs)
    history: list[EpochRecord] = []
    best_epoch, best_weights = 0, {}
    for epoch in range(recipe.epochs):
        _train_epoch(model, training, recipe, optimizer)
        schedule.step()
        history.append(_record(model, training, validation, recipe.temperature))
        if not isfinite(history[epoch].train_loss):
            raise BadInput(
                f"training diverged in epoch {epoch + 1}: learning rate {recipe.learning_rate} or weight decay "
                f"{recipe.weight_decay} is too high"
            )
        if _rank(history[epoch]) >= _rank(history[best_epoch]):  # of equals the later, trained longer
            best_epoch = epoch
            best_weights = {name: value.clone() for name, value in model.state_dict().items()}
        if epoch - best_epoch >= recipe.patience:
            break
        progress((epoch + 1) / recipe.epochs)
    model.load_state_dict(best_weights)
    progress(1.0)
    return tuple(history), best_epoch


def _train_epoch(
    model: nn.Sequential, training: _Tensors, recipe: TrainingRecipe, optimizer: torch.optim.Optimizer
) -> None:
    model.train()
    inputs = _with_overlaps(training.waveforms, recipe.overlap_share).flatten(1)
    order = torch.randperm(len(inputs))
    # Rounded down, so that no batch holds a single spike: it has no variance to normalize by.
    for batch in torch.tensor_split(order, max(1, len(order) // recipe.batch_size)):
        optimizer.zero_grad()
        scores = model(inputs[batch])
        _loss(scores, training.labels[batch], training.weights[batch], recipe.temperature).backward()
        optimizer.step()


def _with_overlaps(waveforms: Tensor, share: float) -> Tensor:
    """Add to a share of the spikes another one, as spikes that overlap superpose in a recording.

    It is shifted by an eighth of the window at least: closer spikes leave open which of the two is meant.
    Sums saturate at the extremes of all waveforms, as the samples do. [n, n_channels, n_samples] both.
    """
    n, _, n_samples = waveforms.shape
    shift = torch.randint(max(1, n_samples // 8), n_samples + 1, (n, 1, 1))
    shift *= 2 * torch.randint(2, (n, 1, 1)) - 1
    source = torch.arange(n_samples) - shift
    inside = (source >= 0) & (source < n_samples)
    added = waveforms[torch.randint(n, (n,))].gather(2, source.clamp(0, n_samples - 1).expand_as(waveforms))
    overlapped = (waveforms + added * inside).clamp(waveforms.min(), waveforms.max())
    return torch.where(torch.rand(n, 1, 1) < share, overlapped, waveforms)


def _loss(scores: Tensor, labels: Tensor, weights: Tensor, temperature: float) -> Tensor:
    return (weights * cross_entropy(scores / temperature, labels, reduction="none")).mean()


def _record(model: nn.Sequential, training: _Tensors, validation: _Tensors, temperature: float) -> EpochRecord:
    trained = _evaluate(model, training, temperature)
    held_out = _evaluate(model, validation, temperature) if len(validation.labels) else (None, None)
    return EpochRecord(*trained, *held_out)


def _evaluate(model: nn.Sequential, spikes: _Tensors, temperature: float) -> tuple[float, float]:
    """Loss and accuracy in evaluation mode."""
    model.eval()
    with torch.no_grad():
        scores = model(spikes.waveforms.flatten(1))
    loss = _loss(scores, spikes.labels, spikes.weights, temperature).item()
    return loss, (scores.argmax(dim=1) == spikes.labels).double().mean().item()


def _rank(record: EpochRecord) -> tuple[float, float]:
    """Higher is better; without validation all epochs are equal."""
    if record.validation_accuracy is None or record.validation_loss is None:
        return 0.0, 0.0
    return record.validation_accuracy, -record.validation_loss


@contextmanager
def _reproducible(seed: int) -> Iterator[None]:
    """Seed torch, one thread, deterministic algorithms; the process's own settings come back afterwards."""
    n_threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True)
        try:
            yield
        finally:
            torch.set_num_threads(n_threads)
            torch.use_deterministic_algorithms(deterministic)

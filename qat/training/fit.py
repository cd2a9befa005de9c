"""Fitting a network to its training part; the validation part chooses the epoch."""

from collections.abc import Callable
from math import isfinite, prod

import torch
from torch import nn

from qat.errors import BadInput
from qat.models import ModelBuilder
from qat.training.augmentation import with_overlaps
from qat.training.labelled import LabelledSpikes, Tensors, confident
from qat.training.loss import loss_of
from qat.training.recipe import TrainingRecipe
from qat.training.reproducible import reproducible
from qat.training.result import EpochRecord, TrainedModel


def train(
    build_model: ModelBuilder,
    training: LabelledSpikes,
    validation: LabelledSpikes,
    *,
    n_units: int,
    recipe: TrainingRecipe,
    seed: int,
    teacher: nn.Module | None = None,
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
    fitted = confident(training, recipe.min_confidence, n_units)
    held_out = confident(validation, recipe.min_confidence, n_units)
    n_confident = len(fitted.labels)
    if n_confident < 2:
        raise BadInput(
            f"{n_confident} of {len(training.labels)} training spikes have a pseudo-label of confidence "
            f">= {recipe.min_confidence}: training needs at least 2"
        )
    with reproducible(seed):
        model = build_model(prod(training.waveforms.shape[1:]), n_units)
        history, best_epoch = _fit(model, fitted, held_out, recipe, progress or (lambda fraction: None))
    return TrainedModel(model.eval(), history, best_epoch, seed)


def _fit(
    model: nn.Sequential,
    training: Tensors,
    validation: Tensors,
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
    model: nn.Sequential, training: Tensors, recipe: TrainingRecipe, optimizer: torch.optim.Optimizer
) -> None:
    model.train()
    inputs = with_overlaps(training.waveforms, recipe.overlap_share).flatten(1)
    order = torch.randperm(len(inputs))
    # Rounded down, so that no batch holds a single spike: it has no variance to normalize by.
    for batch in torch.tensor_split(order, max(1, len(order) // recipe.batch_size)):
        optimizer.zero_grad()
        scores = model(inputs[batch])
        loss_of(scores, training.labels[batch], training.weights[batch], recipe.temperature).backward()
        optimizer.step()


def _record(model: nn.Sequential, training: Tensors, validation: Tensors, temperature: float) -> EpochRecord:
    trained = _evaluate(model, training, temperature)
    held_out = _evaluate(model, validation, temperature) if len(validation.labels) else (None, None)
    return EpochRecord(*trained, *held_out)


def _evaluate(model: nn.Sequential, spikes: Tensors, temperature: float) -> tuple[float, float]:
    """Loss and accuracy in evaluation mode."""
    model.eval()
    with torch.no_grad():
        scores = model(spikes.waveforms.flatten(1))
    loss = loss_of(scores, spikes.labels, spikes.weights, temperature).item()
    return loss, (scores.argmax(dim=1) == spikes.labels).double().mean().item()


def _rank(record: EpochRecord) -> tuple[float, float]:
    """Higher is better; without validation all epochs are equal."""
    if record.validation_accuracy is None or record.validation_loss is None:
        return 0.0, 0.0
    return record.validation_accuracy, -record.validation_loss

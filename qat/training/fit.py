"""Fitting a network to its training part."""

import copy
from collections.abc import Callable
from math import isfinite, prod

import torch
from torch import nn

from qat.errors import BadInput
from qat.models import ModelBuilder
from qat.training.augmentation import augmented
from qat.training.averaging import WeightAverage, fit_statistics
from qat.training.labelled import LabelledSpikes, Tensors, confident
from qat.training.loss import loss_against_labels, loss_against_teacher
from qat.training.recipe import TrainingRecipe
from qat.training.reproducible import reproducible
from qat.training.result import EpochRecord, TrainedModel
from qat.training.whitening import whiten_gradients


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
    """Fit a network to the training part. The validation part is only measured, the test part never seen.

    The loss is the cross-entropy with the pseudo-label, each spike weighted by its confidence (see
    `TrainingRecipe.min_confidence`), and, with a `teacher`, for `TrainingRecipe.distilled_share` of it the
    divergence from the teacher's answer to the same augmented spike; the teacher takes the same inputs and its
    scores are logits. All epochs are run: stopped on the way, the learning rate would still be high, and
    BatchNorm's running statistics behind the weights. The last epoch ends with the weights' average.
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
        _spread_thresholds(model, recipe.threshold_spread)
        if recipe.whiten_gradients:
            whiten_gradients(model, fitted.waveforms.flatten(1))
        n_epochs = recipe.epochs_for(n_confident)
        fit = _Fit(model, None if teacher is None else copy.deepcopy(teacher).eval(), fitted, recipe, n_epochs)
        history = []
        for epoch in range(n_epochs):
            fit.run_epoch(epoch)
            history.append(_record(model, fitted, held_out, recipe))
            if not isfinite(history[-1].train_loss):
                raise BadInput(
                    f"training diverged in epoch {epoch + 1}: learning rate {recipe.learning_rate} is too high"
                )
            if progress is not None:
                progress((epoch + 1) / n_epochs)
    return TrainedModel(model.eval(), tuple(history), seed)


def _spread_thresholds(model: nn.Module, spread: float) -> None:
    for layer in model.modules():
        if spread and isinstance(layer, nn.BatchNorm1d):
            nn.init.uniform_(layer.bias, -spread, spread)


class _Fit:
    """A training under way: the model with its optimizer's state and the average so far."""

    def __init__(
        self, model: nn.Module, teacher: nn.Module | None, spikes: Tensors, recipe: TrainingRecipe, n_epochs: int
    ):
        self.model, self.teacher, self.spikes, self.recipe = model, teacher, spikes, recipe
        self.optimizer = torch.optim.Adam(model.parameters(), lr=recipe.learning_rate)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, T_max=n_epochs)
        self.average = WeightAverage(model)
        self.last, self.first_averaged = n_epochs - 1, n_epochs - round(recipe.averaged_share * n_epochs)

    def run_epoch(self, epoch: int) -> None:
        """One pass over the training spikes, and the weights' average at the end of the last."""
        self.model.train()
        inputs = augmented(self.spikes, self.recipe).flatten(1)
        order = torch.randperm(len(inputs))
        # Rounded down, so that no batch holds a single spike: it has no variance to normalize by.
        for batch in torch.tensor_split(order, max(1, len(order) // self.recipe.batch_size)):
            self._step(inputs[batch], batch)
            if epoch >= self.first_averaged:
                self.average.add_step()
        if self.recipe.schedule == "cosine":
            self.schedule.step()
        if epoch == self.last and epoch >= self.first_averaged:
            self.average.put_into_model()
            fit_statistics(self.model, inputs)

    def _step(self, inputs: torch.Tensor, batch: torch.Tensor) -> None:
        recipe = self.recipe
        self.optimizer.zero_grad()
        scores = self.model(inputs)
        loss = loss_against_labels(scores, self.spikes.labels[batch], self.spikes.weights[batch], recipe)
        if self.teacher is not None:
            with torch.no_grad():
                wanted = self.teacher(inputs)
            distilled = recipe.distilled_share
            loss = (1 - distilled) * loss + distilled * loss_against_teacher(scores, wanted, recipe)
        loss.backward()
        self.optimizer.step()


def _record(model: nn.Module, training: Tensors, validation: Tensors, recipe: TrainingRecipe) -> EpochRecord:
    trained = _evaluate(model, training, recipe)
    held_out = _evaluate(model, validation, recipe) if len(validation.labels) else (None, None)
    return EpochRecord(*trained, *held_out)


def _evaluate(model: nn.Module, spikes: Tensors, recipe: TrainingRecipe) -> tuple[float, float]:
    """Loss against the labels, and accuracy, in evaluation mode."""
    model.eval()
    with torch.no_grad():
        scores = model(spikes.waveforms.flatten(1))
    loss = loss_against_labels(scores, spikes.labels, spikes.weights, recipe).item()
    return loss, (scores.argmax(dim=1) == spikes.labels).double().mean().item()

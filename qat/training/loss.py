"""What a training makes small."""

from torch import Tensor
from torch.nn.functional import cross_entropy, kl_div, log_softmax

from qat.training.recipe import TrainingRecipe


def loss_against_labels(scores: Tensor, labels: Tensor, weights: Tensor, recipe: TrainingRecipe) -> Tensor:
    """Cross-entropy with the labels, each spike weighted by its confidence, mean over spikes, in nats."""
    logits = scores / recipe.temperature
    each = cross_entropy(logits, labels, reduction="none", label_smoothing=recipe.label_smoothing)
    return (weights * each).mean()


def loss_against_teacher(scores: Tensor, teacher_logits: Tensor, recipe: TrainingRecipe) -> Tensor:
    """Divergence from the teacher's softened answer, mean over spikes, in nats.

    T^2 KL(teacher / T || network / T) with T the teacher's temperature: the square keeps the gradient's size
    (Hinton, Vinyals and Dean 2015, arXiv 1503.02531, section 2).
    """
    softening = recipe.teacher_temperature
    answered = log_softmax(scores / (recipe.temperature * softening), dim=1)
    wanted = log_softmax(teacher_logits / softening, dim=1)
    return softening**2 * kl_div(answered, wanted, reduction="batchmean", log_target=True)

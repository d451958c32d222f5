"""What a run will need: passes over the data, memory and disk, for people to read before it starts."""

from semclip.data.dataset import CaptionDataset
from semclip.models.backends.base import Encoder
from semclip.objectives import Objective
from semclip.training.config import TrainConfig


def epochs_of(config: TrainConfig, dataset: CaptionDataset) -> float:
    """How often the run sees an example, on average."""
    return config.train.steps * config.train.batch_size / max(1, len(dataset))


def needs(config: TrainConfig, encoder: Encoder, objective: Objective) -> str:
    """Memory and disk that weights, gradients and optimizer take, for people; activations come on top."""
    parameters = [*encoder.parameters(), *objective.parameters()]
    weights = sum(p.nbytes for p in parameters)
    trained = sum(p.nbytes for p in parameters if p.requires_grad)
    averaged = sum(p.nbytes for p in encoder.parameters() if p.requires_grad) if config.train.ema else 0
    checkpoint = weights + 2 * trained + averaged
    kept = config.train.keep_checkpoints + 1  # one more is written before the oldest goes, or stands as the best
    disk = kept * checkpoint + 2 * sum(p.nbytes for p in encoder.parameters())
    memory = weights + 3 * trained + averaged
    return (
        f"{_gigabytes(memory)} of memory for weights, gradients and optimizer, besides activations; up to "
        f"{_gigabytes(disk)} on disk ({kept} checkpoints of {_gigabytes(checkpoint)}, two models)"
    )


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.0f} MB"

"""What a run will need: passes over the data, memory and disk, for people to read before it starts."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch

from semclip.data.dataset import CaptionDataset
from semclip.models.backends.base import Encoder
from semclip.objectives import Objective
from semclip.training.config import TrainConfig


def epochs_of(config: TrainConfig, dataset: CaptionDataset) -> float:
    """How often the run sees an example, on average."""
    return config.train.steps * config.train.batch_size / max(1, len(dataset))


@dataclass(frozen=True)
class Needs:
    """Bytes that weights, gradients and optimizer take; activations come on top.

    loaded: the weights alone. kept: checkpoints on disk at most.
    """

    loaded: int
    memory: int
    checkpoint: int
    kept: int
    disk: int

    @classmethod
    def of(cls, config: TrainConfig, encoder: Encoder, objective: Objective) -> Self:
        parameters = [*encoder.parameters(), *objective.parameters()]
        weights = sum(p.nbytes for p in parameters)
        trained = sum(p.nbytes for p in parameters if p.requires_grad)
        averaged = sum(p.nbytes for p in encoder.parameters() if p.requires_grad) if config.train.ema else 0
        checkpoint = weights + 2 * trained + averaged
        kept = config.train.keep_checkpoints + 2  # the best stands, and one more is written before the oldest goes
        disk = kept * checkpoint + 2 * sum(p.nbytes for p in encoder.parameters())
        return cls(weights, weights + 3 * trained + averaged, checkpoint, kept, disk)

    def __str__(self) -> str:
        return (
            f"{_gigabytes(self.memory)} of memory for weights, gradients and optimizer, besides activations; up to "
            f"{_gigabytes(self.disk)} on disk ({self.kept} checkpoints of {_gigabytes(self.checkpoint)}, two models); "
            "how long it takes is told after the first steps"
        )

    def lacking(self, run_folder: Path, device: torch.device, spare_mb: int) -> list[str]:
        """What there is too little of for the run to end, in sentences. The model is loaded by now."""
        place = next(folder for folder in run_folder.absolute().parents if folder.exists())
        free, memory = shutil.disk_usage(place).free, free_memory(device)
        said = []
        if free < self.disk + spare_mb * 1_000_000:
            said.append(
                f"the disk may fill up before the end: {_gigabytes(free)} are free at {place}, {_gigabytes(self.disk)} "
                f"may be written and {spare_mb:,} MB are to be left (guards.free_disk_mb). Free some space, choose "
                "another --out, or keep fewer checkpoints: train.keep_checkpoints=1"
            )
        if memory is not None and memory * 1e6 < self.memory - self.loaded:
            said.append(
                f"the memory may not suffice: {_gigabytes(int(memory * 1e6))} are free on {device}, "
                f"{_gigabytes(self.memory - self.loaded)} more are needed, activations not counted. Freeze a tower "
                "(model.freeze=[image]), take a smaller model, or another machine"
            )
        return said


def free_memory(device: torch.device) -> float | None:
    """Megabytes that a process can have; None where the system does not say."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] / 1e6
    file = Path("/proc/meminfo")
    for line in file.read_text().splitlines() if file.is_file() else ():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) * 1024 / 1e6
    return None


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.0f} MB"

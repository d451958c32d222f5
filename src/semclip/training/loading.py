"""Batches in a fixed order from any step on, and errors from loader workers as they were raised."""

from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import DataLoader, Dataset

from semclip.core.errors import UserError
from semclip.data.collate import Batch, Collate
from semclip.data.dataset import CaptionDataset, Sample
from semclip.data.sampler import GroupBatchSampler
from semclip.training.config import TrainConfig


def batches(
    dataset: CaptionDataset, collate: Collate, config: TrainConfig, start_step: int, device: torch.device
) -> Iterator[Batch]:
    """Batches from step `start_step` to the last. Epochs follow from the step, so resuming sees the same stream."""
    groups = dataset.groups
    per_epoch = len(GroupBatchSampler(groups, config.train.batch_size, config.seed, epoch=0))
    step = start_step
    while step < config.train.steps:
        epoch, position = divmod(step, per_epoch)
        loader = DataLoader(
            _ErrorsAsItems(dataset),
            batch_sampler=GroupBatchSampler(groups, config.train.batch_size, config.seed, epoch, start=position),
            collate_fn=_ErrorsThrough(collate),
            num_workers=config.train.workers,
        )
        for batch in loader:
            if isinstance(batch, UserError):
                raise batch
            yield batch.to(device)
            step += 1
            if step == config.train.steps:
                return


class _ErrorsAsItems(Dataset[Sample | UserError]):
    """Hands a UserError on as an item: raised in a worker, it would come back as a traceback in a string."""

    def __init__(self, dataset: CaptionDataset) -> None:
        self.dataset = dataset

    def __getitem__(self, address: tuple[int, int]) -> Sample | UserError:
        try:
            return self.dataset[address]
        except UserError as error:
            return error


class _ErrorsThrough:
    """Collates samples; a batch with an error in it becomes that error."""

    def __init__(self, collate: Collate) -> None:
        self.collate = collate

    def __call__(self, items: Sequence[Sample | UserError]) -> Batch | UserError:
        samples = [item for item in items if isinstance(item, Sample)]
        errors = [item for item in items if isinstance(item, UserError)]
        return errors[0] if errors else self.collate(samples)

"""Batches in a fixed order from any step on, and errors from loader workers as they were raised."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

import torch
from torch.utils.data import DataLoader, Dataset

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.data.collate import Batch, Collate
from semclip.data.dataset import CaptionDataset, Sample
from semclip.data.sampler import GroupBatchSampler
from semclip.data.steps.base import Step
from semclip.training.config import TrainConfig


def batches(
    dataset: CaptionDataset,
    make_batch: Callable[[Sequence[Sample]], Batch],
    config: TrainConfig,
    start_step: int,
    device: torch.device,
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
            collate_fn=_ErrorsThrough(make_batch),
            num_workers=config.train.workers,
        )
        for batch in loader:
            if isinstance(batch, UserError):
                raise batch
            yield batch.to(device)
            step += 1
            if step == config.train.steps:
                return


class MakeBatch:
    """Samples -> what the objective reads of them: data steps first, then tokens; runs in loader workers.

    views: what stays; a view that was drawn only for a step to read is not encoded.
    """

    def __init__(
        self, steps: Sequence[Step], examples: Sequence[Example], views: Collection[str], collate: Collate
    ) -> None:
        self.steps, self.examples, self.views, self.collate = steps, examples, views, collate

    def __call__(self, samples: Sequence[Sample]) -> Batch:
        for step in self.steps:
            samples = step.batch(samples, self.examples)
        return self.collate([self._wanted(sample) for sample in samples])

    def _wanted(self, sample: Sample) -> Sample:
        images = {view: x for view, x in sample.images.items() if view in self.views}
        return replace(sample, images=images, texts={v: x for v, x in sample.texts.items() if v in self.views})


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
    """Makes a batch of samples; with an error among them, or on the way, the batch is that error."""

    def __init__(self, make_batch: Callable[[Sequence[Sample]], Batch]) -> None:
        self.make_batch = make_batch

    def __call__(self, items: Sequence[Sample | UserError]) -> Batch | UserError:
        errors = [item for item in items if isinstance(item, UserError)]
        if errors:
            return errors[0]
        try:
            return self.make_batch([item for item in items if isinstance(item, Sample)])
        except UserError as error:
            return error

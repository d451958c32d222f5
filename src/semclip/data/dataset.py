"""The training data set: images loaded, one image and one text sampled per view, addressed by (epoch, index)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from torch import Tensor
from torch.utils.data import Dataset

from semclip.core.errors import UserError, did_you_mean
from semclip.core.example import VIEWS, Example, ImageRef
from semclip.core.seeds import derive_seed
from semclip.data.draw import draw_views
from semclip.data.equal_captions import contrast_groups


@dataclass(frozen=True, slots=True)
class Sample:
    """One visit of one example.

    index:  its place in the data set. group: its group's number. contrast_group: shared by samples that are never each
    other's negatives; the group's own number unless told otherwise.
    texts:  view -> a text, or K texts where a data step gives several; K is the same for all samples of a batch.
    facts:  what a data step knows of it besides, as numbers for the objective; of one shape for all samples of a batch.
    missing_texts: the texts that a data step could not write for this visit, one sentence each; batches count them.
    on_another_rank: another process trains on it and loads its images; here it only has texts, for data steps to read.
    """

    index: int
    images: dict[str, Tensor]
    texts: dict[str, str | tuple[str, ...]]
    group: int
    epoch: int
    missing_texts: tuple[str, ...] = ()
    facts: Mapping[str, np.ndarray] = field(default_factory=dict)
    on_another_rank: bool = False
    contrast_group: int = -1

    def __post_init__(self) -> None:
        if self.contrast_group < 0:
            object.__setattr__(self, "contrast_group", self.group)


def no_augmentation(image: Tensor, seed: int) -> Tensor:
    """No augmentation."""
    return image


class CaptionDataset(Dataset[Sample]):
    """`dataset[epoch, index]` is a Sample.

    The epoch is part of the address, so a loader's worker holds no state and any worker count gives the same stream.

    views:      image and text views to give. Raises UserError, before anything is loaded, when an example lacks one.
    load_image: image reference -> one input on the CPU, such as an encoder's `load_image`.
    augment:    (input, seed of this visit) -> the input as it is shown this time.
    groups:     for each example the number of its group, counted in order of appearance; the sampler reads it.
    mask_equal_captions: examples with an equal caption are no negatives of each other (`contrast_groups`).
    """

    def __init__(
        self,
        examples: Sequence[Example],
        views: Sequence[str],
        seed: int,
        load_image: Callable[[ImageRef], Tensor],
        augment: Callable[[Tensor, int], Tensor] = no_augmentation,
        mask_equal_captions: bool = False,
    ) -> None:
        for view in views:
            if view not in VIEWS:
                raise UserError(f"unknown view '{view}'", where="views", fix=did_you_mean(view, VIEWS))
            lacking = [example for example in examples if not example.has(view)]
            if lacking:
                raise UserError(
                    f"{len(lacking)} of {len(examples)} examples have no {view}",
                    where=lacking[0].where or lacking[0].id,
                    fix=f"add the column '{view}' or fill its empty cells (`semclip data check FILE` shows them)",
                )
        self.examples = examples
        self.views = list(views)
        self.seed = seed
        self.load_image, self.augment = load_image, augment
        numbers: dict[str, int] = {}
        self.groups = [numbers.setdefault(example.group, len(numbers)) for example in examples]
        self.contrast_groups = contrast_groups(examples, mask_equal_captions)

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, address: tuple[int, int]) -> Sample:
        epoch, index = address
        example = self.examples[index]
        drawn = draw_views(example, self.views, self.seed, epoch)
        images = {
            view: self.augment(self.load_image(ref), derive_seed("visit", self.seed, epoch, index, view))
            for view, ref in drawn.images.items()
        }
        return self.sample(epoch, index, drawn.texts, images)

    def on_another_rank(self, address: tuple[int, int]) -> Sample:
        """The same visit as a sample of another process; no image is opened."""
        epoch, index = address
        texts = draw_views(self.examples[index], self.views, self.seed, epoch).texts
        return replace(self.sample(epoch, index, texts), on_another_rank=True)

    def sample(
        self, epoch: int, index: int, texts: Mapping[str, str], images: Mapping[str, Tensor] | None = None
    ) -> Sample:
        """The sample of an example with these texts and images."""
        return Sample(
            index=index,
            images={**(images or {})},
            texts={**texts},
            group=self.groups[index],
            epoch=epoch,
            contrast_group=self.contrast_groups[index],
        )

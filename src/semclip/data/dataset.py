"""Examples as training sees them: images loaded, one text drawn per view, addressed by (epoch, index)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor
from torch.utils.data import Dataset

from semclip.core.errors import UserError, did_you_mean
from semclip.core.example import IMAGE_VIEWS, TEXT_VIEWS, VIEWS, Example, ImageRef
from semclip.data.draw import draw_texts


@dataclass(frozen=True, slots=True)
class Sample:
    """One visit of one example. index: its place in the data set. group: its group's number."""

    index: int
    images: dict[str, Tensor]
    texts: dict[str, str]
    group: int


class CaptionDataset(Dataset[Sample]):
    """`dataset[epoch, index]` is a Sample.

    The epoch is part of the address, so a loader's worker holds no state and any worker count gives the same stream.

    views:      image and text views to give. Raises UserError when an example lacks one, before anything is loaded.
    load_image: image reference -> one input on the CPU, such as an encoder's `load_image`.
    groups:     for each example the number of its group, counted in order of appearance; the sampler reads it.
    """

    def __init__(
        self, examples: Sequence[Example], views: Sequence[str], seed: int, load_image: Callable[[ImageRef], Tensor]
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
        self.image_views = [view for view in views if view in IMAGE_VIEWS]
        self.text_views = [view for view in views if view in TEXT_VIEWS]
        self.seed = seed
        self.load_image = load_image
        numbers: dict[str, int] = {}
        self.groups = [numbers.setdefault(example.group, len(numbers)) for example in examples]

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, address: tuple[int, int]) -> Sample:
        epoch, index = address
        example = self.examples[index]
        references = {"image": example.image, "negative_image": example.negative_image}
        images = {view: self.load_image(ref) for view in self.image_views if (ref := references[view]) is not None}
        texts = draw_texts(example, self.text_views, self.seed, epoch)
        return Sample(index=index, images=images, texts=texts, group=self.groups[index])

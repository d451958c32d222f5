"""TNG-CLIP: three positive texts per image: an absent object, another caption negated, and the caption.

    Z = n(X) n(I)^t / t;  L = ( CE(Z, own image) + CE(Z^t, y) ) / 2
    X holds for image i the rows M i ... M i + M - 1 = [absence_1, ..., absence_K, caption], M = K + 1

Shapes: I image (B, D), absence (B, K, D), caption (B, D), X (M B, D); K = 2 as published: [an object that is absent,
another caption denied]. t is `temperature`; None: 1 / the learned logit scale.
y, the target text of an image (`image_labels`):
- aligned: its own caption, M i + M - 1;
- multi_positive: all M of its texts, mean of -log p;
- random: the first rows of a random permutation of all texts, unrelated to the image - what the released code does;
  a new draw at every `update`, the same on all ranks;
- a list of G indices: as given.
Columns: image, caption, absence.
Paper: arXiv 2505.18434. Deviations: `aligned` is the default (whether the random labels are
intended is unknown); same-group pairs are masked unless they are the label (`mask_same_group=False` as released).
When to use: no negation captions exist; absences are written within the batch.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from semclip.core.errors import UserError
from semclip.core.seeds import derive_seed
from semclip.objectives._contrastive import multi_positive_cross_entropy, single, softmax_cross_entropy, versions
from semclip.objectives.base import Features, Objective, Paper, Terms

_WHERE = "objective 'tngclip'"


class TNGCLIP(Objective):
    """CLIP with several true texts per image; parts are `image_to_text`, `text_to_image`."""

    needs = frozenset({"image", "caption", "absence"})
    paper = Paper(
        title="TNG-CLIP: Training-Time Negation Data Generation for Negation Awareness of CLIP",
        arxiv="2505.18434",
        equation="(L_img + L_txt) / 2",
        deviations="images are matched to captions, not random texts; same-group pairs are masked unless labelled",
        as_released={"image_labels": "random", "mask_same_group": False},
    )
    steps: Tensor

    @dataclass(frozen=True, kw_only=True)
    class Config:
        image_labels: Literal["random", "aligned", "multi_positive"] | list[int] = "aligned"
        temperature: float | None = 0.07
        seed: int | None = None
        mask_same_group: bool = True

    def __init__(self, config: Config | None = None) -> None:
        super().__init__(config)
        if self.config.temperature is not None and not self.config.temperature > 0:
            raise UserError(f"'temperature' is {self.config.temperature}", where=_WHERE, fix="set it above 0, or null")
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def update(self, features: Features) -> None:
        self.steps += 1  # a new draw of random labels

    def forward(self, f: Features) -> Terms:
        image = single(f.image, "image")
        texts = torch.stack([*versions(f.absence), single(f.caption, "caption")], dim=1)  # (B, M, D)
        per_image = texts.shape[1]
        scale = (
            f.logit_scale if self.config.temperature is None else f.logit_scale.new_tensor(1 / self.config.temperature)
        )
        own = self._labels(f, per_image)  # (B, P)
        images, bank = f.all(image), f.all(texts).flatten(0, 1)  # (G, D), (M G, D)

        def texts_of_group(rows: Tensor) -> Tensor:
            return f.same_group_of(rows).repeat_interleave(per_image, dim=1).scatter(1, own[rows], False)  # (R, M G)

        masked = self.config.mask_same_group
        to_text = multi_positive_cross_entropy(image, bank, own, scale, texts_of_group if masked else None)
        labels = f.labels.repeat_interleave(per_image)  # (M B,)
        images_of_group = (lambda rows: f.same_group_of(rows // per_image)) if masked else None  # (R, G)
        to_image = softmax_cross_entropy(texts.flatten(0, 1), images, labels, scale, images_of_group)
        return Terms(total=(to_text + to_image) / 2, parts={"image_to_text": to_text, "text_to_image": to_image})

    def _labels(self, f: Features, per_image: int) -> Tensor:
        """(B, P) columns of the target texts of each local image."""
        labels = self.config.image_labels
        first = per_image * f.labels[:, None]  # (B, 1)
        if labels == "aligned":
            return first + per_image - 1
        if labels == "multi_positive":
            return first + torch.arange(per_image, device=first.device)
        rows = len(f.global_groups)  # G
        if labels == "random":
            source = torch.Generator().manual_seed(derive_seed(self.seed, "tngclip", int(self.steps)))
            chosen = torch.randperm(per_image * rows, generator=source)[:rows]
        else:
            chosen = torch.tensor(labels)
        if len(chosen) != rows or not ((chosen >= 0) & (chosen < per_image * rows)).all():
            raise UserError(
                f"image_labels holds {len(chosen)} indices; the batch has {rows} images and {per_image * rows} texts",
                where=_WHERE,
                fix="give one index per image, each below the number of texts",
            )
        return chosen.to(first.device)[f.labels][:, None]

"""CLIP: symmetric cross-entropy between images and captions of the batch.

    L = ( CE(s I T^t) + CE(s T I^t) ) / 2,    CE(Z) = mean_i( logsumexp_j Z_ij - Z_ii )

Shapes: I, T (B, D) unit rows, s the logit scale. A caption (B, K, D) gives the mean over its K versions.
Columns: image, caption.
When to use: as the base model, and as the control of every comparison.
"""

from dataclasses import dataclass

from semclip.objectives._contrastive import clip_terms, single
from semclip.objectives.base import Features, Objective, Paper, Terms


class CLIP(Objective):
    """CLIP's symmetric contrastive loss. mask_same_group: rows of one group are never each other's negatives."""

    needs = frozenset({"image", "caption"})
    paper = Paper(
        title="Learning Transferable Visual Models From Natural Language Supervision",
        arxiv="2103.00020",
        equation="Figure 3",
        deviations="same-group pairs are masked",
        as_released={"mask_same_group": False},
    )

    @dataclass(frozen=True, kw_only=True)
    class Config:
        mask_same_group: bool = True

    def forward(self, f: Features) -> Terms:
        image = single(f.image, "image")
        to_text, to_image = clip_terms(f, image, f.caption, self.config.mask_same_group)
        return Terms(total=(to_text + to_image) / 2, parts={"image_to_text": to_text, "text_to_image": to_image})

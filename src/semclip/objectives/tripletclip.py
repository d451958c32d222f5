"""TripletCLIP: NegCLIP in both directions; the negation and an image of it are a second positive pair.

    L = NegCLIP(I, T, G) + NegCLIP(J, G, T),    NegCLIP(A, B, H) = ( CE(s A [B;H]^t) + CE(s B A^t) ) / 2

Shapes: I image, T caption, G negation, J negative image, (B, D) unit rows, s the logit scale. A sum, not a mean: about
twice the size of CLIP's loss, which matters for gradient clipping. G may be (B, K, D), as in CoN-CLIP.
Columns: image, caption, negation, negative_image.
Paper: arXiv 2411.02545, equations 2 and 3. As published, text queries never see the other family's images, so a
negative image is a hard negative for no query; `text_sees_negative_images=True` (ours) compares text queries
with [own family; other family]. Deviation: same-group pairs are masked (`mask_same_group=False` as released).
When to use: every negation has an image that shows it (rendered, or made by a text-to-image model).
"""

from dataclasses import dataclass

import torch

from semclip.objectives._contrastive import clip_terms, hard_negative_cross_entropy, single, versions
from semclip.objectives.base import Features, Objective, Paper, Terms


class TripletCLIP(Objective):
    """Parts: `image_to_text`, `text_to_image` and the mirrored `negative_image_to_text`, `negation_to_image`."""

    needs = frozenset({"image", "caption", "negation", "negative_image"})
    paper = Paper(
        title="TripletCLIP: Improving Compositional Reasoning of CLIP via Synthetic Vision-Language Negatives",
        arxiv="2411.02545",
        equation="(2), (3)",
        deviations="same-group pairs are masked; text_sees_negative_images=True is ours",
        as_released={"mask_same_group": False},
    )

    @dataclass(frozen=True, kw_only=True)
    class Config:
        text_sees_negative_images: bool = False
        mask_same_group: bool = True

    def forward(self, f: Features) -> Terms:
        mask = self.config.mask_same_group
        image, caption = single(f.image, "image"), single(f.caption, "caption")
        negation, negative_image = f.negation, single(f.negative_image, "negative_image")
        to_text = hard_negative_cross_entropy(f, image, caption, negation, mask)
        negative_to_text = hard_negative_cross_entropy(f, negative_image, negation, caption, mask)
        if self.config.text_sees_negative_images:
            to_image = hard_negative_cross_entropy(f, caption, image, negative_image, mask)
            per_text = [
                hard_negative_cross_entropy(f, text, negative_image, image, mask) for text in versions(negation)
            ]
            negation_to_image = torch.stack(per_text).mean()
        else:
            _, to_image = clip_terms(f, image, caption, mask)
            _, negation_to_image = clip_terms(f, negative_image, negation, mask)
        parts = {
            "image_to_text": to_text,
            "text_to_image": to_image,
            "negative_image_to_text": negative_to_text,
            "negation_to_image": negation_to_image,
        }
        return Terms(total=torch.stack(list(parts.values())).sum() / 2, parts=parts)

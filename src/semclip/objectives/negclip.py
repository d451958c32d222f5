"""NegCLIP: CLIP with negations as additional negatives of every image.

    L = ( CE(s I [T;G]^t) + CE(s T I^t) ) / 2,    the target of row i is column i;  [T;G]: captions, then negations

Shapes: I, T, G image, caption, negation (B, D) unit rows, s the logit scale; G may be (B, K, D): K B more candidates.
Columns: image, caption, negation.
Paper: arXiv 2210.01936, which mines swapped captions and near images; here a negation is whatever the data holds.
Deviation: same-group pairs are masked (`mask_same_group=False` as released).
When to use: hard negatives exist and nothing else. CoN-CLIP and TripletCLIP are built from it. Caution: a model trained
on negations as negatives only learns that the word "not" is wrong (see the absence benchmark).
"""

from dataclasses import dataclass

from semclip.objectives._contrastive import clip_terms, hard_negative_cross_entropy, single
from semclip.objectives.base import Features, Objective, Paper, Terms


class NegCLIP(Objective):
    """CLIP with hard negative texts. own_negative_only: a negation is a wrong text for its own image only."""

    needs = frozenset({"image", "caption", "negation"})
    paper = Paper(
        title="When and why vision-language models behave like bags-of-words, and what to do about it?",
        arxiv="2210.01936",
        equation="CLIP with strong alternatives in the image-to-text softmax",
        deviations="negations come from the data; same-group pairs are masked",
        as_released={"mask_same_group": False},
    )

    @dataclass(frozen=True, kw_only=True)
    class Config:
        own_negative_only: bool = False
        mask_same_group: bool = True

    def forward(self, f: Features) -> Terms:
        c = self.config
        image, caption = single(f.image, "image"), single(f.caption, "caption")
        to_text = hard_negative_cross_entropy(f, image, caption, f.negation, c.mask_same_group, c.own_negative_only)
        _, to_image = clip_terms(f, image, caption, c.mask_same_group)
        return Terms(total=(to_text + to_image) / 2, parts={"image_to_text": to_text, "text_to_image": to_image})

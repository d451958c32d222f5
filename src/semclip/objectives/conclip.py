"""CoN-CLIP: negations are hard negatives of the image, and positives of a distractor image that they describe.

    L = ( CE(s I [T;G]^t) + CE(s T [I;J]^t) + CE(s J [G;T]^t) ) / 3,    the target of row i is column i
    without distractors:  L = ( CE(s I [T;G]^t) + CE(s T I^t) ) / 2     (NegCLIP)

Shapes: I image, T caption, G negation, J negative image (distractor), (B, D) unit rows, s the logit scale.
G may be (B, K, D): all K are negatives of the image, and the mean over K of -log p is taken where they are positives.
Columns: image, caption, negation, negative_image (`distractors=False`: not needed).
Paper: arXiv 2403.20312, L1, L2, L3 of its method figure. Deviation: same-group pairs are masked
(`mask_same_group=False` as released). As published, there is no cross-entropy from negations to images.
When to use: distractor images exist. They keep the model from learning that a negated text is always wrong.
"""

from dataclasses import dataclass

from semclip.objectives._contrastive import clip_terms, hard_negative_cross_entropy, single
from semclip.objectives.base import Features, Objective, Paper, Terms


class CoNCLIP(Objective):
    """Parts: `image_to_text`, `text_to_image`, `distractor_to_text`: L1, L2, L3 of the paper."""

    paper = Paper(
        title="Learn 'No' to Say 'Yes' Better: Improving Vision-Language Models via Negations",
        arxiv="2403.20312",
        equation="(L1 + L2 + L3) / 3",
        deviations="same-group pairs are masked",
        as_released={"mask_same_group": False},
    )

    @dataclass(frozen=True, kw_only=True)
    class Config:
        distractors: bool = True
        mask_same_group: bool = True

    def __init__(self, config: Config | None = None) -> None:
        super().__init__(config)
        views = {"image", "caption", "negation"}
        self.needs = frozenset(views | {"negative_image"} if self.config.distractors else views)

    def forward(self, f: Features) -> Terms:
        mask = self.config.mask_same_group
        image, caption = single(f.image, "image"), single(f.caption, "caption")
        to_text = hard_negative_cross_entropy(f, image, caption, f.negation, mask)
        if not self.config.distractors:
            _, to_image = clip_terms(f, image, caption, mask)
            return Terms(total=(to_text + to_image) / 2, parts={"image_to_text": to_text, "text_to_image": to_image})
        distractor = single(f.negative_image, "negative_image")
        to_image = hard_negative_cross_entropy(f, caption, image, distractor, mask)
        distractor_to_text = hard_negative_cross_entropy(f, distractor, f.negation, caption, mask)
        return Terms(
            total=(to_text + to_image + distractor_to_text) / 3,
            parts={"image_to_text": to_text, "text_to_image": to_image, "distractor_to_text": distractor_to_text},
        )

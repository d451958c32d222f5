"""NegationCLIP: plain CLIP on true captions that say what is absent ("..., but no tree").

    L = r CLIP(I, A) + (1 - r) CLIP(I, T),    CLIP(I, X) = ( CE(s I X^t) + CE(s X I^t) ) / 2

Shapes: I image, A absence, T caption, (B, D) unit rows, s the logit scale, r the weight of absences, 1 as published.
A may be (B, K, D): the mean over K versions. An absence is a positive: a true text of its image.
Columns: image, absence (r > 0), caption (r < 1).
Paper: arXiv 2501.10913; the published recipe also freezes the image tower and the text tower's last norm. Deviations:
same-group pairs are masked (`mask_same_group=False` as released); the weight mixes losses, not rows of the data.
When to use: the model should understand negation words in true captions, and no hard negatives exist.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch

from semclip.core.errors import UserError
from semclip.objectives._contrastive import clip_terms, single
from semclip.objectives.base import Features, Objective, Paper, Terms


class NegationCLIP(Objective):
    """CLIP on absences. absence_weight: r, of the absences against the plain captions, from 0 to 1."""

    paper = Paper(
        title="Know 'No' Better: A Data-Driven Approach for Enhancing Negation Awareness in CLIP",
        arxiv="2501.10913",
        equation="CLIP's, on negation-inclusive captions",
        deviations="same-group pairs are masked; absence_weight < 1 is ours",
        as_released={"mask_same_group": False},
    )

    @dataclass(frozen=True, kw_only=True)
    class Config:
        renamed: ClassVar[Mapping[str, str]] = {"share": "absence_weight"}

        absence_weight: float = 1.0
        mask_same_group: bool = True

    def __init__(self, config: Config | None = None) -> None:
        super().__init__(config)
        weight = self.config.absence_weight
        if not 0 <= weight <= 1:
            raise UserError(f"'absence_weight' is {weight}", where="objective 'negationclip'", fix="set it from 0 to 1")
        self.weights = {"absence": weight, "caption": 1 - weight}
        self.needs = frozenset({"image"} | {view for view, w in self.weights.items() if w})

    def forward(self, f: Features) -> Terms:
        image = single(f.image, "image")
        sums = [
            w * torch.stack(clip_terms(f, image, f.unit(view), self.config.mask_same_group))
            for view, w in self.weights.items()
            if w
        ]
        to_text, to_image = torch.stack(sums).sum(0)
        return Terms(total=(to_text + to_image) / 2, parts={"image_to_text": to_text, "text_to_image": to_image})

"""LaCLIP: plain CLIP on captions rewritten by a language model, with another rewrite at each visit.

    L = ( CE(s I R^t) + CE(s R I^t) ) / 2
    multi_text:  L = mean over versions X of (T, R_1, ..., R_K) of ( CE(s I X^t) + CE(s X I^t) ) / 2

Shapes: I image, T caption, R rewrite, (B, D) unit rows, s the logit scale; R may be (B, K, D): the mean over K
versions, version k of a row against version k of the others.
Columns: image, rewrite (drawn by the data step, uniformly among the caption and its rewrites, at every visit);
with `multi_text=True` the caption, too, and all versions in every step.
Paper: arXiv 2305.20088. `multi_text` is LaCLIP-MT, of which no code exists: a reconstruction.
Deviation: same-group pairs are masked (`mask_same_group=False` as released).
When to use: training from scratch on few or poor captions, with rewrites that are written once, offline.
"""

from dataclasses import dataclass

import torch

from semclip.objectives._contrastive import clip_terms, single, versions
from semclip.objectives.base import Features, Objective, Paper, Terms


class LaCLIP(Objective):
    """CLIP on rewrites. multi_text: average over the caption and all rewrites of the row."""

    paper = Paper(
        title="Improving CLIP Training with Language Rewrites",
        arxiv="2305.20088",
        equation="CLIP's, on one of the rewrites",
        deviations="LaCLIP-MT (multi_text) is a reconstruction; same-group pairs are masked",
        as_released={"mask_same_group": False},
    )

    @dataclass(frozen=True, kw_only=True)
    class Config:
        multi_text: bool = False
        mask_same_group: bool = True

    def __init__(self, config: Config | None = None) -> None:
        super().__init__(config)
        views = {"image", "rewrite"}
        self.needs = frozenset(views | {"caption"} if self.config.multi_text else views)

    def forward(self, f: Features) -> Terms:
        text = f.rewrite
        if self.config.multi_text:
            text = torch.stack([*versions(f.caption), *versions(text)], dim=1)  # (B, 1 + K, D)
        to_text, to_image = clip_terms(f, single(f.image, "image"), text, self.config.mask_same_group)
        return Terms(total=(to_text + to_image) / 2, parts={"image_to_text": to_text, "text_to_image": to_image})

"""Anchor: keeps caption embeddings near those of the base model.

    L = mean_i max(0, 1 - cos(T_i, S_i) - margin)

Shapes: T caption (B, D), S the same caption embedded by the model before training (B, D); S gets no gradient. A
caption (B, K, D) gives the mean over its K versions. Drift up to `margin` (0 to 2) is free. No negatives: nothing is
masked.
Columns: caption. S is `caption_at_start`, computed by a copy of the base model at every step: one more forward pass of
captions, without gradient, and the memory of a second model.
Paper: none of its own. Outputs of the base model as targets follow "Learning without Forgetting" (arXiv 1606.09282),
here with embeddings instead of class scores.
When to use: with an objective that reduces ordinary abilities, as
`{name: weighted_sum, members: {semclip: {}, anchor: {weight: 1.0}}}`. `semclip interpolate` has the same purpose
after training; docs/guides/do_no_harm.md compares them.
"""

from dataclasses import dataclass

import torch

from semclip.core.errors import UserError
from semclip.objectives._contrastive import versions
from semclip.objectives.base import Features, Objective, Paper, Terms


class Anchor(Objective):
    """Distance of captions to their start; the part is `drift`."""

    needs = frozenset({"caption", "caption_at_start"})
    paper = Paper(
        title="Anchor to the start model (this project)",
        arxiv="",
        equation="mean_i max(0, 1 - cos(T_i, S_i) - margin)",
        deviations="none: there is no paper",
    )

    @dataclass(frozen=True, kw_only=True)
    class Config:
        margin: float = 0.0

    def __init__(self, config: Config | None = None) -> None:
        super().__init__(config)
        if not 0 <= self.config.margin < 2:
            raise UserError(
                f"'margin' is {self.config.margin}", where="objective 'anchor'", fix="a distance of cosines: 0 to 2"
            )

    def forward(self, f: Features) -> Terms:
        start = versions(f.unit("caption_at_start").detach())
        pairs = zip(versions(f.caption), start, strict=True)
        # 1 - cos as |t - s|^2 / 2: near the start, where it is needed, nothing cancels.
        distances = [(t - s).square().sum(1) / 2 for t, s in pairs]  # (B,) each
        drift = torch.stack([(distance - self.config.margin).clamp(min=0).mean() for distance in distances]).mean()
        return Terms(total=drift, parts={"drift": drift})

"""CyCLIP: CLIP with regularisers that make the geometry of image space and text space consistent.

    L = L_clip + a L_in + b L_cross
    L_in    = (1/G) sum_jk ( <I_j,I_k> - <T_j,T_k> )^2  =  ( |A|^2 + |C|^2 - 2 |M|^2 ) / G
    L_cross = (1/G) sum_jk ( <I_j,T_k> - <I_k,T_j> )^2  =  2 ( sum(A*C) - trace(M M) ) / G

Shapes: I, T image and caption (B, D) unit rows over G rows on all ranks; A = I^t I, C = T^t T, M = I^t T (D, D).
The right-hand sides need memory that does not grow with the batch; ranks exchange 3 D^2 numbers.
Columns: image, caption.
Paper: arXiv 2205.14459. Both terms are sums of G^2 squares over G, so equal weights regularise larger batches more;
they use cosines and so give the logit scale no gradient. Deviations: same-group pairs are masked in L_clip
(`mask_same_group=False` as released); the variant with augmented views is left out.
When to use: training from scratch where zero-shot and nearest-neighbour decisions should agree.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from semclip.objectives._contrastive import clip_terms, refuse_bad_weights, single
from semclip.objectives.base import Features, Objective, Paper, Terms


class CyCLIP(Objective):
    """CLIP and two consistency terms; parts are `contrastive`, `inmodal`, `crossmodal`."""

    needs = frozenset({"image", "caption"})
    paper = Paper(
        title="CyCLIP: Cyclic Contrastive Language-Image Pretraining",
        arxiv="2205.14459",
        equation="L_clip + lambda1 L_I-cyclic + lambda2 L_C-cyclic",
        deviations="computed from D x D Gram matrices; same-group pairs are masked in L_clip",
        as_released={"mask_same_group": False},
    )

    @dataclass(frozen=True, kw_only=True)
    class Config:
        inmodal_weight: float = 0.25
        crossmodal_weight: float = 0.25
        mask_same_group: bool = True

    def __init__(self, config: Config | None = None) -> None:
        super().__init__(config)
        c = self.config
        weights = {"inmodal_weight": c.inmodal_weight, "crossmodal_weight": c.crossmodal_weight}
        refuse_bad_weights("cyclip", **weights, contrastive=1.0)

    def forward(self, f: Features) -> Terms:
        image, text = single(f.image, "image"), single(f.caption, "caption")
        contrastive = torch.stack(clip_terms(f, image, text, self.config.mask_same_group)).mean()
        inmodal, crossmodal = self.cyclic_terms(f)
        total = contrastive + self.config.inmodal_weight * inmodal + self.config.crossmodal_weight * crossmodal
        return Terms(total=total, parts={"contrastive": contrastive, "inmodal": inmodal, "crossmodal": crossmodal})

    def cyclic_terms(self, f: Features) -> tuple[Tensor, Tensor]:
        """L_in and L_cross, each a scalar, over all ranks."""
        image, text = single(f.image, "image"), single(f.caption, "caption")
        local = torch.stack([image.T @ image, text.T @ text, image.T @ text])  # (3, D, D)
        a, c, m = f.all(local[None]).sum(0)  # sums over samples, hence over ranks
        rows = len(f.global_groups)  # G
        inmodal = (a.square().sum() + c.square().sum() - 2 * m.square().sum()) / rows
        crossmodal = 2 * ((a * c).sum() - (m * m.T).sum()) / rows
        return inmodal, crossmodal

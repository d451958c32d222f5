"""xCLIP: CLIP, with image and text predicting each other's distribution over latent clusters, without negatives.

    L = w_c L_clip + w_n ( CE + l1 EH - l2 HE ),    p = softmax(u), q = softmax(v)
    CE = mean_i( -p_i.log q_i - q_i.log p_i ) / 2    agreement
    EH = mean_i( H(p_i) + H(q_i) ) / 2               sharpness: the mean entropy, made small
    HE = ( H(mean_i p_i) + H(mean_i q_i) ) / 2       smoothness: the entropy of the mean over all ranks, made large

Shapes: u, v (B, K) head outputs over K clusters; H(a) = -sum a log a.
Columns: image, caption.
Paper: arXiv 2210.09304. A RECONSTRUCTION: no code was ever released and the paper's numbers could not be read. Shapes
of the terms are backed by two secondary sources; w_c 0.3 and w_n 0.7 by one; l1 0.5, l2 1, and gradients through both
sides of CE are our choices. Heads: layer norm and an MLP on the shared embeddings (the paper's are recalled as MLPs
with about 32,768 clusters on the pooled features); layer norm, not batch norm, so that micro-batching stays exact;
both heads start with equal weights.
Same-group pairs are masked in L_clip.
When to use: training from scratch on captions that match their images loosely.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from semclip.core.errors import UserError
from semclip.core.protocols import EncoderInfo
from semclip.core.seeds import derive_seed
from semclip.objectives._contrastive import at_least_float32, clip_terms, refuse_bad_weights, single
from semclip.objectives._heads import mlp
from semclip.objectives.base import Features, Objective, Paper, Terms


class XCLIP(Objective):
    """Parts: `contrastive`, `agreement` (CE), `sharpness` (EH), `smoothness` (HE); needs `setup`."""

    needs = frozenset({"image", "caption"})
    paper = Paper(
        title="Non-Contrastive Learning Meets Language-Image Pre-Training",
        arxiv="2210.09304",
        equation="w_c L_clip + w_n (CE + l1 EH - l2 HE)",
        deviations="a reconstruction: no code exists; weights, heads and their size are ours",
    )

    @dataclass(frozen=True, kw_only=True)
    class Config:
        contrastive_weight: float = 0.3
        noncontrastive_weight: float = 0.7
        sharpness_weight: float = 0.5
        smoothness_weight: float = 1.0
        clusters: int = 1024
        hidden: int = 1024
        layers: int = 2
        seed: int | None = None
        mask_same_group: bool = True

    def __init__(self, config: Config | None = None) -> None:
        super().__init__(config)
        c = self.config
        where = self.name or "xclip"
        refuse_bad_weights(
            where, contrastive_weight=c.contrastive_weight, noncontrastive_weight=c.noncontrastive_weight
        )
        refuse_bad_weights(
            where, sharpness_weight=c.sharpness_weight, smoothness_weight=c.smoothness_weight, agreement=1.0
        )
        if c.clusters < 2 or c.hidden < 1 or c.layers < 1:
            raise UserError(
                f"clusters={c.clusters}, hidden={c.hidden}, layers={c.layers} make no head",
                where=f"objective '{where}'",
                fix="set clusters to 2 or more, hidden and layers to 1 or more",
            )
        self.heads = nn.ModuleDict()

    def setup(self, info: EncoderInfo) -> None:
        c = self.config
        for view in ("image", "caption"):
            # Equal at the start, so that from step 1 an image and its caption share clusters if they share a place.
            generator = torch.Generator().manual_seed(derive_seed(self.seed, "xclip"))
            self.heads[view] = mlp(info.embed_dim, c.hidden, c.clusters, c.layers, generator)

    def terms(self, u: Tensor, v: Tensor, f: Features | None = None) -> Terms:
        """The non-contrastive loss on head outputs u, v (B, K). f: joins the ranks; None: these are all rows."""
        log_p, log_q = at_least_float32(u).log_softmax(-1), at_least_float32(v).log_softmax(-1)  # (B, K)
        p, q = log_p.exp(), log_q.exp()
        agreement = -(p * log_q + q * log_p).sum(-1).mean() / 2
        sharpness = -(p * log_p + q * log_q).sum(-1).mean() / 2
        sums = torch.stack([p.sum(0), q.sum(0)])  # (2, K): all that the ranks need of each other
        everyone = sums if f is None else f.all(sums[None]).sum(0)
        rows = len(p) if f is None else len(f.global_groups)
        mean = everyone / rows
        # A cluster that no row uses has mean 0; the clamp keeps its gradient finite.
        smoothness = -(mean * mean.clamp(min=torch.finfo(mean.dtype).tiny).log()).sum() / 2
        total = agreement + self.config.sharpness_weight * sharpness - self.config.smoothness_weight * smoothness
        return Terms(total=total, parts={"agreement": agreement, "sharpness": sharpness, "smoothness": smoothness})

    def forward(self, f: Features) -> Terms:
        c = self.config
        zero = f.logit_scale.new_zeros(())
        contrastive, noncontrastive = zero, Terms(total=zero, parts={})
        if c.contrastive_weight:
            image, caption = single(f.image, "image"), single(f.caption, "caption")
            contrastive = torch.stack(clip_terms(f, image, caption, c.mask_same_group)).mean()
        if c.noncontrastive_weight:
            u, v = (self._head(f, view) for view in ("image", "caption"))
            noncontrastive = self.terms(u, v, f)
        total = c.contrastive_weight * contrastive + c.noncontrastive_weight * noncontrastive.total
        return Terms(total=total, parts={"contrastive": contrastive, **noncontrastive.parts})

    def _head(self, f: Features, view: str) -> Tensor:
        if view not in self.heads:
            raise UserError(
                "the heads do not exist yet",
                where=f"objective '{self.name or 'xclip'}'",
                fix="call setup(encoder_info) first",
            )
        return self.heads[view](single(at_least_float32(f.raw(view)), view))

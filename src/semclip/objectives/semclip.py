"""SemCLIP: CLIP, with paraphrases near and negations far from their captions in a small subspace of text space.

    L = ( c C + a mean_i(1 - cos(u_i, v_i)) + b mean_i max(0, cos(u_i, w_i)) ) / (c + a + b)
    u, v, w = n(T) B^t, n(P) B^t, n(G) B^t;    C = ( CE(s I T^t) + CE(s T I^t) ) / 2

Shapes: I image, T caption, P paraphrase, G negation (B, D); basis B (k, D), k orthonormal rows, fixed by default.
P and G may be (B, K, D): the mean over K is taken. Images are compared to captions only.
Columns: image, caption, paraphrase, negation. With a = 0 (b = 0) paraphrase (negation) is not needed.
Paper: arXiv 2511.16527. Deviations:
- the released code leaves I and T of C unnormalised (`normalize_contrastive=False`; published: normalised);
- the basis is drawn on the CPU, so that one seed gives one basis on every device, and is kept in the checkpoint;
- k = 1 is refused unless its row is given as `basis`, to reproduce a number (its gradient is zero);
- same-group pairs are masked in C (`mask_same_group=False` as released).
When to use: fine-tuning a CLIP whose text tower ignores paraphrases and negation, at little cost to other abilities.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from semclip.core.errors import UserError
from semclip.core.protocols import EncoderInfo
from semclip.objectives._basis import explicit_rows, orthonormal_rows
from semclip.objectives._contrastive import at_least_float32, clip_terms, refuse_bad_weights, single, versions
from semclip.objectives.base import Features, Objective, Paper, Terms

_WHERE = "objective 'semclip'"


class SemCLIP(Objective):
    """Contrastive, paraphrase and negation terms; parts are `contrastive`, `paraphrase`, `negation`.

    num_projections k: width of the subspace; with an explicit `basis` its rows count.
    learnable_projections: train the basis (never re-orthonormalised, as published).
    basis: explicit rows (k, D), as given and in float64; None: drawn from `seed`.
    seed: None: one derived from the run's, so that each seed of a comparison has a basis of its own; 0 outside a run.
    self.basis: (k, D), or None before `setup` when no basis was given.
    """

    paper = Paper(
        title="SemCLIP",
        arxiv="2511.16527",
        equation="(1*C + a*L_para + b*L_neg) / (1+a+b)",
        deviations="basis drawn on the CPU and stored; k=1 refused; same-group pairs are masked",
        as_released={"normalize_contrastive": False, "mask_same_group": False},
    )

    @dataclass(frozen=True, kw_only=True)
    class Config:
        num_projections: int = 2
        learnable_projections: bool = False
        normalize_contrastive: bool = True
        contrastive_weight: float = 1.0
        paraphrase_weight: float = 1.0
        negation_weight: float = 1.0
        basis: list[list[float]] | None = None
        seed: int | None = None
        mask_same_group: bool = True

    basis: Tensor | None

    def __init__(self, config: Config | None = None) -> None:
        super().__init__(config)
        c = self.config
        refuse_bad_weights(
            "semclip",
            contrastive_weight=c.contrastive_weight,
            paraphrase_weight=c.paraphrase_weight,
            negation_weight=c.negation_weight,
        )
        optional = {"paraphrase": c.paraphrase_weight, "negation": c.negation_weight}
        self.needs = frozenset({"image", "caption"} | {view for view, weight in optional.items() if weight})
        self.register_buffer("basis", None)
        if c.basis is not None:
            self._store(explicit_rows(c.basis))
        elif c.num_projections < 2:
            what = "cannot train: cosines of one-element vectors are +1 or -1, with gradient 0"
            raise UserError(f"num_projections={c.num_projections} {what}", where=_WHERE, fix="use 2 or more")

    def setup(self, info: EncoderInfo) -> None:
        if self.basis is None:
            self._store(orthonormal_rows(self.seed, self.config.num_projections, info.embed_dim))
        self._rows_for(info.embed_dim)

    def forward(self, f: Features) -> Terms:
        c = self.config
        caption = single(f.caption, "caption")
        if c.normalize_contrastive:
            image, text = single(f.image, "image"), caption
        else:
            image, text = (single(at_least_float32(f.raw(view)), view) for view in ("image", "caption"))
        contrastive = torch.stack(clip_terms(f, image, text, c.mask_same_group)).mean()
        paraphrase = negation = torch.zeros_like(contrastive)
        if c.paraphrase_weight or c.negation_weight:
            basis = self._rows_for(caption.shape[-1]).to(caption)
            if c.paraphrase_weight or "paraphrase" in f:
                paraphrase = (1 - _cosines(caption, f.paraphrase, basis)).mean()
            if c.negation_weight or "negation" in f:
                negation = _cosines(caption, f.negation, basis).clamp(min=0).mean()
        total = c.contrastive_weight * contrastive + c.paraphrase_weight * paraphrase + c.negation_weight * negation
        total = total / (c.contrastive_weight + c.paraphrase_weight + c.negation_weight)
        return Terms(total=total, parts={"contrastive": contrastive, "paraphrase": paraphrase, "negation": negation})

    def _store(self, rows: Tensor) -> None:
        if self.config.learnable_projections:
            del self.basis
            self.basis = nn.Parameter(rows)
        else:
            self.basis = rows

    def _rows_for(self, width: int) -> Tensor:
        """The basis (k, D); without one stored, the fixed one that `setup` would store."""
        if self.basis is None and self.config.learnable_projections:
            raise UserError(
                "a learnable basis does not exist yet",
                where=_WHERE,
                fix="call setup(encoder_info) first, or give `basis` rows",
            )
        rows = self.basis
        if rows is None:
            rows = orthonormal_rows(self.seed, self.config.num_projections, width)
        if rows.shape[1] != width:
            raise UserError(
                f"the basis is {rows.shape[1]} wide, the embeddings are {width}",
                where=_WHERE,
                fix="give `basis` rows as wide as the embeddings, or none",
            )
        return rows


def _cosines(caption: Tensor, others: Tensor, basis: Tensor) -> Tensor:
    """(K, B) cosines in the subspace; the epsilon keeps a text orthogonal to the whole basis finite."""
    u = caption @ basis.T  # (B, k)
    w = torch.stack(list(versions(others))) @ basis.T  # (K, B, k)
    squares = (u.square().sum(-1) + 1e-12) * (w.square().sum(-1) + 1e-12)  # (K, B)
    return (u * w).sum(-1) / squares.sqrt()

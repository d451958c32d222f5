"""SuperCLIP: CLIP, with a linear classifier on the mean patch token that predicts the tokens of the caption.

    L = L_clip + w L_class,    L_class = mean_i sum_c t_ic ( logsumexp z_i - z_ic ),    z = W LN(h) + b
    t_ic = w_c Y_ic / max(sum_c' w_c' Y_ic', 1e-12),    Y_ic = 1 where token c occurs in caption i
    idf=running:  w_c = log( (N + 1) / (df_c + 1) ), counted over the captions seen so far, this batch included
    idf=corpus:   w_c = max(0, log( N / (df_c + 1) )), counted once over all captions (`count_corpus`)

Shapes: h (B, W) mean patch token, z (B, V) over V token ids, caption ids (B, L). Terms are gathered at the L tokens of
a caption: no B x V target is ever made, and logits of 256 rows at a time.
Columns: image, caption; the image tower must have patch tokens.
Paper: arXiv 2512.14480. `running` is the released code (the paper's is `corpus`). Deviations: start, end and
padding tokens are no classes (`special_tokens=as_released` counts them); exact integer counts; same-group pairs
are masked in L_clip. As published, the mean patch token is after the final norm and before the projection.
When to use: training from scratch with small batches or long captions. The head adds V (W + 1) parameters.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from semclip.core.errors import UserError
from semclip.core.protocols import EncoderInfo
from semclip.core.seeds import derive_seed
from semclip.objectives._chunks import by_chunks
from semclip.objectives._contrastive import at_least_float32, clip_terms, refuse_bad_weights, single
from semclip.objectives._heads import LayerNorm, Linear
from semclip.objectives.base import Features, Objective, Paper, Terms

_WHERE = "objective 'superclip'"


class SuperCLIP(Objective):
    """Parts: `contrastive`, `class`. State: `documents` (), N, and `document_counts` (V,), df, both int64."""

    needs = frozenset({"image", "caption", "image_pooled", "caption_ids"})
    paper = Paper(
        title="SuperCLIP: CLIP with Simple Classification Supervision",
        arxiv="2512.14480",
        equation="L_clip + L_class",
        deviations="start, end and padding are no classes; the paper's counts over the whole corpus are idf=corpus; "
        "same-group pairs are masked in L_clip",
        as_released={"special_tokens": "as_released", "mask_same_group": False},
    )
    documents: Tensor
    document_counts: Tensor

    @dataclass(frozen=True, kw_only=True)
    class Config:
        class_weight: float = 1.0
        idf: Literal["running", "corpus"] = "running"
        special_tokens: Literal["masked", "as_released"] = "masked"
        seed: int | None = None
        mask_same_group: bool = True

    def __init__(self, config: Config | None = None) -> None:
        super().__init__(config)
        refuse_bad_weights("superclip", class_weight=self.config.class_weight, contrastive=1.0)
        self.special_ids = EncoderInfo(embed_dim=1).special_ids
        self.head = nn.Sequential()

    def setup(self, info: EncoderInfo) -> None:
        if info.image_width is None:
            raise UserError(
                "the image tower has no patch tokens for a class head",
                where=_WHERE,
                fix="choose a ViT tower with pixels as input, or another objective",
            )
        generator = torch.Generator().manual_seed(derive_seed(self.seed, "superclip"))
        self.head = nn.Sequential(
            LayerNorm(info.image_width),
            Linear(info.image_width, info.vocab_size, info.image_width**-0.5, generator),
        )
        self.special_ids = info.special_ids
        self.register_buffer("documents", torch.zeros((), dtype=torch.int64))
        self.register_buffer("document_counts", torch.zeros(info.vocab_size, dtype=torch.int64))

    def prepare(self, caption_ids: Callable[[], Iterable[Tensor]]) -> None:
        """In corpus mode, count all training captions."""
        if self.config.idf == "corpus":
            self.count_corpus(caption_ids())

    def update(self, features: Features) -> None:
        """Count the global batch, once per optimizer step, before `forward`. In corpus mode counts stay as they are."""
        if self.config.idf == "running":
            self._count(features.all(features.raw("caption_ids")))

    def count_corpus(self, batches: Iterable[Tensor]) -> None:
        """Count all captions of the training data, given as batches of ids (B, L); once, before training."""
        self._built()
        self.documents.zero_()
        self.document_counts.zero_()
        for ids in batches:
            self._count(ids)

    def idf_weights(self) -> Tensor:
        """(V,) weight of each token id, float64, 0 or more."""
        self._built()
        documents, counts = self.documents.double(), self.document_counts.double()
        if self.config.idf == "running":
            return torch.log((documents + 1) / (counts + 1))
        if not documents:
            raise UserError(
                "the corpus has not been counted",
                where=_WHERE,
                fix="call count_corpus with the ids of all captions, or set idf=running",
            )
        return torch.log(documents / (counts + 1)).clamp(min=0)

    def class_losses(self, logits: Tensor, ids: Tensor, idf: Tensor) -> Tensor:
        """(B,) terms of L_class from logits (B, V), caption ids (B, L) and token weights idf (V,); float32 or better.

        A caption whose tokens all weigh nothing adds 0.
        """
        logits = at_least_float32(logits)
        distinct, first = self._distinct(ids, logits.shape[1])  # (B, L) both
        inside = distinct.clamp(max=logits.shape[1] - 1)  # ids that are no class: any index, weight 0
        weights = idf.to(logits)[inside] * first  # (B, L)
        targets = weights / weights.sum(1, keepdim=True).clamp(min=1e-12)
        return (targets * (logits.logsumexp(1, keepdim=True) - logits.gather(1, inside))).sum(1)

    def forward(self, f: Features) -> Terms:
        self._built()
        image, caption = single(f.image, "image"), single(f.caption, "caption")
        contrastive = torch.stack(clip_terms(f, image, caption, self.config.mask_same_group)).mean()
        class_loss = self.class_part(f)
        total = contrastive + self.config.class_weight * class_loss
        return Terms(total=total, parts={"contrastive": contrastive, "class": class_loss})

    def class_part(self, f: Features) -> Tensor:
        """L_class of the batch, head included; the logits of a chunk of it are in memory at a time."""
        self._built()
        idf = self.idf_weights()

        def losses(pooled: Tensor, ids: Tensor) -> Tensor:
            return self.class_losses(self.head(pooled), ids, idf)

        return by_chunks(losses, at_least_float32(f.raw("image_pooled")), f.raw("caption_ids"), columns=len(idf)).mean()

    def _distinct(self, ids: Tensor, vocab: int) -> tuple[Tensor, Tensor]:
        """Ids of each row sorted, those that are no class replaced by `vocab`; and where each class first occurs."""
        if self.config.special_tokens == "masked":
            pad, *others, end = self.special_ids
            ended = (ids == end).cumsum(1) > 0  # the end and the padding behind it; id 0 before it is a word piece
            unended_pad = (ids == pad) & ~ended[:, -1:]
            special = torch.isin(ids, ids.new_tensor(others))
            ids = ids.masked_fill(ended | unended_pad | special, vocab)
        ordered = ids.sort(1).values
        first = torch.ones_like(ordered, dtype=torch.bool)
        first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
        return ordered, first & (ordered < vocab)

    def _count(self, ids: Tensor) -> None:
        vocab = len(self.document_counts)
        distinct, first = self._distinct(ids, vocab)
        self.documents += len(ids)
        self.document_counts += torch.bincount(distinct[first], minlength=vocab)

    def _built(self) -> None:
        if not len(self.head):
            raise UserError("the class head does not exist yet", where=_WHERE, fix="call setup(encoder_info) first")

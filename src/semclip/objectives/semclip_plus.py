"""SemCLIP+: softmax cross-entropy of every true text of an image, with its own negations as hard negatives.

    L = sum_x w_x [ HN(I, x) + CE(s x I^t) ] / (2 sum_x w_x) + v [ HN(T, P) + HN(P, T) ] / 2 + u Q
    HN(q, x) = mean_i -log( exp(s q_i.x_i) / ( exp(s q_i.x_i) + sum_{f in F_i} exp(s q_i.f) ) )
    x over T (w = 1), P (w = paraphrase_weight), A (w = absence_weight);  v = text_weight;  u = query_weight
    Q = the loss of `logical_queries`: of "A without B" and its like, every right image before every wrong one
    F_i = the row's own negations, and T, P, A of all rows of other groups

Shapes: I image, T caption, P paraphrase, A absence, G negation, (B, D) unit rows, s the logit scale. P, A and G may be
(B, K, D): the mean over K; all K negations are in F_i. True texts of one image never compete with each other.
Columns: image, caption, paraphrase, negation, and absence unless its weight is 0. With query_weight above 0 (it is 0
unless given) the data step `logical_queries`, too.
Paper: none, ours. It combines SemCLIP's triples, NegCLIP's negations in the softmax, and NegationCLIP's absences as
positives. Negations of other rows are left out: "no dog" is true of most images.
When to use: the first choice for fine-tuning on captions with paraphrases, negations and absences. It was chosen by the
ablation in docs/results/semclip_plus.md, which also shows where it gains nothing.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from semclip.objectives._chunks import by_chunks
from semclip.objectives._contrastive import (
    bank,
    candidate_mask,
    refuse_bad_weights,
    single,
    softmax_cross_entropy,
    versions,
)
from semclip.objectives.base import Features, Objective, Paper, Terms
from semclip.objectives.logical_queries import LogicalQueries, query_loss


class SemCLIPPlus(Objective):
    """Parts: `caption`, `paraphrase`, `absence` (image to text), `text_to_image`, `text_to_text`, `queries`."""

    paper = Paper(
        title="SemCLIP+ (this project)",
        arxiv="",
        equation="sum_x w_x [HN(I, x) + CE(x, I)] / 2 + v [HN(T, P) + HN(P, T)] / 2 + u Q",
        deviations="none: there is no paper",
    )

    @dataclass(frozen=True, kw_only=True)
    class Config:
        paraphrase_weight: float = 1.0
        absence_weight: float = 1.0
        text_weight: float = 0.5
        query_weight: float = 0.0
        mask_same_group: bool = True

    def __init__(self, config: Config | None = None) -> None:
        super().__init__(config)
        c = self.config
        refuse_bad_weights(
            "semclip_plus",
            caption=1.0,
            paraphrase_weight=c.paraphrase_weight,
            absence_weight=c.absence_weight,
            text_weight=c.text_weight,
            query_weight=c.query_weight,
        )
        weights = {"caption": 1.0, "paraphrase": c.paraphrase_weight, "absence": c.absence_weight}
        self.weights = {view: weight for view, weight in weights.items() if weight}
        needs = {"image", "caption", "negation", *self.weights}
        needs |= {"paraphrase"} if c.text_weight else set()
        self.needs = frozenset(needs | LogicalQueries.needs if c.query_weight else needs)

    def forward(self, f: Features) -> Terms:
        image, caption = single(f.image, "image"), single(f.caption, "caption")
        truths = {view: f.unit(view) for view in self.weights}
        share = {view: weight / sum(self.weights.values()) for view, weight in self.weights.items()}

        false_of_image = self._false_texts(f, image)
        to_text = {view: _softmax_cross_entropy(f, image, text, false_of_image) for view, text in truths.items()}
        images, same = f.all(image), candidate_mask(f, 1, self.config.mask_same_group)
        to_image = {
            view: _mean(softmax_cross_entropy(text, images, f.labels, f.logit_scale, same) for text in versions(x))
            for view, x in truths.items()
        }
        text_to_image = _sum(share[view] * value for view, value in to_image.items())
        total = (_sum(share[view] * value for view, value in to_text.items()) + text_to_image) / 2
        parts = {**to_text, "text_to_image": text_to_image}
        if self.config.text_weight:
            pairs = [pair for p in versions(f.paraphrase) for pair in ((caption, p), (p, caption))]
            parts["text_to_text"] = _mean(
                _softmax_cross_entropy(f, query, text, self._false_texts(f, query)) for query, text in pairs
            )
            total = total + self.config.text_weight * parts["text_to_text"]
        if self.config.query_weight:
            parts["queries"] = query_loss(f)
            total = total + self.config.query_weight * parts["queries"]
        return Terms(total=total, parts=parts)

    def _false_texts(self, f: Features, query: Tensor) -> Tensor:
        """(B,) logsumexp over F_i of s q_i.f, for local queries (B, D)."""
        others = bank(f, *(f.unit(view) for view in self.weights))  # (C, D)
        everyone = torch.arange(len(f.global_groups), device=query.device)  # (G,)

        def false(query: Tensor, rows: Tensor, *negations: Tensor) -> Tensor:
            true = everyone == f.labels[rows][:, None]  # (chunk, G)
            if self.config.mask_same_group:
                true |= f.same_group_of(rows)
            true = true.repeat(1, len(others) // len(everyone))  # (chunk, C)
            foreign = (f.logit_scale * query @ others.T).masked_fill(true, -math.inf)
            denied = [f.logit_scale * (query * text).sum(1, keepdim=True) for text in negations]  # each (chunk, 1)
            return torch.cat([foreign, *denied], dim=1).logsumexp(1)

        rows = torch.arange(len(query), device=query.device)  # (B,)
        return by_chunks(false, query, rows, *versions(f.negation), columns=len(others))


def _softmax_cross_entropy(f: Features, query: Tensor, text: Tensor, false: Tensor) -> Tensor:
    """Mean of -log p of a true text (B, D) or (B, K, D), against the texts that are false of its row (B,). A scalar."""
    # -log( e^a / (e^a + e^b) ) = softplus(b - a)
    return _mean(F.softplus(false - f.logit_scale * (query * x).sum(1)).mean() for x in versions(text))


def _mean(values: Iterable[Tensor]) -> Tensor:
    return torch.stack(list(values)).mean()


def _sum(values: Iterable[Tensor]) -> Tensor:
    return torch.stack(list(values)).sum()

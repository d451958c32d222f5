"""Softmax cross-entropy over a bank of candidates, the common part of all contrastive objectives."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from semclip.core.errors import UserError
from semclip.objectives._chunks import by_chunks
from semclip.objectives.base import Features

# Legend for shapes: B rows of this rank, G rows over all ranks, K texts of one view per row, D embed_dim, C candidates.


#: Rows of queries (R,) -> (R, C) True for candidates that count neither for nor against them.
CandidateMask = Callable[[Tensor], Tensor]


def softmax_cross_entropy(
    queries: Tensor, bank: Tensor, own: Tensor, scale: Tensor, candidate_mask: CandidateMask | None = None
) -> Tensor:
    """Mean softmax cross-entropy of the positive: mean_i( logsumexp_c s q_i.b_c - s q_i.b_own(i) ).

    queries (B, D), bank (C, D), own (B,) column of the positive, scale s a scalar.
    candidate_mask: True for excluded candidates, never the positive. A row with no other candidate has loss 0.
    Returns a scalar. Large batches are computed a chunk at a time, mask included: memory is linear in B + C and in
    the size of a chunk.
    """
    return multi_positive_cross_entropy(queries, bank, own[:, None], scale, candidate_mask)


def multi_positive_cross_entropy(
    queries: Tensor, bank: Tensor, own: Tensor, scale: Tensor, candidate_mask: CandidateMask | None = None
) -> Tensor:
    """The same with several positives per row, own (B, P): mean over them of -log p, all in one softmax."""

    def costs(queries: Tensor, own: Tensor, rows: Tensor) -> Tensor:
        logits = scale * queries @ bank.T  # (chunk, C)
        if candidate_mask is not None:
            logits = logits.masked_fill(candidate_mask(rows), -math.inf)
        return (torch.logsumexp(logits, dim=1, keepdim=True) - logits.gather(1, own)).mean(1)

    rows = torch.arange(len(queries), device=queries.device)  # (B,)
    return by_chunks(costs, queries, own, rows, columns=len(bank)).mean()


def bank(f: Features, *views: Tensor) -> Tensor:
    """One bank of candidates from local views (B, D) or (B, K, D): rows of all ranks, G rows for each text. (C, D)."""
    return torch.cat([f.all(version) for view in views for version in versions(view)])


def candidate_mask(
    f: Features, blocks: int, mask_same_group: bool, own_negatives_only: int = 0
) -> CandidateMask | None:
    """The candidates that are excluded for local rows, for a bank of `blocks` + `own_negatives_only` blocks of G rows.

    mask_same_group: rows of the same group, in every block. own_negatives_only: the last blocks hold candidates for
    their own row alone (hard negatives that are no other row's negatives). None where nothing is excluded.
    """
    if not (mask_same_group or own_negatives_only):
        return None
    everyone = torch.arange(len(f.global_groups), device=f.labels.device)  # (G,)

    def of(rows: Tensor) -> Tensor:
        same = f.same_group_of(rows) & mask_same_group  # (R, G)
        foreign = everyone != f.labels[rows][:, None]  # (R, G)
        return torch.cat([same] * blocks + [foreign] * own_negatives_only, dim=1)

    return of


def versions(view: Tensor) -> Sequence[Tensor]:
    """The texts of a view one after another: K tensors (B, D)."""
    return [view] if view.dim() == 2 else view.unbind(1)


def count(view: Tensor) -> int:
    """K, the number of texts per row."""
    return 1 if view.dim() == 2 else view.shape[1]


def single(view: Tensor, name: str) -> Tensor:
    """A view with exactly one text or image per row: (B, D)."""
    if view.dim() == 3 and view.shape[1] == 1:
        return view[:, 0]
    if view.dim() != 2:
        raise UserError(
            f"the objective reads one {name} per row, found shape {tuple(view.shape)}",
            where=f"view '{name}'",
            fix="give a tensor (B, D)",
        )
    return view


def clip_terms(f: Features, image: Tensor, text: Tensor, mask_same_group: bool) -> tuple[Tensor, Tensor]:
    """Image -> text and text -> image cross-entropy of local image (B, D) and text (B, D) or (B, K, D).

    Of several texts, version k of a row competes with version k of the other rows; the mean over k is returned.
    """
    mask = candidate_mask(f, 1, mask_same_group)
    images = f.all(image)  # (G, D)
    to_text, to_image = [], []
    for version in versions(text):
        to_text.append(softmax_cross_entropy(image, f.all(version), f.labels, f.logit_scale, mask))
        to_image.append(softmax_cross_entropy(version, images, f.labels, f.logit_scale, mask))
    return torch.stack(to_text).mean(), torch.stack(to_image).mean()


def hard_negative_cross_entropy(
    f: Features,
    queries: Tensor,
    positive: Tensor,
    negative: Tensor,
    mask_same_group: bool,
    own_negatives_only: bool = False,
) -> Tensor:
    """Cross-entropy of local queries (B, D) over [positives; hard negatives] of all ranks; a scalar.

    positive and negative are (B, D) or (B, K, D); of several positives, the mean over them of -log p.
    own_negatives_only: a hard negative counts for its own row only.
    """
    good, bad = count(positive), count(negative)
    mask = candidate_mask(
        f,
        good if own_negatives_only else good + bad,
        mask_same_group,
        own_negatives_only=bad if own_negatives_only else 0,
    )
    rows = len(f.global_groups)  # G
    own = torch.stack([f.labels + k * rows for k in range(good)], dim=1)  # (B, K)
    return multi_positive_cross_entropy(queries, bank(f, positive, negative), own, f.logit_scale, mask)


def at_least_float32(x: Tensor) -> Tensor:
    """In float32 or better: losses are never computed in half precision."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def refuse_bad_weights(objective: str, **weights: float) -> None:
    """Raise UserError unless all weights are finite and not negative, and at least one is positive."""
    for name, weight in weights.items():
        if not (math.isfinite(weight) and weight >= 0):
            raise UserError(
                f"'{name}' is {weight}", where=f"objective '{objective}'", fix="a weight is a number, 0 or more"
            )
    if not any(weights.values()):
        raise UserError(
            "all weights are 0: nothing to train",
            where=f"objective '{objective}'",
            fix=f"set one of {', '.join(weights)} above 0",
        )

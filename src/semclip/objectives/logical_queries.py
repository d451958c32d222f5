"""Logical queries: of all images of the batch, every right one before every wrong one, for "A without B" and others.

    L = mean_q mean_{p in R_q} -log( exp(s q.p) / ( exp(s q.p) + sum_{n in W_q} exp(s q.n) ) )
    R_q = images on which q is true, W_q = images on which it is false; those on which it is unsure are in neither
    truth of q on an image: Kleene's three-valued "and" over its things, each there, or not there where it is excluded

Shapes: B samples, K queries of each, G images over all ranks, D embed_dim, T things. Queries (B, K, D) and images
(G, D) are unit rows, s the logit scale; `query_things` (B, K, 3) and `things` (B, T) as the step of that name
makes them.
Queries without a right or a wrong image in the batch are left out. Right images do not compete with each other.
Columns: those of the step.
Errors: UserError where the step is missing.
Paper: none, ours. With one right image and all others wrong, it is the text-to-image half of CLIP's loss.
When to use: in a `weighted_sum` with the objective of the captions, which alone does not teach "without".
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from semclip.objectives._chunks import by_chunks
from semclip.objectives.base import Features, Objective, Paper, Terms

#: States of a thing in an image, as the step writes them.
_THERE, _NOT_THERE, _UNSURE = 1, 0, -1
#: Things of one query.
_MOST_THINGS = 3


class LogicalQueries(Objective):
    """Part: `queries`."""

    needs = frozenset({"image", "query", "query_things", "things"})
    paper = Paper(
        title="Logical queries (this project)",
        arxiv="",
        equation="mean_q mean_{p in R_q} -log( e^{s q.p} / (e^{s q.p} + sum_{n in W_q} e^{s q.n}) )",
        deviations="none: there is no paper",
    )

    def forward(self, f: Features) -> Terms:
        loss = query_loss(f)
        return Terms(total=loss, parts={"queries": loss})


def query_loss(f: Features) -> Tensor:
    """The loss above, a scalar; 0 where no query of the batch has both a right and a wrong image."""
    images, state = f.all(f.image), f.all(f.raw("things"))  # (G, D), (G, T)

    def per_query(query: Tensor, things: Tensor) -> Tensor:
        truth = truth_of(things, state)  # (chunk, G)
        right, wrong = truth == _THERE, truth == _NOT_THERE
        usable = right.any(1) & wrong.any(1)  # (chunk,)
        scores = f.logit_scale * query @ images.T  # (chunk, G)
        # Where nothing is wrong the sum is replaced before it can make a NaN.
        false = scores.masked_fill(~wrong & usable[:, None], -math.inf).logsumexp(1, keepdim=True)  # (chunk, 1)
        # -log( e^a / (e^a + e^b) ) = softplus(b - a)
        losses = (F.softplus(false - scores) * right).sum(1) / right.sum(1).clamp(min=1)  # (chunk,)
        return torch.stack([losses * usable, usable.to(losses)], dim=1)

    queries, things = f.unit("query").flatten(0, -2), f.raw("query_things").flatten(0, -2)  # (Q, D), (Q, 3)
    losses, usable = by_chunks(per_query, queries, things, columns=_MOST_THINGS * len(images)).unbind(1)  # (Q,)
    # The mean is over the usable queries of all ranks: a rank that has few of them must not count for more.
    counted = f.all(usable.detach().view(f.batch_size, -1)).sum()
    ranks = len(images) / f.batch_size
    return losses.sum() * ranks / counted.clamp(min=1)


def truth_of(things: Tensor, state: Tensor) -> Tensor:
    """(Q, G) truth of queries (Q, 3) on images whose things (G, T) are in these states."""
    place = things.abs().sub(1).clamp(min=0)  # (Q, 3)
    found = state.T[place].to(torch.int8)  # (Q, 3, G)
    denied = torch.where(found == _UNSURE, found, _THERE - found)
    found = torch.where(things[..., None] < 0, denied, found)
    found = torch.where(things[..., None] == 0, torch.full_like(found, _THERE), found)
    unsure = (found == _UNSURE).any(1)  # (Q, G)
    truth = torch.where(unsure, torch.full_like(found[:, 0], _UNSURE), torch.full_like(found[:, 0], _THERE))
    truth = torch.where((found == _NOT_THERE).any(1), torch.full_like(truth, _NOT_THERE), truth)
    # A text that is no query, for lack of things, is unsure everywhere.
    return torch.where((things == 0).all(1, keepdim=True), torch.full_like(truth, _UNSURE), truth)

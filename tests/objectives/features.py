"""Features for any objective, built from what it says it needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from semclip.core.protocols import EncoderInfo
from semclip.core.seeds import derive_seed
from semclip.objectives import Features, Objective, create

#: A small encoder: 8 wide, 30 token ids of which 0 pads, 28 starts and 29 ends a text, patch tokens 5 wide.
CONTEXT_LENGTH = 7
INFO = EncoderInfo(embed_dim=8, vocab_size=30, image_width=5, special_ids=(0, 28, 29))

#: Views whose texts are true of the image, and those that go with the negation.
TRUE = ("image", "caption", "caption_at_start", "paraphrase", "absence", "rewrite", "query")
FALSE = ("negation", "negative_image")
#: What texts are compared with: it stays where it is when texts are exchanged or turned round.
GIVEN = ("image", "image_pooled", "caption_at_start", "query_things", "things")
#: What is no embedding.
INTEGERS = ("caption_ids", "query_things", "things")


def build(name: str, **config: Any) -> Objective:
    """The objective, set up for INFO."""
    objective = create(name, **config)
    objective.setup(INFO)
    return objective


def make_views(
    needs: frozenset[str], rows: int = 6, seed: int = 0, dtype: torch.dtype = torch.float64
) -> dict[str, Tensor]:
    """Random raw rows for every view named; absence holds two texts per row, the others one."""
    return {view: _random(view, rows, seed).to(torch.int64 if view in INTEGERS else dtype) for view in sorted(needs)}


def make_matching(needs: frozenset[str], rows: int = 6, seed: int = 0) -> dict[str, Tensor]:
    """Views that are right: true texts lie on their image, negations and negative images together on the other side."""
    views = make_views(needs, rows, seed)
    image = _random("image", rows, seed)
    for view in views:
        if view in TRUE:
            views[view] = image.clone() if views[view].dim() == 2 else image[:, None].repeat(1, views[view].shape[1], 1)
        elif view in FALSE:
            views[view] = -image
    return views


@dataclass(frozen=True)
class Outcome:
    """A loss and its gradients: of the views, of log logit scale, of the objective's parameters."""

    total: Tensor
    views: dict[str, Tensor]
    scale: Tensor
    parameters: dict[str, Tensor]


def outcome(objective: Objective, views: Mapping[str, Tensor], logit_scale: float = 12.0, **features: Any) -> Outcome:
    """Forward and backward from raw rows and log logit scale."""
    leaves = {
        view: tensor.clone().requires_grad_() if tensor.is_floating_point() else tensor
        for view, tensor in views.items()
    }
    log_scale = torch.tensor(logit_scale, dtype=torch.float64).log().requires_grad_()
    objective.zero_grad()
    total = objective(Features(logit_scale=log_scale.exp(), **leaves, **features)).total
    total.backward()
    return Outcome(
        total=total.detach(),
        views={view: _gradient(leaf) for view, leaf in leaves.items() if leaf.is_floating_point()},
        scale=_gradient(log_scale),
        parameters={name: _gradient(parameter) for name, parameter in objective.named_parameters()},
    )


def _gradient(leaf: Tensor) -> Tensor:
    return torch.zeros_like(leaf) if leaf.grad is None else leaf.grad


def _random(view: str, rows: int, seed: int) -> Tensor:
    source = torch.Generator().manual_seed(derive_seed(seed, view))
    if view == "caption_ids":
        words = torch.randint(1, 28, (rows, CONTEXT_LENGTH), generator=source)
        words[:, 0], words[:, 4], words[:, 5:] = 28, 29, 0
        return words
    if view in ("query_things", "things"):  # the query of row i: thing i, and not the next one; thing i - 2 is unsure
        i = torch.arange(rows) % 6
        if view == "query_things":
            return torch.stack([i + 1, -((i + 1) % 6 + 1), torch.zeros_like(i)], dim=1)
        return torch.nn.functional.one_hot(i, 6) - torch.nn.functional.one_hot((i + 4) % 6, 6)
    shape = {"absence": (rows, 2, INFO.embed_dim), "image_pooled": (rows, INFO.image_width)}
    return torch.randn(shape.get(view, (rows, INFO.embed_dim)), dtype=torch.float64, generator=source)

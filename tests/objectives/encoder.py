"""A small encoder in float64 for any objective: what a training step does, whole, in micro-batches or on ranks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from semclip.objectives import Features, Objective
from semclip.training.gradients import grad_cache
from tests.objectives.features import INFO, INTEGERS, build, make_views


class SmallEncoder(nn.Module):
    """One linear layer per kind of input, and a trained logit scale; integers pass through."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.embed = nn.Linear(INFO.embed_dim, INFO.embed_dim, dtype=torch.float64)
            self.pool = nn.Linear(INFO.image_width or 0, INFO.image_width or 0, dtype=torch.float64)
        self.log_scale = nn.Parameter(torch.tensor(12.0, dtype=torch.float64).log())
        self.dropout = nn.Dropout(dropout)

    def forward(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {view: self._encode(view, x) for view, x in inputs.items()}

    def _encode(self, view: str, x: Tensor) -> Tensor:
        if view in INTEGERS:
            return x
        return self.dropout(self.pool(x) if view == "image_pooled" else self.embed(x))


@dataclass(frozen=True)
class Step:
    """Loss and gradients of one step; `terms` are all named losses."""

    terms: dict[str, Tensor]
    gradients: dict[str, Tensor]


def step(
    name: str,
    inputs: Mapping[str, Tensor],
    micro_batch: int = 0,
    config: Mapping[str, Any] | None = None,
    encoder: SmallEncoder | None = None,
    device: str = "cpu",
    **features: Any,
) -> Step:
    """Forward and backward from raw rows through the encoder. micro_batch: rows encoded at a time; 0: all at once."""
    objective = build(name, **(config or {})).double().to(device)
    encoder = SmallEncoder() if encoder is None else encoder
    score = scorer(objective, encoder, **features)
    if micro_batch:
        rows = len(next(iter(inputs.values())))
        parts = [{v: x[i : i + micro_batch] for v, x in inputs.items()} for i in range(0, rows, micro_batch)]
        terms = grad_cache(encoder, parts, score)
    else:
        terms = score(encoder(inputs))
        terms["total"].backward()
    parameters = {**dict(encoder.named_parameters()), **dict(objective.named_parameters(prefix="objective"))}
    gradients = {key: torch.zeros_like(p) if p.grad is None else p.grad for key, p in parameters.items()}
    return Step({key: value.detach() for key, value in terms.items()}, gradients)


def scorer(
    objective: Objective, encoder: SmallEncoder, **features: Any
) -> Callable[[Mapping[str, Tensor]], dict[str, Tensor]]:
    """Views of a whole batch -> loss terms, as the training step scores them."""

    def score(views: Mapping[str, Tensor]) -> dict[str, Tensor]:
        f = Features(logit_scale=encoder.log_scale.exp(), **views, **features)
        objective.update(f)
        terms = objective(f)
        return {"total": terms.total, **terms.parts}

    return score


def inputs_for(name: str, **config: Any) -> dict[str, Tensor]:
    """Random raw rows for every view an objective needs."""
    return make_views(build(name, **config).needs)

"""Weighted sum: several objectives together, for example CLIP and half of SemCLIP.

    L = sum_k w_k L_k

Columns: what the members need.
In YAML a member is named by its objective and holds its weight (1 unless given) and its options:
`objective: {name: weighted_sum, members: {clip: {weight: 1.0}, semclip: {weight: 0.5, num_projections: 4}}}`.
In Python, from existing objectives: `weighted_sum({"clip": (1.0, create("clip")), "semclip": (0.5, mine)})`.
Paper: none. Errors: UserError for no member, a weight that is negative or not finite, or weights that are all 0.
When to use: to combine published terms in one run, such as token classification (superclip) with negations (negclip).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from semclip.core.errors import UserError
from semclip.core.protocols import EncoderInfo
from semclip.objectives._contrastive import refuse_bad_weights
from semclip.objectives.base import Features, Objective, Paper, Terms, create

_WHERE = "objective 'weighted_sum'"


class WeightedSum(Objective):
    """Parts are those of the members, named `member/part`. members: plain CLIP unless given."""

    paper = Paper(title="Sum of objectives", arxiv="", equation="sum_k w_k L_k", deviations="none")

    @dataclass(frozen=True, kw_only=True)
    class Config:
        members: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"clip": {"weight": 1.0}})

    def __init__(
        self, config: Config | None = None, members: Mapping[str, tuple[float, Objective]] | None = None
    ) -> None:
        super().__init__(config)
        members = _created(self.config.members) if members is None else members
        if not members:
            raise UserError("a sum of no objectives", where=_WHERE, fix="give at least one")
        self.weights = {name: weight for name, (weight, _) in members.items()}
        refuse_bad_weights("weighted_sum", **self.weights)
        # By number: a user's own objective is named by its path, and a module's name may hold no dot.
        self.objectives = nn.ModuleList(objective for _, objective in members.values())
        self.needs = frozenset().union(*(objective.needs for _, objective in members.values()))

    def setup(self, info: EncoderInfo) -> None:
        for objective in self._members().values():
            objective.setup(info)

    def prepare(self, caption_ids: Callable[[], Iterable[Tensor]]) -> None:
        for objective in self._members().values():
            objective.prepare(caption_ids)

    def update(self, features: Features) -> None:
        for objective in self._members().values():
            objective.update(features)

    def forward(self, f: Features) -> Terms:
        terms = {name: objective(f) for name, objective in self._members().items()}
        total = torch.stack([self.weights[name] * t.total for name, t in terms.items()]).sum()
        parts = {f"{name}/{part}": value for name, t in terms.items() for part, value in t.parts.items()}
        return Terms(total=total, parts=parts)

    def _members(self) -> dict[str, Objective]:
        return dict(zip(self.weights, self.objectives, strict=True))  # type: ignore[arg-type]


def weighted_sum(members: Mapping[str, tuple[float, Objective]]) -> Objective:
    """Compose objectives: `weighted_sum({"clip": (1.0, create("clip")), "semclip": (0.5, create("semclip"))})`."""
    return WeightedSum(members=members)


def _created(members: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[float, Objective]]:
    created = {}
    for name, options in members.items():
        weight = options.get("weight", 1.0)
        if not isinstance(weight, int | float):
            raise UserError(
                f"the weight of '{name}' is {weight!r}", where=_WHERE, fix="a weight is a number, 0 or more"
            )
        own = {key: value for key, value in options.items() if key != "weight"}
        created[name] = (float(weight), create(name, **own))
    return created

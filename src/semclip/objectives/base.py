"""Base class of objectives: features in, named loss terms out. No model, device, rank or file is visible to it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from semclip.core.config import parse, with_new_names
from semclip.core.errors import UserError, did_you_mean
from semclip.core.example import VIEWS
from semclip.core.protocols import EncoderInfo
from semclip.core.registry import FAMILIES

#: What an objective may ask for besides view embeddings. Of the encoder: mean patch token (B, W), token ids (B, L),
#: captions as the model embedded them before training (B, D). Of the step `logical_queries`: the things of each query
#: (B, K, 3), and which things are in the image (B, T).
ON_REQUEST = ("image_pooled", "caption_ids", "caption_at_start", "query_things", "things")


class Features:
    """The embeddings of one batch, by view.

    Shapes: B rows of this rank, K texts of one view per row, D embed_dim, G rows over all ranks (B on one rank).
    A view is raw (B, D) or (B, K, D). `f.caption` gives its L2-normalised rows in float32 or better (float64 stays
    float64, so that tests are exact; bf16 and fp16 become float32, so that losses are); `f.raw("caption")` as given.

    logit_scale: the multiplier of cosine similarities itself, not its logarithm; a number or a scalar tensor.
    groups: (B,) integers; rows of one group must never be each other's negatives. None: every row is its own group.
    gather: concatenates a tensor's rows over ranks, with gradient. The default is one rank.
    offset: index of this rank's first row among all G rows.

    Errors: UserError for an unknown view name, for no view, for a view without rows or texts (its mean would be NaN),
    for views or groups of different batch sizes, and on asking for an absent view.
    """

    def __init__(
        self,
        *,
        logit_scale: Tensor | float,
        groups: Tensor | None = None,
        gather: Callable[[Tensor], Tensor] = lambda x: x,
        offset: int = 0,
        **views: Tensor,
    ) -> None:
        known = (*VIEWS, *ON_REQUEST)
        for name in views:
            if name not in known:
                raise UserError(f"unknown view '{name}'", where="Features", fix=did_you_mean(name, known))
        empty = {name: tuple(tensor.shape) for name, tensor in views.items() if 0 in tensor.shape}
        if empty or not views:
            raise UserError(
                f"nothing to compare: {f'shapes {empty}' if empty else 'no view'}",
                where="Features",
                fix="give every view at least one row and one text",
            )
        sizes = {name: tensor.shape[0] for name, tensor in views.items()}
        if groups is not None:
            sizes["groups"] = groups.shape[0]
        if len(set(sizes.values())) > 1:
            raise UserError(f"views differ in batch size: {sizes}", where="Features", fix="one row per example")
        self._raw = views
        self._unit: dict[str, Tensor] = {}
        self._groups = groups
        self._everyones_groups: Tensor | None = None
        self.all = gather
        self.offset = offset
        some = next(iter(views.values()))
        self.batch_size = some.shape[0]
        dtype = torch.promote_types(some.dtype, torch.float32) if some.is_floating_point() else torch.float32
        self.logit_scale = torch.as_tensor(logit_scale, dtype=dtype, device=some.device)

    def __contains__(self, view: str) -> bool:
        """Whether the batch has a view."""
        return view in self._raw

    def raw(self, view: str) -> Tensor:
        """The tensor as given, not normalised. Raises UserError when the batch has no such view."""
        if view not in self._raw:
            raise UserError(
                f"the objective needs the view '{view}', which this batch lacks",
                where=f"views here: {', '.join(self._raw)}",
                fix=f"add a column '{view}' to the data (`semclip data check FILE` shows what is there)",
            )
        return self._raw[view]

    def unit(self, view: str) -> Tensor:
        """L2-normalised rows of a view, in float32 or better; computed once."""
        if view not in self._unit:
            x = self.raw(view)
            self._unit[view] = F.normalize(x.to(torch.promote_types(x.dtype, torch.float32)), dim=-1)
        return self._unit[view]

    @property
    def image(self) -> Tensor:
        return self.unit("image")

    @property
    def caption(self) -> Tensor:
        return self.unit("caption")

    @property
    def paraphrase(self) -> Tensor:
        return self.unit("paraphrase")

    @property
    def negation(self) -> Tensor:
        return self.unit("negation")

    @property
    def absence(self) -> Tensor:
        return self.unit("absence")

    @property
    def negative_image(self) -> Tensor:
        return self.unit("negative_image")

    @property
    def rewrite(self) -> Tensor:
        return self.unit("rewrite")

    @property
    def labels(self) -> Tensor:
        """(B,) for each local row, the index of its own example among all G rows."""
        device = next(iter(self._raw.values())).device
        return self.offset + torch.arange(self.batch_size, device=device)

    def same_group_of(self, rows: Tensor) -> Tensor:
        """(R, G) True where a local row (R,) and another row share a group; a row and itself are not marked.

        For some rows alone, so that no mask of all pairs is ever needed at once.
        """
        labels = self.labels[rows]  # (R,)
        mine = self.global_groups[labels]  # (R,)
        same = mine[:, None] == self.global_groups[None, :]  # (R, G)
        return same.scatter_(1, labels[:, None], False)

    @property
    def global_groups(self) -> Tensor:
        """(G,) group of every row of every rank; asked for once, so that backward never has to talk to other ranks."""
        if self._everyones_groups is None:
            labels = self.labels
            self._everyones_groups = self.all(labels if self._groups is None else self._groups.to(labels.device))
        return self._everyones_groups


@dataclass(frozen=True)
class Terms:
    """What an objective returns: `total`, the scalar to minimise, and `parts`, the named unweighted parts."""

    total: Tensor
    parts: Mapping[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Paper:
    """Where an objective comes from, and where ours differs.

    as_released: the options that give the loss of the released code, where it differs from our defaults.
    """

    title: str
    arxiv: str
    equation: str
    deviations: str
    as_released: Mapping[str, Any] = field(default_factory=dict)


class Objective(nn.Module):
    """Base of all objectives: subclass, set `needs` and `paper`, write `Config` and `forward`.

    needs: views and encoder extras the formula reads; checked against the data before a model is loaded.
    setup: called once with the encoder's shapes; build parameters here. Usable without it when all shapes are known.
    prepare: called once before the first step, with a way to read all training captions.
    update: the only place where state of its own may change; called once per optimizer step on the global batch.
    """

    name: ClassVar[str] = ""
    needs: frozenset[str] = frozenset({"image", "caption"})
    paper: ClassVar[Paper]
    config: Any  # an instance of the subclass's own Config

    @dataclass(frozen=True, kw_only=True)
    class Config:
        pass

    def __init__(self, config: Any = None) -> None:
        super().__init__()
        self.config = self.Config() if config is None else config

    @property
    def seed(self) -> int:
        """Of all that is drawn: the option `seed`. A run derives it from its own where it is None (`with_seed`)."""
        return getattr(self.config, "seed", None) or 0

    def setup(self, info: EncoderInfo) -> None:
        """Build parameters that depend on the encoder's shapes. Most objectives have none."""

    def prepare(self, caption_ids: Callable[[], Iterable[Tensor]]) -> None:
        """Read all training captions once, before step 0; most need none and never call it.

        caption_ids: gives the captions of the whole training data as batches of token ids (B, L), each caption once.
        """

    def update(self, features: Features) -> None:
        """Change state of its own (running counts). Most objectives have none."""

    def forward(self, f: Features) -> Terms:
        raise NotImplementedError

    def __call__(self, f: Features) -> Terms:
        # Losses are computed in float32 or better, also where a mixed-precision loop calls them.
        with torch.autocast(f.labels.device.type, enabled=False):
            return super().__call__(f)


def saved_section(section: Mapping[str, Any]) -> dict[str, Any]:
    """The section `objective:` of a saved run, with every renamed key under its new name; members of a sum as well."""
    name = str(section.get("name"))
    own = with_new_names(FAMILIES["objectives"].get(name).Config, {k: v for k, v in section.items() if k != "name"})
    if isinstance(own.get("members"), Mapping):
        members = {member: saved_section({**values, "name": member}) for member, values in own["members"].items()}
        own["members"] = {member: {k: v for k, v in m.items() if k != "name"} for member, m in members.items()}
    return {"name": name, **own}


def with_seed(section: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """The section `objective:` with a `seed` wherever that is left to the run; members of a sum as well."""
    if "name" not in section:
        return dict(section)
    found, known = dict(section), FAMILIES["objectives"].get(str(section["name"])).Config.__dataclass_fields__
    if "seed" in known and known["seed"].default is None and found.get("seed") is None:
        found["seed"] = seed
    if isinstance(found.get("members"), Mapping):
        found["members"] = {
            member: {k: v for k, v in with_seed({**values, "name": member}, seed).items() if k != "name"}
            if isinstance(values, Mapping)
            else values
            for member, values in found["members"].items()
        }
    return found


def create(name: str, **config: Any) -> Objective:
    """Build an objective by name, or by `path/to/file.py:Class`.

    Tensors in the config are accepted where rows of numbers are. Raises UserError for an unknown name or key.
    """
    cls = FAMILIES["objectives"].get(name)
    plain = {key: value.tolist() if isinstance(value, Tensor) else value for key, value in config.items()}
    return cls(parse(cls.Config, plain, where=f"objective '{name}'"))

"""One training step's mathematics: one image pass, one text pass for all views, the objective in float32."""

import copy
from collections.abc import Mapping
from itertools import accumulate
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from semclip.core.example import IMAGE_VIEWS, TEXT_VIEWS
from semclip.models.adapt.lora import weights_once
from semclip.models.backends.base import Encoder
from semclip.objectives import Features, Objective
from semclip.training.ranks import first_row, gather

_NO_FACTS: Mapping[str, Tensor] = MappingProxyType({})


class InitialModel:
    """The model as it was before training, for objectives that hold on to it."""

    def __init__(self, encoder: Encoder) -> None:
        # Only texts are encoded: the weights of the image tower are shared, not copied.
        shared = {id(p): p for _, p in encoder.parts()["image"]}
        self.encoder = copy.deepcopy(encoder, shared).eval()
        for part in ("text", "logit_scale"):
            for _, parameter in self.encoder.parts()[part]:
                parameter.requires_grad_(False)

    @torch.no_grad()
    def embeddings(self, tokens: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """`caption_at_start` (B, D) or (B, K, D)."""
        captions = tokens["caption"]
        encoded = self.encoder.encode_text(captions.flatten(0, -2))
        return {"caption_at_start": encoded.view(*captions.shape[:-1], -1)}


class NoInitialModel:
    """Nothing to hold on to."""

    def embeddings(self, tokens: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {}


class StepModule(nn.Module):
    """Encoder and objective as one module, so that every parameter is reduced over ranks by the same wrapper.

    Shapes: B batch, L tokens, K texts of a view, D embed_dim, W width of patch tokens.
    images_are_features: the image tower is frozen and `images` already holds its embeddings (B, D).
    """

    def __init__(self, encoder: Encoder, objective: Objective, images_are_features: bool) -> None:
        super().__init__()
        self.encoder = encoder
        self.objective = objective
        self.images_are_features = images_are_features
        self.reads_patches = "image_pooled" in objective.needs
        self.reads_ids = "caption_ids" in objective.needs
        # A copy is no part of this module: it is never trained, averaged or saved, and a resumed run makes it anew.
        self.start = InitialModel(encoder) if "caption_at_start" in objective.needs else NoInitialModel()

    def forward(
        self,
        images: Mapping[str, Tensor],
        tokens: Mapping[str, Tensor],
        groups: Tensor,
        facts: Mapping[str, Tensor] = _NO_FACTS,
    ) -> dict[str, Tensor]:
        """Loss terms: `total` to minimise, and each part of the objective by name."""
        return self.score(self.encode(images, tokens, facts), groups)

    def encode(
        self, images: Mapping[str, Tensor], tokens: Mapping[str, Tensor], facts: Mapping[str, Tensor] = _NO_FACTS
    ) -> dict[str, Tensor]:
        """Everything the objective reads, rows first: views (B, D) or (B, K, D), `image_pooled` (B, W), ids (B, L).

        facts: what data steps tell, passed on as it is.
        """
        with weights_once(self.encoder.gradient_checkpointing):
            views = {**self._encode_images(images), **self._encode_texts(tokens), **self.start.embeddings(tokens)}
        views |= {name: x for name, x in facts.items() if name in self.objective.needs}
        return {**views, "caption_ids": tokens["caption"]} if self.reads_ids else views

    def score(self, views: Mapping[str, Tensor], groups: Tensor) -> dict[str, Tensor]:
        """Loss terms of a whole batch; the objective's own counts move on by one step."""
        # Autocast would compute the similarities in bf16, whose spacing near 1 is 0.004: the loss is float32.
        with torch.autocast(groups.device.type, enabled=False):
            given: dict[str, Any] = dict(views)
            features = Features(
                **given,
                logit_scale=self.encoder.logit_scale,
                groups=groups,
                gather=gather,
                offset=first_row(len(groups)),
            )
            self.objective.update(features)
            terms = self.objective(features)
        return {"total": terms.total, **terms.parts}

    def _encode_images(self, images: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """All image views in one pass of the tower."""
        views = [v for v in IMAGE_VIEWS if v in images]
        if self.images_are_features or not views:
            return {v: images[v] for v in views}
        inputs = torch.cat([images[v] for v in views])  # (views * B, ...)
        if not self.reads_patches:
            return dict(zip(views, self.encoder.encode_image(inputs).chunk(len(views)), strict=True))
        encoded, patches = self.encoder.encode_image_with_tokens(inputs)  # (views * B, D), (views * B, T, W)
        pooled = patches[: len(images["image"])].mean(1)  # (B, W)
        return {**dict(zip(views, encoded.chunk(len(views)), strict=True)), "image_pooled": pooled}

    def _encode_texts(self, tokens: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """All text views in one pass of the tower, which trims to the longest end-of-text among them."""
        views = [v for v in TEXT_VIEWS if v in tokens]
        flat = [tokens[v].flatten(0, -2) for v in views]  # each (B, L) or (B * K, L)
        encoded = self.encoder.encode_text(torch.cat(flat)).tensor_split(list(accumulate(len(f) for f in flat))[:-1])
        return {v: e.view(*tokens[v].shape[:-1], -1) for v, e in zip(views, encoded, strict=True)}

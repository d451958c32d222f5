"""Any object with encode_image and encode_text as a model that `semclip.evaluation.evaluate` measures."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from PIL import Image
from torch import Tensor, nn

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.models.images import read_rgb


class TwoTowers(Protocol):
    """What the object must have: raw or unit embeddings of a stacked batch, (B, D)."""

    def encode_image(self, inputs: Any) -> Any: ...

    def encode_text(self, tokens: Any) -> Any: ...


class Adapted(nn.Module):
    """A DualEncoder around somebody else's model; one that is an nn.Module moves and switches modes with this."""

    name = "adapted"

    def __init__(
        self,
        model: TwoTowers,
        preprocess: Callable[[Image.Image], Tensor],
        tokenize: Callable[[list[str]], Tensor],
        label: str,
        logit_scale: float,
    ) -> None:
        super().__init__()
        self.model = model
        self._preprocess, self._tokenize = preprocess, tokenize
        self.label = label
        self._logit_scale = logit_scale
        tokens = self.tokenize(["a photo"])
        with torch.no_grad():
            embedding = model.encode_text(tokens)
        if not isinstance(embedding, Tensor) or embedding.ndim != 2 or len(embedding) != 1:
            raise UserError("encode_text gives no (B, D) tensor", where=label, fix="return one row per text")
        self.embed_dim, self.context_length = int(embedding.shape[1]), int(tokens.shape[1])

    @property
    def logit_scale(self) -> Tensor:
        return torch.tensor(self._logit_scale)

    def load_image(self, ref: ImageRef) -> Tensor:
        return self._preprocess(read_rgb(ref))

    def encode_image(self, inputs: Tensor) -> Tensor:
        return self.model.encode_image(inputs)

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        tokens = self._tokenize(list(texts))
        if not isinstance(tokens, Tensor) or tokens.ndim != 2 or len(tokens) != len(texts):
            raise UserError("tokenize gives no (B, L) tensor", where=self.label, fix="pad texts to one length")
        return tokens

    def encode_text(self, tokens: Tensor) -> Tensor:
        return self.model.encode_text(tokens)


def adapt(
    model: TwoTowers,
    preprocess: Callable[[Image.Image], Tensor],
    tokenize: Callable[[list[str]], Tensor],
    label: str = "adapted model",
    logit_scale: float = 100.0,
) -> Adapted:
    """`model` as a DualEncoder: `evaluate(adapt(model, preprocess, tokenize), examples, [...], {})`.

    model: any object with `encode_image((B, ...)) -> (B, D)` and `encode_text((B, L)) -> (B, D)`, raw or normalised.
    preprocess: RGB picture -> one input. tokenize: texts -> (B, L) integers. label: what results call the model.
    Raises UserError where the text tower gives no row per text. When to use: a model of no backend of ours.
    """
    return Adapted(model, preprocess, tokenize, label, logit_scale)

"""Protocols between packages, so that a package need not import the one that implements them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

from semclip.core.example import ImageRef


@dataclass(frozen=True, kw_only=True)
class EncoderInfo:
    """The shapes an objective may need to build parameters of its own.

    embed_dim: D, width of the shared space. image_width: W, width of the patch tokens of `encode_image_with_tokens`;
    None where the image tower has none. special_ids: token ids that carry no content (padding, start, end).
    """

    embed_dim: int
    vocab_size: int = 49408
    image_width: int | None = None
    special_ids: tuple[int, ...] = (0, 49406, 49407)


@runtime_checkable
class DualEncoder(Protocol):
    """An image tower and a text tower that share a space of `embed_dim` dimensions.

    Shapes: B batch, D embed_dim, L tokens. Tensors are torch's; embeddings are raw (not normalised).
    `load_image` runs in data workers and returns one CPU input; `encode_image` takes a stacked batch of them.
    `tokenize` returns (B, L) int64; `encode_text` takes that. Both encode methods accept inputs on any device.

    Encoders of `semclip.models` give two things more, or refuse with the reason: `encode_image_with_tokens(inputs) ->
    (embedding (B, D), tokens (B, T, W))`, patch tokens after the tower's final norm, not projected, without the class
    token, for objectives that ask for `image_pooled`; and what `DenseEncoder` names.
    """

    embed_dim: int
    context_length: int

    @property
    def name(self) -> str: ...  # a property here, so that a class attribute serves as well

    @property
    def logit_scale(self) -> Any: ...  # the multiplier itself, a scalar tensor; not its logarithm

    def load_image(self, ref: ImageRef) -> Any: ...  # -> one image input, CPU

    def encode_image(self, inputs: Any) -> Any: ...  # -> (B, D)

    def tokenize(self, texts: Sequence[str]) -> Any: ...  # -> (B, L) int64

    def encode_text(self, tokens: Any) -> Any: ...  # -> (B, D)


@dataclass(frozen=True, kw_only=True)
class DenseReading:
    """How an image is read position by position.

    variant: of the last attention layer: `paper`, `official`, `clearclip`, `clip` (`semclip.models.dense.VARIANTS`).
    size:    pixels of the shorter side of the network's input; 0: the model's own.
    denoise: drop classes that no position is this sure of (published: 0.5); 0: keep all.
    smooth:  `channels` or `positions`: smooth by the likeness of keys, as in the paper or as released; "": do not.
    threshold: a pixel is background where no class has this probability; 0: wherever a prompt of it scores best.
    """

    variant: str = "paper"
    size: int = 0
    denoise: float = 0.0
    smooth: Literal["", "channels", "positions"] = ""
    threshold: float = 0.0


@runtime_checkable
class DenseEncoder(DualEncoder, Protocol):
    """A DualEncoder whose image tower can be read position by position.

    Shapes: B images of one size, H x W pixels, h x w positions, K classes. `why_not_dense` is "" where it really can,
    else the reason; the other three raise UserError then. `class_scores` takes unit text rows: classes (K, D), and P
    prompts of the background (P, D); with P > 0 or a threshold the background is a class of its own, the first.
    """

    def why_not_dense(self) -> str: ...

    def load_whole_image(self, ref: ImageRef, size: int = 0) -> Any: ...  # -> (3, H, W), not cropped, CPU

    def encode_dense(self, inputs: Any, variant: str) -> Any: ...  # -> (B, h, w, D), raw

    def class_scores(
        self, inputs: Any, classes: Any, background: Any, reading: DenseReading, size: tuple[int, int]
    ) -> Any: ...  # -> (B, K, H, W) or (B, 1 + K, H, W)


class Embeddings(Protocol):
    """Unit rows, float32 (N, D), of images and texts in one space: what data steps find neighbours with."""

    def images(self, refs: Sequence[ImageRef]) -> np.ndarray: ...  # (N, D)

    def texts(self, texts: Sequence[str]) -> np.ndarray: ...  # (N, D)

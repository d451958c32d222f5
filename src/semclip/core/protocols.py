"""The promises that rooms make each other, so that none has to import the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from semclip.core.example import Example, ImageRef


@dataclass(frozen=True, kw_only=True)
class EncoderInfo:
    """The shapes an objective may need to build parameters of its own.

    embed_dim: D, width of the shared space. image_width: W, width of the mean patch token; None where the image tower
    has no patch tokens. special_ids: token ids that carry no content (padding, start, end).
    """

    embed_dim: int
    context_length: int = 77
    vocab_size: int = 49408
    image_width: int | None = None
    special_ids: tuple[int, ...] = (0, 49406, 49407)


@runtime_checkable
class DualEncoder(Protocol):
    """An image tower and a text tower that share a space of `embed_dim` dimensions.

    Shapes: B batch, D embed_dim, L tokens. Tensors are torch's; embeddings are raw (not normalised).
    `load_image` runs in data workers and returns one CPU input; `encode_image` takes a stacked batch of them.
    `tokenize` returns (B, L) int64; `encode_text` takes that. Both encode methods accept inputs on any device.
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


class Reader(Protocol):
    """A file format of data: yields raw rows with their row numbers."""

    suffixes: tuple[str, ...]

    def rows(self, path: Path) -> Iterator[tuple[int, dict[str, Any]]]: ...


class CaptionWriter(Protocol):
    """Writes candidate texts for one view of one example."""

    def write(self, example: Example, view: str, seed: int) -> Sequence[Any]: ...


class Verifier(Protocol):
    """Accepts a candidate (returns "") or says why not."""

    def why_not(self, example: Example, view: str, text: str) -> str: ...

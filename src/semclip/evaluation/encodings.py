"""Every image and text of all benchmarks, encoded once per model. torch is imported only when something is encoded."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.protocols import DenseEncoder, DenseReading, DualEncoder
from semclip.evaluation.embedding_cache import Store, image_keys, stores, text_keys
from semclip.evaluation.encode import encode_images_of, encode_texts_of, progress_bar

Array = NDArray[np.float64]

_ROWS = 4096  # rows multiplied at a time
_KEPT_AT_ONCE = 8192  # embeddings after which the cache is written, so that a broken run is not lost

_Thing = TypeVar("_Thing", ImageRef, str)


# What an encoder may say of itself beyond `DualEncoder`, and what holds where it says nothing.


def label(encoder: DualEncoder) -> str:
    """What to call the model in results: which model it is, else its backend."""
    return getattr(encoder, "label", "") or encoder.name


def reads_pixels(encoder: DualEncoder) -> bool:
    """Whether the encoder opens image files; one that reads features knows images by name alone."""
    return getattr(encoder, "reads_pixels", True)


def with_preprocessing(encoder: DualEncoder, settings: Mapping[str, Any]) -> DualEncoder:
    """The encoder, reading images with these settings in place of its own. Raises UserError where it cannot."""
    if not settings:
        return encoder
    if not hasattr(encoder, "with_preprocessing"):
        raise UserError(
            "this model reads images in its own way only",
            where=label(encoder),
            fix="leave the option `preprocessing` out, or evaluate an open_clip model",
        )
    changed: DualEncoder = encoder.with_preprocessing(settings)
    return changed


def _truncated(encoder: DualEncoder, texts: Sequence[str]) -> frozenset[str]:
    """The texts that the tokenizer cuts, where the encoder knows."""
    cut = encoder.truncated(texts) if hasattr(encoder, "truncated") else [False] * len(texts)
    return frozenset(text for text, is_cut in zip(texts, cut, strict=True) if is_cut)


@dataclass(frozen=True)
class _Table:
    """Embeddings of distinct things. rows: (N, D) as the encoder gave them, in float32 or float64."""

    index: dict[Any, int]
    rows: NDArray[Any]

    @property
    def collapsed(self) -> bool:
        """Whether all of two or more rows are the same; looked at block by block, so a healthy model costs one."""
        blocks = (self.rows[start : start + _ROWS] for start in range(0, len(self.rows), _ROWS))
        return len(self.rows) > 1 and all(np.allclose(b, self.rows[:1], rtol=1e-6, atol=0) for b in blocks)

    def raw(self, keys: Sequence[Any]) -> Array:
        """(n, D) rows in float64, in the order of `keys`."""
        return np.asarray(self.rows[[self.index[k] for k in keys]], dtype=np.float64)

    def unit(self, keys: Sequence[Any]) -> Array:
        """(n, D) unit rows in float64, in the order of `keys`."""
        x = self.raw(keys)
        return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True), dtype=np.float64)


@dataclass(frozen=True)
class Encodings:
    """Embeddings of distinct images and texts, looked up by ImageRef and by exact string (not stripped, not re-cased).

    Everything is encoded once, in sorted order, so the order of examples cannot change a result. Scores are float64
    cosines of the embeddings as the encoder gives them; half precision is widened, and noted.
    """

    _images: _Table
    _texts: _Table
    _truncated: frozenset[str]
    _remarks: Sequence[str]
    _encoder: DualEncoder
    _device: Any
    facts: Mapping[str, Any]
    _precision: str = ""

    @classmethod
    def compute(
        cls,
        encoder: DualEncoder,
        images: Iterable[ImageRef],
        texts: Iterable[str],
        device: Any = "cpu",
        batch_size: int = 256,
        progress: bool = False,
        cache: Path | None = None,
        precision: str = "",
        kept: "Kept | None" = None,
    ) -> "Encodings":
        """Encode the distinct `images` and `texts` in evaluation mode, without gradients.

        cache: a folder to keep embeddings in, for models that can tell themselves from others; see `embedding_cache`.
        precision: float32, bfloat16 or float16, in which the towers compute (autocast); "": as the model is.
        kept: what was encoded before by this model in this way, which is used and added to.

        The encoder moves to `device` and its modules get their training modes back. Raises UserError for an image that
        cannot be loaded (with the count of such images) and for embeddings that are NaN, infinite or zero (by name).
        """
        refs = sorted(set(images), key=lambda r: (r.key, str(r.path)))
        strings = sorted(set(texts), key=lambda t: (len(t), t))  # texts of like length trim best together
        store, kept = stores(cache, encoder, device, precision), kept or Kept()
        ref_keys = image_keys(refs, by_name=not reads_pixels(encoder)) if cache else [""] * len(refs)
        string_keys = text_keys(strings) if cache else [""] * len(strings)
        with _evaluating(encoder, device, precision), progress_bar(progress, len(refs) + len(strings)) as advance:

            def encode_images(some: Sequence[ImageRef]) -> tuple[NDArray[Any], str]:
                return encode_images_of(encoder, some, refs, device, batch_size, advance)

            def encode_texts(some: Sequence[str]) -> tuple[NDArray[Any], str]:
                return encode_texts_of(encoder, some, device, batch_size, advance)

            image_table, image_type = _table(refs, ref_keys, kept.image, store["image"], encode_images, advance)
            text_table, text_type = _table(strings, string_keys, kept.text, store["text"], encode_texts, advance)
        made = (("image", image_type, image_table), ("text", text_type, text_table))
        remarks = [
            f"{what} embeddings came in {kind}: near scores may tie"
            for what, kind, _ in made
            if kind in ("float16", "bfloat16")
        ]
        remarks += [
            f"all {len(table.index):,} {what} embeddings are the same: the model has collapsed"
            for what, _, table in made
            if table.collapsed
        ]
        facts = {"image_dtype": image_type, "text_dtype": text_type, "device": str(device), "precision": precision}
        facts |= encoder.description() if hasattr(encoder, "description") else {}  # activation, preprocessing
        return cls(image_table, text_table, _truncated(encoder, strings), remarks, encoder, device, facts, precision)

    @property
    def trained_on_queries(self) -> bool:
        """Whether the encoder was trained on "A without B" and its like, which decides how search reads a query."""
        return bool(getattr(self._encoder, "trained_on_queries", False))

    def image(self, refs: Sequence[ImageRef]) -> Array:
        """(n, D) unit rows."""
        return self._images.unit(refs)

    def text(self, texts: Sequence[str]) -> Array:
        """(n, D) unit rows."""
        return self._texts.unit(texts)

    def raw_image(self, refs: Sequence[ImageRef]) -> Array:
        """(n, D) rows as the encoder gave them, widened: for published scores in low precision."""
        return self._images.raw(refs)

    def raw_text(self, texts: Sequence[str]) -> Array:
        """(n, D) rows as the encoder gave them, widened."""
        return self._texts.raw(texts)

    def class_scores(
        self, ref: ImageRef, size: tuple[int, int], classes: Array, background: Array, reading: DenseReading
    ) -> Array:
        """(C, H, W) scores of every pixel of an image; see `DenseEncoder.class_scores`. Made when asked for, not kept.

        size: H, W. classes (K, D), background (P, D): unit text rows. Ask only where the encoder is a DenseEncoder.
        """
        import torch

        encoder = self._encoder
        assert isinstance(encoder, DenseEncoder)
        rows, ground = (torch.from_numpy(r).to(self._device) for r in (classes, background))
        with _evaluating(encoder, self._device, self._precision):
            inputs = encoder.load_whole_image(ref, reading.size)[None].to(self._device)  # (1, 3, H', W')
            scores: Any = encoder.class_scores(inputs, rows, ground, reading, size)
        return np.asarray(scores[0].to("cpu", torch.float64).numpy())

    def similarity(self, refs: Sequence[ImageRef], texts: Sequence[str]) -> Array:
        """(n,) cosine of each image with the text beside it."""
        return self.pairs(list(zip(refs, texts, strict=True)))

    def text_similarity(self, first: Sequence[str], second: Sequence[str]) -> Array:
        """(n,) cosine of each text with the text beside it."""
        return self.pairs(list(zip(first, second, strict=True)))

    def pairs(self, pairs: Sequence[tuple[ImageRef | str, ImageRef | str]]) -> Array:
        """(n,) cosine of the two sides of each pair: images, texts, or one of each."""
        # Multiplied row by row: a matrix product may sum two equal rows in different orders and break a tie.
        parts = [np.zeros(0)]
        for start in range(0, len(pairs), _ROWS):
            first, second = zip(*pairs[start : start + _ROWS], strict=True)
            parts.append((self._either(first) * self._either(second)).sum(axis=1))
        return np.concatenate(parts)

    def _either(self, keys: Sequence[ImageRef | str]) -> Array:
        """(n, D) unit rows of images and texts mixed."""
        rows = np.zeros((len(keys), max(self._images.rows.shape[1], self._texts.rows.shape[1])))
        for table, kind in ((self._images, ImageRef), (self._texts, str)):
            own = [i for i, key in enumerate(keys) if isinstance(key, kind)]
            if own:
                rows[own] = table.unit([keys[i] for i in own])
        return rows

    def notes(self, texts: Iterable[str]) -> list[str]:
        """What a reader of results on these texts must know."""
        distinct = set(texts)
        cut = len(distinct & self._truncated)
        note = f"{cut:,} of {len(distinct):,} texts are cut by the tokenizer: a cut can lose the 'not'"
        return [*self._remarks, *([note] if cut else [])]


@contextmanager
def _evaluating(encoder: DualEncoder, device: Any, precision: str = "") -> Iterator[None]:
    """The encoder on a device, in evaluation mode, without gradients; its modules get their modes back."""
    import torch
    from torch import nn, no_grad

    modes: dict[nn.Module, bool] = {}
    if isinstance(encoder, nn.Module):
        modes = {module: module.training for module in encoder.modules()}
        encoder.to(device).eval()
    try:
        half = precision in ("bfloat16", "float16")
        kind = str(device).partition(":")[0]
        with no_grad(), torch.autocast(kind, getattr(torch, precision) if half else None, enabled=half):
            yield
    finally:
        for module, training in modes.items():
            module.training = training


@dataclass
class KeptRows:
    """Rows of one tower by what they are of, and the type they came in from the encoder."""

    rows: dict[Any, NDArray[Any]] = field(default_factory=dict)
    kind: str = ""


@dataclass
class Kept:
    """What a model has encoded so far, for the benchmarks that come after."""

    image: KeptRows = field(default_factory=KeptRows)
    text: KeptRows = field(default_factory=KeptRows)


def _table(
    things: Sequence[_Thing],
    keys: Sequence[str],
    kept: KeptRows,
    store: Store,
    encode: Callable[[Sequence[_Thing]], tuple[NDArray[Any], str]],
    advance: Callable[[int], None],
) -> tuple[_Table, str]:
    """Rows of all things, from what is kept or the store where they have them, and the type they came in."""
    unknown = [i for i, thing in enumerate(things) if thing not in kept.rows]
    found, kind = store.find([keys[i] for i in unknown])
    kept.rows.update({things[i]: found[keys[i]] for i in unknown if keys[i] in found})
    kept.kind = kind or kept.kind
    missing = [i for i in unknown if things[i] not in kept.rows]
    advance(len(things) - len(missing))
    for start in range(0, len(missing), _KEPT_AT_ONCE):
        part = missing[start : start + _KEPT_AT_ONCE]
        made, kept.kind = encode([things[i] for i in part])
        store.keep([keys[i] for i in part], made, kept.kind)
        kept.rows.update(zip((things[i] for i in part), made, strict=True))
    rows: NDArray[Any] = np.zeros((0, 1))
    for i, thing in enumerate(things):  # filled in place: parts put together at the end would need the memory twice
        row = kept.rows[thing]
        rows = rows if len(rows) else np.empty((len(things), row.shape[-1]), row.dtype)
        rows[i] = row
    return _Table({thing: i for i, thing in enumerate(things)}, rows), kept.kind

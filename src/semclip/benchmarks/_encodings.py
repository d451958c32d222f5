"""Every image and text of all benchmarks, encoded once per model. torch is imported only when something is encoded."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.protocols import DualEncoder

Array = NDArray[np.float64]

_ROWS = 4096  # rows multiplied at a time
_LOADERS = 4  # threads that decode images


@runtime_checkable
class _TellsTruncation(Protocol):
    """An encoder that knows which texts its tokenizer cuts."""

    def truncated(self, texts: Sequence[str]) -> list[bool]: ...


@dataclass(frozen=True)
class _Table:
    """Embeddings of distinct things. rows: (N, D) as the encoder gave them, in float32 or float64."""

    index: dict[Any, int]
    rows: NDArray[Any]

    def unit(self, keys: Sequence[Any]) -> Array:
        """(n, D) unit rows in float64, in the order of `keys`."""
        x = self.rows[[self.index[k] for k in keys]].astype(np.float64)
        return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True), dtype=np.float64)


class Encodings:
    """Embeddings of distinct images and texts, looked up by ImageRef and by exact string (not stripped, not re-cased).

    Everything is encoded once, in sorted order, so the order of examples cannot change a result. Scores are float64
    cosines of the embeddings as the encoder gives them; half precision is widened, and noted.
    """

    def __init__(self, images: _Table, texts: _Table, truncated: frozenset[str], remarks: Sequence[str]) -> None:
        self._images, self._texts, self._truncated, self._remarks = images, texts, truncated, remarks

    @classmethod
    def compute(
        cls,
        encoder: DualEncoder,
        images: Iterable[ImageRef],
        texts: Iterable[str],
        device: Any = "cpu",
        batch_size: int = 256,
        progress: bool = False,
    ) -> "Encodings":
        """Encode the distinct `images` and `texts` in evaluation mode, without gradients.

        The encoder moves to `device` and its modules get their training modes back. Raises UserError for an image that
        cannot be loaded (with the count of such images) and for embeddings that are NaN, infinite or zero (by name).
        """
        from torch import nn, no_grad

        refs = sorted(set(images), key=lambda r: (r.name, str(r.path)))
        strings = sorted(set(texts), key=lambda t: (len(t), t))  # texts of like length trim best together
        modes: dict[nn.Module, bool] = {}
        if isinstance(encoder, nn.Module):
            modes = {module: module.training for module in encoder.modules()}
            encoder.to(device).eval()
        try:
            with no_grad(), _Progress(progress, len(refs) + len(strings)) as advance:
                image_table, image_type = _encode_images(encoder, refs, device, batch_size, advance)
                text_table, text_type = _encode_texts(encoder, strings, device, batch_size, advance)
        finally:
            for module, training in modes.items():
                module.training = training
        cut = encoder.truncated(strings) if isinstance(encoder, _TellsTruncation) else [False] * len(strings)
        remarks = [
            f"{what} embeddings came in {kind}: near scores may tie"
            for what, kind in (("image", image_type), ("text", text_type))
            if kind in ("float16", "bfloat16")
        ]
        remarks += [
            f"all {len(table.index):,} {what} embeddings are the same: the model has collapsed"
            for what, table in (("image", image_table), ("text", text_table))
            if len(table.index) > 1 and np.allclose(table.rows, table.rows[:1], rtol=1e-6, atol=0)
        ]
        truncated = frozenset(t for t, is_cut in zip(strings, cut, strict=True) if is_cut)
        return cls(image_table, text_table, truncated, remarks)

    def image(self, refs: Sequence[ImageRef]) -> Array:
        """(n, D) unit rows."""
        return self._images.unit(refs)

    def text(self, texts: Sequence[str]) -> Array:
        """(n, D) unit rows."""
        return self._texts.unit(texts)

    def similarity(self, refs: Sequence[ImageRef], texts: Sequence[str]) -> Array:
        """(n,) cosine of each image with the text beside it."""
        return _row_products(lambda s: (self.image(refs[s]), self.text(texts[s])), len(refs))

    def text_similarity(self, first: Sequence[str], second: Sequence[str]) -> Array:
        """(n,) cosine of each text with the text beside it."""
        return _row_products(lambda s: (self.text(first[s]), self.text(second[s])), len(first))

    def notes(self, texts: Iterable[str]) -> list[str]:
        """What a reader of results on these texts must know."""
        distinct = set(texts)
        cut = len(distinct & self._truncated)
        note = f"{cut:,} of {len(distinct):,} texts are cut by the tokenizer: a cut can lose the 'not'"
        return [*self._remarks, *([note] if cut else [])]


def _row_products(rows: Callable[[slice], tuple[Array, Array]], n: int) -> Array:
    # Multiplied row by row: a matrix product may sum two equal rows in different orders and break a tie.
    parts = [np.zeros(0)]
    for start in range(0, n, _ROWS):
        a, b = rows(slice(start, start + _ROWS))
        parts.append((a * b).sum(axis=1))
    return np.concatenate(parts)


def _encode_images(
    encoder: DualEncoder, refs: Sequence[ImageRef], device: Any, batch_size: int, advance: Callable[[int], None]
) -> tuple[_Table, str]:
    import torch

    parts: list[NDArray[Any]] = []
    kind = ""
    with ThreadPoolExecutor(_LOADERS) as pool:
        for start in range(0, len(refs), batch_size):
            batch = refs[start : start + batch_size]
            try:
                inputs = torch.stack(list(pool.map(encoder.load_image, batch)))  # (B, ...)
            except UserError as error:
                raise _with_count(error, encoder, refs) from error
            rows, kind = _to_numpy(encoder.encode_image(inputs.to(device)), [f"image '{r.name}'" for r in batch])
            parts.append(rows)
            advance(len(batch))
    return _Table({r: i for i, r in enumerate(refs)}, _stack(parts, encoder)), kind


def _encode_texts(
    encoder: DualEncoder, texts: Sequence[str], device: Any, batch_size: int, advance: Callable[[int], None]
) -> tuple[_Table, str]:
    parts: list[NDArray[Any]] = []
    kind = ""
    for start in range(0, len(texts), batch_size):
        batch = texts[start : start + batch_size]
        tokens = encoder.tokenize(batch).to(device)  # (B, L)
        rows, kind = _to_numpy(encoder.encode_text(tokens), [f"text '{t[:80]}'" for t in batch])
        parts.append(rows)
        advance(len(batch))
    return _Table({t: i for i, t in enumerate(texts)}, _stack(parts, encoder)), kind


def _stack(parts: Sequence[NDArray[Any]], encoder: DualEncoder) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros((0, encoder.embed_dim))


def _to_numpy(embeddings: Any, names: Sequence[str]) -> tuple[NDArray[Any], str]:
    """(B, D) in float32 or float64, and the type it came in. Raises UserError for a row that has no direction."""
    import torch

    kind = str(embeddings.dtype).removeprefix("torch.")
    wide = torch.promote_types(embeddings.dtype, torch.float32)
    rows: NDArray[Any] = embeddings.detach().to("cpu", wide).numpy()
    with np.errstate(over="ignore", invalid="ignore"):
        bad = ~np.isfinite(rows).all(axis=1) | ~rows.any(axis=1)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        fault = "all zeros" if np.isfinite(rows[first]).all() else "not finite"
        raise UserError(
            f"the model's embedding of {names[first]} is {fault}",
            where=f"{int(bad.sum()):,} of the {len(names):,} in its batch are so",
            fix="the weights are broken (a training that diverged?) or the input is; evaluate an earlier checkpoint",
        )
    return rows, kind


def _with_count(error: UserError, encoder: DualEncoder, refs: Sequence[ImageRef]) -> UserError:
    """The error of one image, with how many are missing. Only files that are not there are tried: that is cheap."""
    missing = []
    for ref in refs:
        if ref.path is None or not ref.path.is_file():
            try:
                encoder.load_image(ref)
            except UserError:
                missing.append(ref.name)
    if len(missing) < 2:
        return error
    first = ", ".join(missing[:3])
    what = f"{len(missing):,} of {len(refs):,} images are missing ({first}, ...); the first: {error.what}"
    return UserError(what, error.where, error.fix)


class _Progress:
    """A progress bar, quiet when not asked for or not on a terminal."""

    def __init__(self, wanted: bool, total: int) -> None:
        self._wanted, self._total = wanted, total
        self._bar: Any = None

    def __enter__(self) -> Callable[[int], None]:
        if not self._wanted:
            return lambda done: None
        from rich.console import Console
        from rich.progress import Progress

        console = Console(stderr=True)
        self._bar = Progress(console=console, transient=True, disable=not console.is_terminal)
        self._bar.start()
        task = self._bar.add_task("encoding", total=self._total)
        return lambda done: self._bar.advance(task, done)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

"""Encoding in batches with a model's towers: images are decoded ahead, embeddings checked, progress shown."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.protocols import DualEncoder

_LOADERS = 4  # threads that decode images


def encode_images_of(
    encoder: DualEncoder,
    refs: Sequence[ImageRef],
    every: Sequence[ImageRef],
    device: Any,
    batch_size: int,
    advance: Callable[[int], None],
) -> tuple[NDArray[Any], str]:
    """Rows of `refs`; where one of them cannot be read, the error says how many of `every` cannot."""
    import torch

    parts: list[NDArray[Any]] = []
    kind = ""
    with ThreadPoolExecutor(_LOADERS) as pool:
        coming = [pool.submit(encoder.load_image, ref) for ref in refs[:batch_size]]
        for start in range(0, len(refs), batch_size):
            batch, loading = refs[start : start + batch_size], coming
            # The next batch is decoded while this one is encoded.
            coming = [pool.submit(encoder.load_image, r) for r in refs[start + batch_size : start + 2 * batch_size]]
            try:
                inputs = torch.stack([image.result() for image in loading])  # (B, ...)
            except UserError as error:
                raise _with_count(error, encoder, every) from error
            rows, kind = _to_numpy(encoder.encode_image(inputs.to(device)), [f"image '{r.key}'" for r in batch])
            parts.append(rows)
            advance(len(batch))
    return np.concatenate(parts), kind


def encode_texts_of(
    encoder: DualEncoder, texts: Sequence[str], device: Any, batch_size: int, advance: Callable[[int], None]
) -> tuple[NDArray[Any], str]:
    parts: list[NDArray[Any]] = []
    kind = ""
    for start in range(0, len(texts), batch_size):
        batch = texts[start : start + batch_size]
        tokens = encoder.tokenize(batch).to(device)  # (B, L)
        rows, kind = _to_numpy(encoder.encode_text(tokens), [f"text '{t[:80]}'" for t in batch])
        parts.append(rows)
        advance(len(batch))
    return np.concatenate(parts), kind


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
    """The error of one image, with how many are like it: all are tried, so that one look mends them all."""
    with ThreadPoolExecutor(_LOADERS) as pool:
        readable = list(pool.map(lambda ref: _can_load(encoder, ref), refs))
    bad = sorted({ref.name for ref, fine in zip(refs, readable, strict=True) if not fine})
    what = error.what
    if len(bad) > 1:
        first = f"{', '.join(bad[:3])}{', ...' if len(bad) > 3 else ''}"
        what = f"{len(bad):,} of {len({r.name for r in refs}):,} images cannot be read ({first}); the first: {what}"
    fix = f"{error.fix}; of a public benchmark: delete the file, and give --allow-missing"
    return UserError(what, error.where, fix)


def _can_load(encoder: DualEncoder, ref: ImageRef) -> bool:
    try:
        encoder.load_image(ref)
    except UserError:
        return False
    return True


@contextmanager
def progress_bar(wanted: bool, total: int) -> Iterator[Callable[[int], None]]:
    """A function that advances a progress bar, quiet when not asked for or not on a terminal."""
    if not wanted:
        yield lambda done: None
        return
    from rich.progress import Progress

    from semclip.core.console import make_console

    console = make_console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("encoding", total=total)
        yield lambda done: bar.advance(task, done)

"""Where a training batch's images come from: decoded in workers, decoded once, or encoded once by a frozen tower."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from semclip.core.example import Example, ImageRef
from semclip.core.seeds import derive_seed
from semclip.data.image_store import ImageStore
from semclip.models.backends.base import Encoder

#: Decoded inputs are kept on disk only while all of them together stay below this many bytes.
INPUT_STORE_LIMIT = 2 * 1024**3


def image_source(
    encoder: Encoder,
    examples: Sequence[Example],
    views: Collection[str],
    reads_patches: bool,
    augmented: bool,
    reduced: bool,
    cache: Path,
    device: torch.device,
) -> tuple[Callable[[ImageRef], Tensor], bool, str]:
    """Choose how images are loaded. Returns (load function, whether it gives embeddings, one sentence for people).

    The preprocessing is deterministic, so a frozen tower gives the same embedding at every visit: it is run once and
    the rows are memory-mapped. A tower that trains reads its decoded inputs from such a file where they fit.
    reads_patches: the objective reads patch tokens, of which an embedding knows nothing.
    reduced: JPEGs are decoded at a fraction of their size; the rows kept on disk are others than of whole ones.
    augmented: an image is another at each visit, so no embedding can be kept.
    """
    refs = _unique_refs(encoder, examples, views)
    load_image = encoder.load_image_reduced if reduced else encoder.load_image
    frozen = encoder.frozen("image") and not reads_patches
    if frozen and not augmented:
        store = feature_store(encoder, refs, cache, device, reduced)
        return _Row(store), True, f"image tower frozen: {len(refs):,} images encoded once and memory-mapped"
    why = "; random crops: the frozen image tower runs at every step (train.crop=1 encodes once)" if frozen else ""
    bytes_needed = load_image(refs[0]).nbytes * len(refs)
    if bytes_needed <= INPUT_STORE_LIMIT:
        # The decoded inputs depend on the preprocessing, never on the weights.
        recipe = encoder.preprocessing_fingerprint() + _decoded(reduced)
        store = ImageStore.build(
            cache / f"inputs-{derive_seed(recipe, *(r.key for r in refs)):016x}.npy",
            refs,
            lambda batch: torch.stack([load_image(r) for r in batch]).numpy(),
            key=recipe,
        )
        return (
            _Row(store),
            False,
            f"{len(refs):,} images decoded once and memory-mapped ({bytes_needed / 1e6:.0f} MB){why}",
        )
    return load_image, False, f"{len(refs):,} images decoded at every visit (too large to keep decoded){why}"


def feature_store(
    encoder: Encoder, refs: Sequence[ImageRef], cache: Path, device: torch.device, reduced: bool = False
) -> ImageStore:
    """Raw embeddings of images by the encoder as it is now, memory-mapped; made once for the same tower and images."""
    key = encoder.image_fingerprint() + _decoded(reduced)
    path = cache / f"features-{derive_seed(key, *sorted(r.key for r in refs)):016x}.npy"
    return ImageStore.build(path, refs, lambda batch: _encode(encoder, batch, device, reduced), key=key)


@dataclass(frozen=True)
class _Row:
    """Reads rows of a store; a class, so that it can be sent to a worker process."""

    store: ImageStore

    def __call__(self, ref: ImageRef) -> Tensor:
        return torch.from_numpy(self.store.row(ref))


def _decoded(reduced: bool) -> str:
    """What a store's key says of the decoding; whole images add nothing, so that old stores stay good."""
    return " reduced" if reduced else ""


def _encode(encoder: Encoder, refs: Sequence[ImageRef], device: torch.device, reduced: bool) -> np.ndarray:
    load_image = encoder.load_image_reduced if reduced else encoder.load_image
    inputs = torch.stack([load_image(r) for r in refs]).to(device)
    training = encoder.training
    encoder.eval()
    with torch.no_grad():
        rows: np.ndarray = encoder.encode_image(inputs).float().cpu().numpy()  # (B, D)
    encoder.train(training)
    return rows


def _unique_refs(encoder: Encoder, examples: Sequence[Example], views: Collection[str]) -> list[ImageRef]:
    refs: dict[str, ImageRef] = {}
    for example in examples:
        for ref in (example.image, *(example.negative_images if "negative_image" in views else ())):
            # Where features stand for pixels, the pixels may be gone; the features file is part of the stores' keys.
            refs.setdefault(ref.key, ref if encoder.reads_pixels else replace(ref, path=None))
    return list(refs.values())

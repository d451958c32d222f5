"""Where training images come from (decoded in workers, decoded once, encoded once), and random crops of them."""

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms import InterpolationMode, RandomResizedCrop
from torchvision.transforms.functional import resized_crop

from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.core.seeds import derive_seed
from semclip.data.dataset import no_augmentation
from semclip.data.image_store import ImageStore
from semclip.models.backends.base import Encoder

#: Decoded inputs are kept on disk only while all of them together stay below this many bytes.
INPUT_STORE_LIMIT = 2 * 1024**3
_TEXTS_AT_ONCE = 512
#: Part of the key of stored rows; another text whenever `core.decoding` makes other pixels of a file.
_DECODING = " upright"


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
        recipe = encoder.preprocessing_fingerprint() + _DECODING + " reduced" * reduced
        store = ImageStore.build(
            cache / f"inputs-{derive_seed(recipe, *(r.key for r in refs)):016x}.npy",
            refs,
            lambda batch: torch.stack([load_image(r) for r in batch]).numpy(),
            key=recipe,
        )
        size = f"{bytes_needed / 1e6:.0f} MB"
        return _Row(store), False, f"{len(refs):,} images decoded once and memory-mapped ({size}){why}"
    return load_image, False, f"{len(refs):,} images decoded at every visit (too large to keep decoded){why}"


def feature_store(
    encoder: Encoder, refs: Sequence[ImageRef], cache: Path, device: torch.device, reduced: bool = False
) -> ImageStore:
    """Raw embeddings of images by the encoder as it is now, memory-mapped; made once for the same tower and images."""
    key = encoder.image_fingerprint() + (_DECODING if encoder.reads_pixels else "") + " reduced" * reduced
    path = cache / f"features-{derive_seed(key, *sorted(r.key for r in refs)):016x}.npy"
    return ImageStore.build(path, refs, lambda batch: _encode(encoder, batch, device, reduced), key=key)


@dataclass(frozen=True)
class _Row:
    """Reads rows of a store; a class, so that it can be sent to a worker process."""

    store: ImageStore

    def __call__(self, ref: ImageRef) -> Tensor:
        return torch.from_numpy(self.store.row(ref))


def _encode(encoder: Encoder, refs: Sequence[ImageRef], device: torch.device, reduced: bool) -> np.ndarray:
    load_image = encoder.load_image_reduced if reduced else encoder.load_image
    inputs = torch.stack([load_image(r) for r in refs]).to(device)
    with _evaluating(encoder):
        rows: np.ndarray = encoder.encode_image(inputs).float().cpu().numpy()  # (B, D)
    return rows


@contextlib.contextmanager
def _evaluating(encoder: Encoder) -> Iterator[None]:
    """In evaluation mode and without gradients; afterwards in the mode it was in."""
    training = encoder.training
    encoder.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        encoder.train(training)


def _unique_refs(encoder: Encoder, examples: Sequence[Example], views: Collection[str]) -> list[ImageRef]:
    refs: dict[str, ImageRef] = {}
    for example in examples:
        for ref in (example.image, *(example.negative_images if "negative_image" in views else ())):
            # Where features stand for pixels, the pixels may be gone; the features file is part of the stores' keys.
            refs.setdefault(ref.key, ref if encoder.reads_pixels else replace(ref, path=None))
    return list(refs.values())


class InitialEmbeddings:
    """The space in which data steps look for neighbours: that of the model as training starts.

    Implements `semclip.core.protocols.Embeddings`; images are encoded once and kept beside the runs.
    """

    def __init__(self, encoder: Encoder, cache: Path, device: torch.device) -> None:
        self.encoder, self.cache, self.device = encoder, cache, device

    def images(self, refs: Sequence[ImageRef]) -> np.ndarray:
        """(N, D) unit rows, float32."""
        if not self.encoder.reads_pixels:
            refs = [ImageRef(ref.name) for ref in refs]
        store = feature_store(self.encoder, refs, self.cache, self.device)
        return _unit(np.stack([store.row(ref) for ref in refs]))

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        """(N, D) unit rows, float32; equal texts are encoded once."""
        distinct = list(dict.fromkeys(texts))
        rows = []
        with _evaluating(self.encoder):
            for start in range(0, len(distinct), _TEXTS_AT_ONCE):
                tokens = self.encoder.tokenize(distinct[start : start + _TEXTS_AT_ONCE]).to(self.device)
                rows.append(self.encoder.encode_text(tokens).float().cpu().numpy())  # (B, D)
        place = {text: i for i, text in enumerate(distinct)}
        return _unit(np.concatenate(rows))[[place[text] for text in texts]]


def _unit(rows: np.ndarray) -> np.ndarray:
    unit: np.ndarray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return unit.astype(np.float32)


@dataclass(frozen=True)
class RandomCrop:
    """A random crop of at least `least` of the area, resized to the input's size: (C, H, W) -> (C, H, W).

    Another at every visit, and a function of the visit alone (`seed`).
    torchvision's RandomResizedCrop with its usual ratios of width to height, 3/4 to 4/3; open_clip trains with `least`
    = 0.9. The crop is taken of the preprocessed input, so every backend that reads pixels can be trained with it. No
    mirroring: it makes "left of" false.
    """

    least: float

    def __call__(self, image: Tensor, seed: int) -> Tensor:
        with torch.random.fork_rng(devices=[]):  # torchvision draws from the global generator
            torch.manual_seed(seed)
            place = RandomResizedCrop.get_params(image, scale=[self.least, 1.0], ratio=[3 / 4, 4 / 3])
        size = list(image.shape[1:])
        return resized_crop(image, *place, size, InterpolationMode.BICUBIC, antialias=True)


def augmentation(least: float, encoder: Encoder) -> Callable[[Tensor, int], Tensor]:
    """What `train.crop` asks for. Raises UserError for a model that reads no pixels."""
    if least == 1:
        return no_augmentation
    if not encoder.reads_pixels:
        raise UserError(
            "this model reads features, of which no part can be cropped",
            where="train.crop",
            fix="leave train.crop out, or train a model that reads pixels",
        )
    return RandomCrop(least)

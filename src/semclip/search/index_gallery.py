"""The photos of an index as rankers see them: cosines with stored rows, and vectors of what a query names."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from semclip.core.errors import UserError
from semclip.core.query import Leaf, Text
from semclip.search.model import Model
from semclip.search.photo import UndecodableError, UprightPicture, decode, read_bytes
from semclip.search.product import product
from semclip.search.rows import Rows
from semclip.search.scan import Seen

#: Photos that calibration sees.
SAMPLE = 4_096


class IndexGallery:
    """A `core.query.Gallery` of some rows, or of all (`chosen` None). pictures: what `like:NAME` may stand for.

    The sample is one of the whole index, so that what is calibrated does not depend on filters. Vectors are made when
    they are asked for, so that a query without a text needs no model.
    """

    def __init__(
        self, model: Model, rows: Rows, pictures: Mapping[str, Image.Image], threads: int, chosen: np.ndarray | None
    ) -> None:
        self._model, self._rows, self._pictures, self._threads = model, rows, pictures, threads
        self._embeddings = rows.embeddings if chosen is None else rows.embeddings[chosen]
        self._made: dict[tuple[type, str], np.ndarray] = {}

    def __len__(self) -> int:
        return len(self._embeddings)

    def embed(self, leaf: Leaf) -> np.ndarray:
        key = (type(leaf), str(leaf))
        if key not in self._made:
            self._made[key] = self._model.texts([leaf.text])[0] if isinstance(leaf, Text) else self._like(leaf.path)
        return self._made[key]

    def similarity(self, vectors: np.ndarray) -> np.ndarray:
        return product(vectors, self._embeddings, self._threads)

    def sampled(self, vectors: np.ndarray) -> np.ndarray:
        return np.asarray(np.asarray(vectors, np.float32) @ self._sample.T)

    def rows(self, places: np.ndarray) -> np.ndarray:
        return np.asarray(self._embeddings[places], np.float32)

    @property
    def centre(self) -> np.ndarray:
        return np.asarray(self._sample.mean(axis=0))

    @cached_property
    def _sample(self) -> np.ndarray:
        return self._rows.sample(SAMPLE).astype(np.float32)

    def _like(self, name: str) -> np.ndarray:
        """The vector of a picture that was handed over, of a photo of the index, or of a file."""
        if name in self._pictures:
            return self._encoded(name, Path(name), self._pictures[name])
        row = self._rows.row_shown(name)
        if row is not None:
            vector = np.asarray(self._rows.embeddings[row], np.float32)
            return vector / np.linalg.norm(vector)
        path = Path(name)
        if not path.is_file():
            raise UserError(
                "neither the index nor the disk has such a photo", where=f"like:{name}", fix="check the path"
            )
        try:
            data = read_bytes(Seen(path, path.stat().st_size, 0))
            return self._encoded(name, path, decode(path, data, keep_gps=False)[1])
        except UndecodableError as error:
            raise UserError(f"the photo cannot be read: {error}", where=name, fix="name another photo") from error

    def _encoded(self, name: str, path: Path, picture: Image.Image) -> np.ndarray:
        ref = UprightPicture.of(name, path, picture.convert("RGB"))
        vector: np.ndarray = self._model.pictures([self._model.encoder.load_image(ref)])[0]
        return vector

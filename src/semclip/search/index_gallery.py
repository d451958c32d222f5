"""The photos of an index as rankers see them: cosines with stored rows, and vectors of what a query names."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from semclip.core.errors import UserError
from semclip.core.query import Leaf, Text
from semclip.search.candidates import Candidates
from semclip.search.model import Model
from semclip.search.photo import UndecodableError, UprightPicture, decode, read_bytes
from semclip.search.product import exact, product, small
from semclip.search.scan import Seen

#: Photos whose products are summed row by row in a fraction of a second.
_MANY = 100_000


class IndexGallery:
    """A `core.query.Gallery` of all photos of an index. pictures: what `like:NAME` may stand for.

    Vectors are made when they are asked for, so that a query without a text needs no model.
    """

    def __init__(self, model: Model, candidates: Candidates, pictures: Mapping[str, Image.Image]) -> None:
        self._model, self._pictures = model, pictures
        self.candidates, self.photos = candidates, candidates.rows
        self._made: dict[tuple[type, str], np.ndarray] = {}

    def __len__(self) -> int:
        return len(self.photos)

    def embed(self, leaf: Leaf) -> np.ndarray:
        key = (type(leaf), str(leaf))
        if key not in self._made:
            self._made[key] = self._model.texts([leaf.text])[0] if isinstance(leaf, Text) else self._like(leaf.path)
        return self._made[key]

    def similarity(self, vectors: np.ndarray) -> np.ndarray:
        return product(vectors, self.photos.embeddings, self.candidates.threads)

    def nearest(self, vectors: np.ndarray, count: int) -> np.ndarray:
        return self.candidates.nearest(vectors, count)

    def sampled(self, vectors: np.ndarray) -> np.ndarray:
        return small(vectors, self.photos.sample)

    def rows(self, places: np.ndarray) -> np.ndarray:
        return np.asarray(self.photos.embeddings[places], np.float32)

    @property
    def centre(self) -> np.ndarray:
        return self.photos.centre

    def only(self, places: np.ndarray) -> "SomePhotos":
        """The rows `places` of it, seen against all."""
        return SomePhotos(self, places)

    def _like(self, name: str) -> np.ndarray:
        """The vector of a picture that was handed over, of a photo of the index, or of a file."""
        if name in self._pictures:
            return self._encoded(name, Path(name), self._pictures[name])
        row = self.photos.row_shown(name)
        if row is not None:
            vector = np.asarray(self.photos.embeddings[row], np.float32)
            return vector / np.linalg.norm(vector)
        path = Path(name)
        try:
            if path.is_file():
                data = read_bytes(Seen(path, path.stat().st_size, 0))
                return self._encoded(name, path, decode(path, data, keep_gps=False)[1])
        except (UndecodableError, OSError) as error:  # OSError: a closed folder, or a name that no system takes
            why = error.strerror if isinstance(error, OSError) else error
            raise UserError(f"the photo cannot be read: {why}", where=name, fix="name another photo") from error
        raise UserError("neither the index nor the disk has such a photo", where=f"like:{name}", fix="check the path")

    def _encoded(self, name: str, path: Path, picture: Image.Image) -> np.ndarray:
        ref = UprightPicture.of(name, path, picture.convert("RGB"))
        vector: np.ndarray = self._model.pictures([self._model.encoder.load_image(ref)])[0]
        return vector


class SomePhotos:
    """Some rows of a gallery, whose sample and neighbours are those of all.

    Products are summed row by row in float64: equal rows have equal scores, wherever they stand. So many that it would
    take long are multiplied in float32.
    """

    def __init__(self, whole: IndexGallery, places: np.ndarray) -> None:
        self._embeddings, self._places, self._threads = whole.photos.embeddings, places, whole.candidates.threads
        self.embed, self.sampled, self.nearest, self.rows = whole.embed, whole.sampled, whole.nearest, whole.rows
        self.centre = whole.centre

    def __len__(self) -> int:
        return len(self._places)

    def similarity(self, vectors: np.ndarray) -> np.ndarray:
        if len(self._places) > _MANY:
            return product(vectors, self._embeddings[self._places], self._threads)
        return exact(vectors, self._embeddings, self._places)

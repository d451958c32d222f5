"""What the page needs from an index of photos: a few calls, and rows with reasons."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from PIL import Image

from semclip.core.query import Query


class HitPart(Protocol):
    """How much of one part of the query a photo has. presence: between 0 and 1."""

    @property
    def label(self) -> str: ...
    @property
    def wanted(self) -> bool: ...
    @property
    def similarity(self) -> float: ...
    @property
    def presence(self) -> float: ...


class Hit(Protocol):
    """One photo of a result.

    path: as people know it, relative to the folder of the index. file: where it lies. missing: it is no longer there.
    held_back: label of the excluded part that lowered its score most, None where none did. duplicates: other paths of
    the same picture, which is shown once.
    """

    @property
    def id(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def file(self) -> Path: ...
    @property
    def score(self) -> float: ...
    @property
    def parts(self) -> Sequence[HitPart]: ...
    @property
    def held_back(self) -> str | None: ...
    @property
    def duplicates(self) -> Sequence[str]: ...
    @property
    def missing(self) -> bool: ...


class Photo(Protocol):
    """What the index knows of one photo. file: where its file is now; width and height in pixels."""

    @property
    def path(self) -> str: ...
    @property
    def file(self) -> Path: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


class PhotoList(Protocol):
    """Photos without a model."""

    def __len__(self) -> int: ...

    def listed(self, query: Query, top: int, skip: int) -> Sequence[Hit]:
        """Photos that meet the filters of a query, in the order of their paths, rows `skip` to `skip + top`."""

    def matching(self, query: Query) -> int:
        """How many photos meet the filters of a query, each content once."""

    def find(self, path: str) -> str | None:
        """Id of the photo with this path; None where no such photo is indexed."""

    def photo(self, id: str) -> Photo:
        """Raises KeyError for an id that is not in the index."""


class PhotoIndex(PhotoList, Protocol):
    """An index of photos. A query without a tree needs no model and lists the photos in the order of their paths."""

    def refresh(self) -> None:
        """See what other processes have added since."""

    def load_model(self) -> None:
        """Load the encoder; a search that needs it does so by itself."""

    def search(
        self, query: Query, top: int, ranker: str | None, skip: int = 0, pictures: Mapping[str, Image.Image] = ...
    ) -> Sequence[Hit]:
        """Rows `skip` to `skip + top`. ranker: None for the default. pictures: what `like:NAME` may stand for."""

    def thumbnail(self, id: str) -> bytes:
        """A small JPEG, PNG or WebP file. Raises KeyError for an id that is not in the index."""

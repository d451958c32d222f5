"""Photos of an index without a model: listed and looked up, also as this machine saw them last."""

import contextlib
from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np

from semclip.core.query import Query
from semclip.search.filters import meeting
from semclip.search.hits import Hit, PhotoInfo, first, hit, info
from semclip.search.names import Names
from semclip.search.place import folder_of, place_of
from semclip.search.rows import Rows


class Listing(ABC):
    """What needs nothing but mapped files."""

    _names: Names

    @property
    @abstractmethod
    def rows(self) -> Rows:
        """Embeddings and columns, in the order of paths."""

    def __len__(self) -> int:
        return len(self.rows)

    def listed(self, query: Query, top: int, skip: int) -> list[Hit]:
        """Photos that meet the filters of a query, in the order of paths. Raises UserError for an unknown filter."""
        found = first(np.zeros(len(self.rows)), meeting(query.filters, self.rows.columns), self.rows.same, skip + top)
        return [hit(self.rows, self._names, row) for row in found[skip:]]

    def matching(self, query: Query) -> int:
        """How many photos meet the filters of a query, each content once. Raises UserError for an unknown filter."""
        found = np.zeros(len(self.rows), bool)
        found[self.rows.same[meeting(query.filters, self.rows.columns)]] = True
        return int(np.count_nonzero(found))

    def find(self, path: str) -> str | None:
        """Id of the photo with this path, as results write it; None where no such photo is indexed."""
        row = self.rows.row_shown(path)
        return None if row is None else str(self.rows.value("id", row))

    def photo(self, id: str) -> PhotoInfo:
        """Raises KeyError for an id that is not in the index."""
        row = self.rows.row_of("id", id)
        if row is None:
            raise KeyError(id)
        return info(self.rows, self._names, row)


class Glance(Listing):
    """An index as this machine saw it last, from mapped files alone: LanceDB takes a second to be imported."""

    def __init__(self, rows: Rows, names: Names) -> None:
        self._rows, self._names = rows, names

    @property
    def rows(self) -> Rows:
        return self._rows

    @classmethod
    def at(cls, path: str | Path) -> "Glance | None":
        """None where this machine has no whole mapped files of the index."""
        place = place_of(path)
        folder = folder_of(place)
        with contextlib.suppress(ValueError, OSError, KeyError):
            rows = Rows.last(folder)
            return None if rows is None else cls(rows, Names.beside(place))
        return None

"""Which photos of an index a ranker has to look at closely: few, and for up to a million surely those of the result."""

from collections.abc import Sequence

import numpy as np

from semclip.core.highest import highest
from semclip.core.query import Query, leaves
from semclip.search.product import exact
from semclip.search.rankers._linear import Direction, Score, parts_of, put_together
from semclip.search.rows import Rows
from semclip.search.table import PhotoTable

#: Up to this many photos every one is compared with the query; above, those that the vector index finds.
EXACT = 1_000_000
#: Candidates for each direction of a score above that, and how many parts of the vector index are looked at for them.
CANDIDATES, PROBES = 1_000, 32
#: So few photos are looked at closely without asking which, and so few of many without a second, better bound.
_FEW, _LEFT = 4_096, 4_096


class Candidates:
    """Candidates in one index. threads: for products with all rows."""

    def __init__(self, rows: Rows, table: PhotoTable, threads: int) -> None:
        self.rows, self.threads, self._table = rows, threads, table

    def nearest(self, vectors: np.ndarray, count: int) -> np.ndarray:
        """(Q, D) -> (Q, count) rows whose products with them are highest, ascending; above a million, nearly those."""
        scores = [Direction(vector) for vector in np.asarray(vectors, np.float64)]
        every = np.ones(len(self.rows), bool)
        if self._asks_index(every):
            places = [self._by_index([score], 10 * count) for score in scores]
        else:
            places = self._surely(scores, every, every, count)
        found = []
        for score, some in zip(scores, places, strict=True):
            (products,) = exact(score.vector[None], self.rows.embeddings, some)
            found.append(some[highest(products, count)])
        return np.stack(found)

    def of(self, score: Score, query: Query, kept: np.ndarray, count: int) -> np.ndarray:
        """Ascending rows, among them the `count` best contents by a score that is linear in a photo's row.

        kept: (N,) bool, which rows meet the filters. A query of excluded parts alone has no neighbours that the vector
        index could look for, so every photo is compared with it.
        """
        if self._asks_index(kept) and any(wanted for _, wanted in leaves(query.tree)):
            return self._by_index(parts_of(score), max(CANDIDATES, 2 * count))
        return self._surely([score], kept, kept & self.rows.once, max(count, 1))[0]

    def of_any(self, vectors: Sequence[np.ndarray], kept: np.ndarray, count: int) -> np.ndarray | None:
        """Ascending rows for a score of any kind; None: all. vectors: of the wanted parts."""
        if len(self.rows) <= EXACT:
            return None
        if not self._asks_index(kept):
            return np.flatnonzero(kept)
        directions = [Direction(vector) for vector in vectors]
        return self._by_index(directions, max(CANDIDATES, 2 * count)) if directions else None

    def _asks_index(self, kept: np.ndarray) -> bool:
        return len(self.rows) > EXACT and int(kept.sum()) > EXACT and self._table.has_vector_index

    def _by_index(self, directions: Sequence[Direction], look: int) -> np.ndarray:
        found = [self._table.nearest(one.vector.astype(np.float32), look, PROBES) for one in directions]
        return self.rows.rows_of(np.concatenate(found))

    def _surely(self, scores: Sequence[Score], kept: np.ndarray, once: np.ndarray, count: int) -> list[np.ndarray]:
        """For each score, what cannot be proven to be worse than `count` others, from one pass over all rows, or two.

        once: (N,) bool, of the rows kept, no content twice.
        """
        if int(np.count_nonzero(once)) <= max(count, _FEW):
            return [np.flatnonzero(kept)] * len(scores)
        roughly = self._left(scores, kept, once, count, rough=True)
        if all(len(places) <= count + _LEFT for places in roughly):
            return roughly
        return self._left(scores, kept, once, count, rough=False)

    def _left(
        self, scores: Sequence[Score], kept: np.ndarray, once: np.ndarray, count: int, rough: bool
    ) -> list[np.ndarray]:
        """What the bound on the error of one pass leaves."""
        total = int(np.count_nonzero(once))
        found = [parts_of(score) for score in scores]
        vectors = np.stack([one.vector for some in found for one in some])
        coming = zip(*self.rows.coarse.products(vectors, self.threads, rough), strict=True)
        places = []
        for score, some in zip(scores, found, strict=True):
            about, wrong = [], []
            for one, (products, error) in zip(some, coming, strict=False):
                about.append(products + np.float32(one.constant))
                wrong.append(error + 2e-7 * abs(one.constant))  # rounded twice: as a number, and in the sum
            products, slack = put_together(score, about), float(put_together(score, wrong))
            eligible = products if total == len(products) else products[once]
            least = np.partition(eligible, total - count)[total - count]
            places.append(np.flatnonzero(kept & (products >= least - 2 * slack)))
        return places

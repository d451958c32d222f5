"""Which photos of an index a ranker scores: all up to a million, above that those that can be among the best."""

from collections.abc import Callable

import numpy as np

from semclip.core.query import Leaf, Query, leaves
from semclip.search.rows import Rows
from semclip.search.table import PhotoTable

#: Up to this many photos every one is scored; above, those that the vector index finds.
EXACT = 1_000_000
#: Candidates for each wanted part of a query above that, and how many parts of the vector index are looked at for them.
CANDIDATES, PROBES = 1_000, 16


def photos_to_score(
    query: Query, rows: Rows, kept: np.ndarray, table: PhotoTable, embed: Callable[[Leaf], np.ndarray], wanted: int
) -> np.ndarray | None:
    """Rows to score, ascending: those that the filters leave, or what the vector index finds for the wanted parts.

    None: all. A query of excluded parts alone has no neighbours to look for, so every photo is scored.
    kept: (N,) bool, which rows meet the filters. wanted: how many photos the result is to have.
    """
    if len(rows) <= EXACT:
        return None
    if kept.sum() <= EXACT:
        return np.flatnonzero(kept)
    parts = [leaf for leaf, is_wanted in leaves(query.tree) if is_wanted]
    if not parts or not table.has_vector_index:
        return None
    count = max(CANDIDATES, 2 * wanted)
    ids = {i for leaf in parts for i in table.nearest(embed(leaf), count, PROBES)}
    return rows.rows_of(sorted(ids))

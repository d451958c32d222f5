"""The best photos of an index for a query, and what explains each."""

import numpy as np

from semclip.core.query import Query, Ranker, Ranking, leaves
from semclip.search.hits import first
from semclip.search.index_gallery import IndexGallery
from semclip.search.rankers._linear import LinearRanker, scored


def best(
    query: Query, ranker: Ranker, gallery: IndexGallery, kept: np.ndarray, count: int
) -> tuple[Ranking, list[tuple[int, int]]]:
    """A ranking of some photos, and of the `count` best (row, place in the ranking), in order. query: with a tree.

    Of a score that is linear in a photo's row, all but few photos are ruled out by a coarse product, with a proof; any
    other is computed for all.
    """
    assert query.tree is not None
    same, candidates = gallery.photos.same, gallery.candidates
    if isinstance(ranker, LinearRanker):
        score = ranker.directions(query, query.tree, gallery)
        places = candidates.of(score, query, kept, count)
        order = first(scored(score, gallery.only(places)), kept[places], same[places], count)
        ranking = ranker.rank_by(score, query, gallery.only(places[order]))
        return ranking, [(int(row), at) for at, row in enumerate(places[order])]
    wanted = [gallery.embed(leaf) for leaf, is_wanted in leaves(query.tree) if is_wanted]
    some = candidates.of_any(wanted, kept, count)
    places = np.arange(len(gallery)) if some is None else some
    ranking = ranker.rank(query, gallery if some is None else gallery.only(some))
    order = first(np.asarray(ranking.score), kept[places], same[places], count)
    return ranking, [(int(places[at]), at) for at in order]

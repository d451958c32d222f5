"""Ways to score photos for a query: one file per ranker."""

from semclip.search.rankers.base import Ranker, create

__all__ = ["Ranker", "create"]

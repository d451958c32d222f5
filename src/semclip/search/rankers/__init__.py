"""Ways to score photos for a query: one file per ranker."""

from semclip.search.rankers.base import Ranker, create

__all__ = ["DEFAULT", "Ranker", "create", "default"]

#: The ranker that search uses, with its own default options: chosen on validation photos (docs/results/exclusion.md).
DEFAULT = "feedback"


def default() -> Ranker:
    """The ranker that search uses unless told otherwise."""
    return create(DEFAULT)

"""Ways to score photos for a query: one file per ranker."""

from semclip.search.rankers.base import Ranker, create

__all__ = ["DEFAULT", "READS_QUERIES", "Ranker", "create", "default"]

#: The ranker that search uses, with its own default options: chosen on validation photos (docs/results/exclusion.md).
DEFAULT = "feedback"
#: The one for models that were trained on queries (docs/results/flickr8k_pretrained.md).
READS_QUERIES = "verbalised"


def default(trained_on_queries: bool) -> str:
    """The ranker that search uses unless told otherwise, for a model of this kind."""
    return READS_QUERIES if trained_on_queries else DEFAULT

"""People find their photos: the query language, rankers, the index and its page."""

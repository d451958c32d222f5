"""Search: an index of photos, the language of queries, rankers, and the page that shows them."""

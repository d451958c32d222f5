"""A shallow grammar and word lists for English captions; every list is written by hand, none is counted on data."""

"""Ways to check written texts: one file per verifier."""

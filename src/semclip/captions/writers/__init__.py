"""Ways to write captions: one file per writer."""

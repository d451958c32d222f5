"""Public benchmarks, each read unchanged from its official annotation files: one file per benchmark."""

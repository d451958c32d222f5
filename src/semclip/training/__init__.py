"""The loop, its checkpoints and guards, and comparisons on equal terms."""

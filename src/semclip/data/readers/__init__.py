"""File formats of caption data: one file per format."""

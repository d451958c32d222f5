"""Dual encoders: loading, text passes, freezing, saving."""

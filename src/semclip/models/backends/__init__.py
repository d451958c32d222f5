"""Backends: where the networks of a dual encoder come from, one file each."""

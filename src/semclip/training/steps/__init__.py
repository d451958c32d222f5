"""Data steps: what a method does to its data before or during training, one file each."""

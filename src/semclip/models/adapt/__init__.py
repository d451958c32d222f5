"""Which parameters train: frozen parts, the last blocks of a tower, LoRA; and their number in each group."""

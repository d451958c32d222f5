"""What a model can do, measured: one file per benchmark."""

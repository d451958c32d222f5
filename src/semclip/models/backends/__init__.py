"""Where a dual encoder's networks come from: one file per backend."""

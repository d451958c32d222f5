"""A synthetic world whose truth is known: rendered scenes with true and false texts of every view."""

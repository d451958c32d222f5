"""Word lists, and what reads them."""

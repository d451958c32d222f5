"""Reading, checking, splitting and batching caption data; the synthetic scenes world."""

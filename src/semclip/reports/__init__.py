"""From result files to a page a newcomer understands. No torch."""

"""What a system does to its data before and while it trains: one file per step."""

"""Finding photos by what they show and what they must not show."""

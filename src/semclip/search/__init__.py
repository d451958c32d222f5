"""Search: photos by what they show and what they do not."""

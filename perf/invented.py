"""Invented captions: the words that all measurements draw them from."""

WORDS = ("red", "blue", "large", "small", "circle", "square", "star", "left", "above", "a", "the", "of", "and", "no")

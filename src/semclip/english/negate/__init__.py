"""Rules that make a caption false: each is an entry of `edits.RULES` with its guard and its example."""

from semclip.english.negate import affirmed, denied, replaced, sentence, swapped

__all__ = ["affirmed", "denied", "replaced", "sentence", "swapped"]

"""Rules that make a caption false: each is an entry of `edits.RULES` with its guard and its example."""

from semclip.english.negate import affirmed, contrasted, denied, replaced, sentence, swapped

__all__ = ["affirmed", "contrasted", "denied", "replaced", "sentence", "swapped"]

"""Paraphrases of captions by rules: the same meaning in another order and other words."""

from semclip.english.paraphrase.write import Paraphrase, paraphrase

__all__ = ["Paraphrase", "paraphrase"]

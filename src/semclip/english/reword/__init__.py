"""Other wordings of a caption that mean the same."""

from semclip.english.reword.write import Paraphrase, paraphrase

__all__ = ["Paraphrase", "paraphrase"]

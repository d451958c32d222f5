"""Texts to token ids with open_clip's byte-pair vocabulary, which ships with open_clip."""

from collections.abc import Mapping, Sequence
from typing import Any

from open_clip.tokenizer import SimpleTokenizer
from torch import Tensor

#: Characters beyond which a text is shortened before tokenising. Byte-pair merging of one endless word takes time
#: quadratic in its length, and no text this long survives the cut to the context length anyway.
LONGEST_TEXT = 10_000
#: Characters kept of one word in such a text.
LONGEST_WORD = 1_000


class Tokenizer:
    """Texts -> (B, L) int64: start, tokens, end, then zeros; cut to L, with end-of-text as the last token."""

    def __init__(self, context_length: int, settings: Mapping[str, Any] | None = None) -> None:
        self.context_length = context_length
        self._bpe = SimpleTokenizer(context_length=context_length, **(settings or {}))
        #: Ids that carry no content: padding, start, end.
        self.special_ids: tuple[int, ...] = (0, *self._bpe.all_special_ids)

    def __call__(self, texts: Sequence[str]) -> Tensor:
        return self._bpe([self._shortened(text) for text in texts])

    def truncated(self, texts: Sequence[str]) -> list[bool]:
        """For each text, whether the cut to the context length loses tokens."""
        room = self.context_length - 2  # start and end
        return [len(text) > LONGEST_TEXT or len(self._bpe.encode(text)) > room for text in texts]

    def _shortened(self, text: str) -> str:
        if len(text) <= LONGEST_TEXT:
            return text
        # Every word gives at least one token, so no word after the first `context_length` can be kept.
        words = text[: LONGEST_TEXT * 10].split(maxsplit=self.context_length)[: self.context_length]
        return " ".join(word[:LONGEST_WORD] for word in words)

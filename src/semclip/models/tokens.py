"""Texts to token ids: with open_clip's byte-pair vocabulary, which ships with it, or with one of transformers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from open_clip.tokenizer import SimpleTokenizer
from torch import Tensor

from semclip.models.hf import loading, transformers_library
from semclip.models.pretrained import find_on_hub

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

    def vocabulary(self) -> dict[str, int]:
        """Token -> id where models differ in it; empty for the one vocabulary that ships with open_clip."""
        return {}

    @property
    def byte_pairs(self) -> SimpleTokenizer:
        """open_clip's own: its vocabulary (`encoder`) and its merges (`bpe_ranks`)."""
        return self._bpe

    def save(self, folder: Path) -> None:
        """Write the vocabulary into a saved model's folder; open_clip's needs no file."""

    def _shortened(self, text: str) -> str:
        if len(text) <= LONGEST_TEXT:
            return text
        # Every word gives at least one token, so no word after the first `context_length` can be kept.
        words = text[: LONGEST_TEXT * 10].split(maxsplit=self.context_length)[: self.context_length]
        return " ".join(word[:LONGEST_WORD] for word in words)


class LibraryTokenizer:
    """The same with a tokenizer of transformers, as open_clip reads it: padded to L with the tokenizer's own padding.

    source: an id or a folder. Raises UserError where it cannot be read.
    """

    def __init__(self, source: str, context_length: int, settings: Mapping[str, Any] | None, where: str) -> None:
        transformers_library(where)
        find_on_hub(source, where)
        from open_clip.tokenizer import HFTokenizer

        with loading(f"the tokenizer '{source}' cannot be read", where):
            self._tokenizer = HFTokenizer(source, context_length=context_length, **(settings or {}))
        self.context_length = context_length
        self.words: Any = self._tokenizer.tokenizer
        self.special_ids: tuple[int, ...] = tuple(sorted(set(self.words.all_special_ids)))

    def __call__(self, texts: Sequence[str]) -> Tensor:
        return self._tokenizer(list(texts)).long()

    def truncated(self, texts: Sequence[str]) -> list[bool]:
        whole = self.words([self._tokenizer.clean_fn(text) for text in texts], truncation=False, verbose=False)
        return [len(ids) > self.context_length for ids in whole["input_ids"]]

    def vocabulary(self) -> dict[str, int]:
        return dict(self.words.get_vocab())

    def save(self, folder: Path) -> None:
        self.words.save_pretrained(folder)

"""A caption's text as tokens, and tokens as a text with the caption's own capitals, spaces and final stop."""

import re

from semclip.english.inflection import article_of
from semclip.english.paraphrase import grammar as g

_TOKEN = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*|'s\b|\S")
_QUOTED = re.compile(r'["“]([^"“”]{1,60})["”]')
_NATIONS = ("asian", "african", "american", "african-american", "chinese", "indian", "japanese", "german")


class Surface:
    """tokens: lower-case words and marks without the final stop; what stands in quotation marks is one token.

    understood: whether the caption is one sentence without marks other than commas.
    """

    def __init__(self, text: str) -> None:
        self._restored: dict[str, str] = {}
        self.text = text
        tokens = _TOKEN.findall(_QUOTED.sub(self._hide, text))
        while tokens and tokens[-1] in (".", "!"):
            tokens.pop()
        self.tokens = [token.lower() for token in tokens]
        self.understood = all(token[0].isalnum() or token in (",", "'s") for token in tokens)
        # A word that the caption also has in small letters ("People in shirts with an In Pride sign") keeps none.
        self._names = {
            token.lower(): token for token in tokens[1:] if token != token.lower() and token.lower() not in tokens
        }
        if tokens and self._starts_with_a_name(tokens):
            self._names[self.tokens[0]] = tokens[0]
        self._spaced = " ." in text or " ," in text
        self._capital = text.lstrip()[:1].isupper()
        end = text.rstrip()[-1:]
        self._end = ("" if end not in (".", "!") else f" {end}") if self._spaced else end * (end in (".", "!"))

    def _hide(self, match: re.Match[str]) -> str:
        token = f"quoted{len(self._restored)}"
        self._restored[token] = match.group(0)
        return f" {token} "

    def _starts_with_a_name(self, tokens: list[str]) -> bool:
        """Santa Claus; an Asian woman. Any other capital at the start is the sentence's."""
        second_too = tokens[1:2] and tokens[1] in self._names.values() and tokens[0] != self.tokens[0]
        return self.tokens[0] in _NATIONS or bool(second_too and self.tokens[0] not in g.DETERMINERS)

    def words(self, tokens: list[str]) -> list[str]:
        """The words of the text that tokens give, lower-case, as `change.words_of` counts them."""
        found = ["s" if token == "'s" else token for token in tokens if token != ","]
        if not self._restored:
            return found
        from_quotes = {token: _WORD.findall(text.lower()) for token, text in self._restored.items()}
        return [word for token in found for word in from_quotes.get(token, [token])]

    def write(self, tokens: list[str]) -> str:
        """The text of tokens: articles mended, capitals, spaces and the final stop as the caption has them."""
        out: list[str] = []
        for i, token in enumerate(tokens):
            if token in ("a", "an") and i + 1 < len(tokens):
                token = article_of(self._shown(tokens[i + 1]).strip('"“ '))
            if out and (self._spaced or token not in (",", "'s")):
                out.append(" ")
            out.append(self._shown(token))
        text = "".join(out)
        return (text[0].upper() + text[1:] if self._capital else text) + self._end

    def _shown(self, token: str) -> str:
        return self._restored.get(token) or self._names.get(token, token)


_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")

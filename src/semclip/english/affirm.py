"""A caption that denies something made affirmative: a man without a hat -> a man with a hat; is not -> is."""

from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.caption import Caption
from semclip.english.edits import Edit
from semclip.english.inflection import article_of, third_form, words
from semclip.english.siblings import Siblings

_DETERMINERS = words("a an his her its their the")
_BACK = {"is": "is", "are": "are", "isn't": "is", "aren't": "are"}


def negation_removed(caption: Caption, siblings: Siblings) -> Iterator[Edit]:
    """What the caption denies affirmed; only where it denies one thing, once."""
    tokens = caption.words
    places = [i for i, word in enumerate(tokens) if word in lexicon.NEGATION_WORDS or word.endswith(("n't", "n’t"))]
    if len(places) != 1:
        return
    place = places[0]
    word, before, after = tokens[place], caption.word(place - 1), caption.word(place + 1)
    start, end, new = place, place + 1, ""
    if word == "without" and (after in _DETERMINERS or _is_plain(after)):
        new = "with" if after in _DETERMINERS else f"with {_some(after)}"
        end = place + 1 if after in _DETERMINERS else place + 2
    elif word == "without" and after == "any" and _is_plain(caption.word(place + 2)):
        new, end = f"with {_some(caption.word(place + 2))}", place + 3
    elif word == "no" and before in ("with", "has", "have", "is", "are", "wearing") and _is_plain(after):
        new, end = _some(after), place + 2
    elif word == "not" and before in _BACK:
        start, new = place - 1, before
    elif word in _BACK:
        new = _BACK[word]
    elif word == "not" and before in ("does", "do") and after in lexicon.BASE_FORMS:
        start, end, new = place - 1, place + 2, third_form(after) if before == "does" else after
    if new:
        yield Edit(caption.replace(start, end, new), "negation_removed", place, (word, new))


def _is_plain(noun: str) -> bool:
    return noun in lexicon.NOUNS and noun not in lexicon.ADJECTIVES


def _some(noun: str) -> str:
    plural = lexicon.NOUNS[noun][1] or noun in lexicon.UNCOUNTED
    return noun if plural else f"{article_of(noun)} {noun}"

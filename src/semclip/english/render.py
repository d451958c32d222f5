"""Words put together to a caption again: spaces, capitals and articles as the caption had them."""

import re
from collections.abc import Sequence

from semclip.english.inflection import article_of, known_as
from semclip.english.parse.tree import Tree, style_of
from semclip.english.words.load import listed

_CLOSE = (",", ".", "!", "?", ";", ":", "'s", "n't", ")", "'", "’s", "n’t", "%", "/", "-")


def render(tree: Tree, items: Sequence[int | str], tail: bool = True) -> str:
    """The text of old words (indices) and new ones; `a` and `an` follow the word behind them.

    New words take the style of the caption: small, Every Word, or ALL CAPS. tail: whether the caption's tail is put on.
    """
    upper, title = tree.style
    words: list[tuple[str, int]] = []  # (text, index or -1)
    for item in items:
        if isinstance(item, int):
            at_start = not words or words[-1][0] in (":", ".")
            words.append((moved(tree, item, at_start, title=title or upper), item))
        else:
            words += [(_styled(word, upper, title), -1) for word in item.split()]
    if words and not words[0][0][:1].isupper() and not tree[0].text[:1].islower():
        words[0] = (words[0][0][:1].upper() + words[0][0][1:], words[0][1])
    loose = tree.is_loose
    text = ""
    for place, (word, index) in enumerate(words):
        following = words[place + 1] if place + 1 < len(words) else ("", -1)
        changed = not (0 <= index == following[1] - 1)
        if word.lower() in ("a", "an") and following[0] and changed:
            word = _styled_like(article_of(following[0]), word, upper)
        text += word
        if following[0] and _spaced(tree, index, following, changed, loose):
            text += " "
    behind = tree.tail if tail else ""
    return text + (behind[1:] if text.endswith(".") and behind.startswith(".") else behind)  # in Calif.


def _spaced(tree: Tree, index: int, following: tuple[str, int], changed: bool, loose: bool) -> bool:
    """Whether a space stands before the word that follows."""
    if not changed or (index >= 0 and tree[index].text == "/"):
        return tree[index].space
    if following[1] > 0 and following[0] not in (",", ".") and (following[0].lower() in _CLOSE or following[0] in "/"):
        return tree[following[1] - 1].space
    if following[0] in (",", ".", ":", ";"):
        return loose
    if index >= 0 and tree[index].text in ("/", "-"):
        return tree[index].space
    return True


def styled(text: str, beside: str) -> str:
    """Words in the style of the caption that they stand beside: small, Every Word, or ALL CAPS."""
    upper, title = style_of(beside.split())
    if upper:
        return text.upper()
    return capitalised(text) if title else text


def capitalised(text: str) -> str:
    """Every word with a capital letter, fields of a form such as {end} left alone."""
    return re.sub(r"(?<![\w'’{])\w", lambda match: match[0].upper(), text)


def _styled(word: str, upper: bool, title: bool) -> str:
    if upper:
        return word.upper()
    return word[:1].upper() + word[1:] if title else word


def moved(tree: Tree, index: int, at_start: bool = False, title: bool = False) -> str:
    """An old word, small where only its place at the start gave it a capital."""
    token = tree[index]
    if index or at_start or title or token.text == "I" or token.text[1:2].isupper() or token.lower in _CAPITAL:
        return token.text
    if token.lower in ("a", "an", "the"):
        return token.lower
    if token.tag == "NN" and tree.tag(1).startswith("NNP"):
        return token.text  # Mayor Ines Calder
    if token.tag in ("NNP", "NNPS") and not (known_as(token.lower) and tree.tag(1) not in ("NNP", "NNPS")):
        return token.text  # a name, and not a word that its capital was mistaken for one
    if len(tree) > 1 and tree[1].text[:1].isupper() and not known_as(token.lower) and len(token.text) > 2:
        return token.text
    return token.text[:1].lower() + token.text[1:]


#: Words that always have a capital, and are no names.
_CAPITAL = listed("capital")


def _styled_like(article: str, written: str, upper: bool) -> str:
    if upper:
        return article.upper()
    return article.capitalize() if written[:1].isupper() else article

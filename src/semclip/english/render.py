"""Words put together to a caption again: spaces, capitals and articles as the caption had them."""

import re
from collections.abc import Sequence
from itertools import pairwise

from semclip.english.inflection import article_of, known_as, words
from semclip.english.parse.tree import Tree, style_of
from semclip.english.words.load import listed

_SMALL = words("a an the and or but nor not no of in on at by to for with without rather than")
#: So many new words are a sentence of their own, and no part of a title.
_LONG = 5
_CLOSE = (",", ".", "!", "?", ";", ":", "'s", "n't", ")", "'", "’s", "n’t", "%", "/", "-")


def render(tree: Tree, items: Sequence[int | str], tail: bool = True) -> str:
    """The text of old words (indices) and new ones; `a` and `an` follow the word behind them.

    New words take the style of the caption: small, Every Word of a title but small ones, or ALL CAPS. tail: whether the
    caption's tail is put on.
    """
    upper, title = tree.style
    words: list[tuple[str, int]] = []  # (text, index or -1)
    for item in items:
        if isinstance(item, str):
            new = item.split()
            words += [(_styled(word, upper, title and len(new) < _LONG), -1) for word in new]
        elif item:
            words.append((tree[item].text, item))
        else:
            words.append((moved(tree, 0, not words or words[-1][0] in (":", "."), title or upper), 0))
    if words and not tree[0].text[:1].islower():
        words[0] = (words[0][0][:1].upper() + words[0][0][1:], words[0][1])
    text = ""
    for (word, index), (following, behind) in pairwise([*words, ("", -1)]):
        if 0 <= index == behind - 1:
            text += word + " " * tree[index].space
            continue
        if following and word.lower() in ("a", "an"):
            article = article_of(following)
            word = article.upper() if upper else article.capitalize() if word[0].isupper() else article
        text += word + " " * (following != "" and _spaced(tree, index, following, behind))
    end = tree.tail if tail else ""
    return text + (end[1:] if text.endswith(".") and end.startswith(".") else end)  # in Calif.


def _spaced(tree: Tree, index: int, following: str, behind: int) -> bool:
    """Whether a space stands between words that stood apart."""
    if index >= 0 and tree[index].text == "/":
        return tree[index].space
    if following in (",", "."):
        return tree.is_loose
    if behind > 0 and following.lower() in _CLOSE:
        return tree[behind - 1].space
    if following in (":", ";"):
        return tree.is_loose
    return index < 0 or tree[index].text != "-" or tree[index].space


def styled(text: str, beside: str) -> str:
    """A clause in the style of the caption that it stands beside: small, or ALL CAPS."""
    return text.upper() if style_of(beside.split())[0] else text


def capitalised(text: str) -> str:
    """Every word with a capital letter, fields of a form such as {end} left alone."""
    return re.sub(r"(?<![\w'’{])\w", lambda match: match[0].upper(), text)


def _styled(word: str, upper: bool, title: bool) -> str:
    if upper:
        return word.upper()
    return word[:1].upper() + word[1:] if title and word not in _SMALL else word


def moved(tree: Tree, index: int, at_start: bool = False, title: bool = False) -> str:
    """An old word, small where only its place at the start gave it a capital."""
    text, word, second = tree[index].text, tree.words[index], tree.tag(1)
    if index or at_start or title or text == "I" or text[1:2].isupper() or word in _CAPITAL:
        return text
    if word in ("a", "an", "the"):
        return word
    if tree.tag(index) == "NN" and second[:3] == "NNP":
        return text  # Mayor Ines Calder
    if tree.tag(index)[:3] == "NNP" and (second[:3] == "NNP" or not known_as(word)):
        return text  # a name, and not a word that its capital was mistaken for one
    if len(tree) > 1 and tree[1].text[:1].isupper() and not known_as(word) and len(text) > 2:
        return text
    return text[:1].lower() + text[1:]


#: Words that always have a capital, and are no names.
_CAPITAL = listed("capital")

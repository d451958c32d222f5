"""Another figure in the place of one written in digits: an age, a measure, a price, a day, a year, a place in a row.

Product names, museums and news agencies tell what a photo cannot show; such captions often hold nothing else of which
a contrary is known.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from semclip.english.inflection import words
from semclip.english.parse.tree import Tree
from semclip.english.words.load import listed

#: A currency, the figure, its fractions, and what else stands in one word with it: $ 1,299 .00, 30 ml, 19 th, 2 -1.
_FIGURE = re.compile(r"([$£€¥]?)([1-9]\d{0,2}(?:,\d{3})+|[1-9]\d*)((?:[.:]\d+)*)(\D*|[-–]\d+)")
_MARKS = "()[]\"'“”‘’,;:!"
_UNITS = listed("units") | {"%", "percent", "metres", "meters", "miles", "feet"}
_MONTHS = listed("months") | {f"{month[:cut]}." for month in listed("months") for cut in (3, 4)}  # Aug., Sept.
#: Behind these a figure is a name, and in such words: No. 3, model 40, 3D, 4K, 24/7, 2nd-hand.
_NAMED_BY = words("no no. # model ref code item id sku")
_NAME = re.compile(r"[dkghpx]|.*/.*|(?:st|nd|rd|th)-.*", re.IGNORECASE)
_ORDINAL = re.compile(r"st|nd|rd|th", re.IGNORECASE)
_ABOUT = words("about around circa ca c approximately")
_DAYS = 28  # that every month has
_YEARS = range(1500, 2100)


class Figure(NamedTuple):
    """Words start..end-1 and what may take their place. pair: the figures. at: where one is set against the other."""

    start: int
    end: int
    new: str
    pair: tuple[str, str]
    at: int


def figures(tree: Tree) -> Iterator[Figure]:
    """Every figure of a caption with others that it is not: higher ones where it counts, of years earlier ones."""
    start = 0
    while start < len(tree):
        end = _end_of_word(tree, start)
        first, last = start, end
        while first < last and tree[first].text in _MARKS:
            first += 1
        while first < last and tree[last - 1].text in _MARKS:
            last -= 1
        start = end
        if first < last and (match := _FIGURE.fullmatch(tree.text_of(first, last))) and _is_figure(tree, first, match):
            last += tree.lower(last) in _UNITS and end == last
            text = tree.text_of(first, last)
            for new in _others(tree, first, last, match):
                told = text.replace(match[2], new, 1) if not _ORDINAL.fullmatch(match[4]) else new
                yield Figure(first, last, told, (match[2], new), _behind(tree, first, last))


def ordinals(tree: Tree) -> Iterator[Figure]:
    """The same of ordinals in letters: the third month -> the fourth month."""
    for place, token in enumerate(tree):
        if token.lower not in _ORDINALS or tree.tag(place) not in ("JJ", "RB") or not tree.is_noun(token.head):
            continue
        if token.head <= place or tree[token.head].lemma in _NO_ORDINAL or tree.lower(place + 1) in ("-", "and", "to"):
            continue
        if token.text[0].isupper() and not any(tree.style):
            continue  # First Street
        at = _ORDINALS.index(token.lower)
        for new in _ORDINALS[max(0, at - 1) : at] + _ORDINALS[at + 1 : at + 3]:
            yield Figure(place, place + 1, new, (token.lower, new), place + 1)


_ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
#: First aid, third person, the first time; there is no third half.
_NO_ORDINAL = listed("no ordinal")


def _end_of_word(tree: Tree, start: int) -> int:
    """Behind the words that no space cuts apart: 2 - 1, $ 20, 30 ml."""
    end = start + 1
    while end < len(tree) and not tree[end - 1].space:
        end += 1
    return end


def _is_figure(tree: Tree, start: int, match: re.Match[str]) -> bool:
    """Whether it is no name, no range (3-5), and written once."""
    if match[4][:1] in ("-", "–") and match[4][1:].isdigit() and int(match[4][1:]) >= int(match[2].replace(",", "")):
        return False
    before = [tree.lower(start - 1), tree.lower(start - 2) if tree.lower(start - 1) == "." else ""]
    return _NAMED_BY.isdisjoint(before) and not _NAME.fullmatch(match[4]) and tree.words.count(tree.lower(start)) == 1


def _others(tree: Tree, start: int, end: int, match: re.Match[str]) -> Iterator[str]:
    number, behind = int(match[2].replace(",", "")), match[4].lower()
    beside = {tree.lower(start - 1), tree.lower(end)}
    before = tree.lower(start - 1 - (tree.lower(start - 1) == ".")).rstrip(".")
    grouped = "," in match[2]
    if _ORDINAL.fullmatch(behind):
        yield from (_ordinal(number - less) for less in (1, 2, 3) if number > less)
    elif not grouped and not match[3] and (behind == "s" or (number in _YEARS and not behind)):
        step = 10 if behind else 20 if before in _ABOUT else 1
        yield from (str(number - step * less) for less in (1, 2, 3) if number > step * less)
    elif beside & _MONTHS and number <= 31:
        yield from (str((number + more - 1) % _DAYS + 1) for more in (1, 2, 3, 7))
    else:
        digits = len(str(number))
        step = 1 if number <= 20 else 5 if digits == 2 else 10 ** (digits - 1)
        most = 100 if tree.text_of(start, end).endswith(("%", "percent")) else float("inf")
        others = (number + step * more for more in (1, 2, 3, 4))
        yield from (f"{other:,}" if grouped else str(other) for other in others if other <= most)


def _ordinal(number: int) -> str:
    tens, ones = divmod(number % 100, 10)
    return f"{number}{'th' if tens == 1 else {1: 'st', 2: 'nd', 3: 'rd'}.get(ones, 'th')}"


def _behind(tree: Tree, start: int, end: int) -> int:
    """Behind what is counted, where nothing else belongs to it: 12 chairs, not 13."""
    noun = tree[end - 1].head
    near = end <= noun <= end + 1 and tree.is_noun(noun) and not tree.is_noun(noun + 1)
    return noun + 1 if near and tree[end - 1].label == "nummod" and end == start + 1 else end

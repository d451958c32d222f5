"""Another figure in the place of one written in digits: an age, a measure, a price, a day, a year, a place in a row.

Product names, museums and news agencies tell what a photo cannot show; such captions often hold nothing else of which
a contrary is known.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from semclip.english.inflection import words
from semclip.english.parse.tree import NOUNS, Tree
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
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_NUMBERED = frozenset(_ORDINALS)
#: First aid, third person, the first time; there is no third half.
_NO_ORDINAL = listed("no ordinal")


class Rival(NamedTuple):
    """Words start..end-1, and `new`, which excludes them. at: where one is set against the other.

    of: what both are said of. as_said: how either is written behind "not": a dog, the sand. far: few would expect it.
    """

    start: int
    end: int
    new: str
    pair: tuple[str, str]
    at: int
    of: str = ""
    as_said: Callable[[str], str] = str
    far: bool = False


def figures(tree: Tree) -> Iterator[Rival]:
    """Every figure of a caption with others that it is not: higher ones where it counts, of years earlier ones."""
    for start, end in _words(tree) if _FIGURE.search(tree.text) else ():
        match = _FIGURE.fullmatch(tree.text_of(start, end))
        if match and _is_figure(tree, start, match):
            end += tree.lower(end) in _UNITS
            text = tree.text_of(start, end)
            for new in _others(tree, start, end, match):
                told = new if _ORDINAL.fullmatch(match[4]) else text.replace(match[2], new, 1)
                if told.lower() in tree.words:
                    continue  # sizes 2T 3T 4T
                yield Rival(start, end, told, (match[2], new), _behind(tree, start, end), far=True)


def _words(tree: Tree) -> Iterator[tuple[int, int]]:
    """(start, end) of what no space cuts apart, without marks around it: 2 - 1, $ 20, 30 ml."""
    start = 0
    for end in range(1, len(tree) + 1):
        if end == len(tree) or tree[end - 1].space:
            if inside := [i for i in range(start, end) if tree[i].text not in _MARKS]:
                yield inside[0], inside[-1] + 1
            start = end


def ordinals(tree: Tree) -> Iterator[Rival]:
    """The same of ordinals in letters: the third month -> the fourth month."""
    for place, token in enumerate(tree) if not _NUMBERED.isdisjoint(tree.words) else ():
        noun, named = tree[token.head], token.text[0].isupper() and not any(tree.style)  # First Street
        if token.lower in _ORDINALS and token.tag in ("JJ", "RB") and noun.tag in NOUNS and not named:
            at = _ORDINALS.index(token.lower)
            for new in (*_ORDINALS[max(0, at - 1) : at], *_ORDINALS[at + 1 : at + 3]):
                if noun.lemma not in _NO_ORDINAL:
                    yield Rival(place, place + 1, new, (token.lower, new), place + 1)


def _is_figure(tree: Tree, start: int, match: re.Match[str]) -> bool:
    """Whether it is no name, no range (3-5), and written once."""
    number, behind = match[2].replace(",", ""), match[4][1:] if match[4][:1] in ("-", "–") else ""
    if behind.isdigit() and (int(behind) >= int(number) or len(number) == 4):
        return False  # 1785-90
    before = [tree.lower(start - 1), tree.lower(start - 2) if tree.lower(start - 1) == "." else ""]
    return _NAMED_BY.isdisjoint(before) and not _NAME.fullmatch(match[4]) and tree.words.count(tree.lower(start)) == 1


def _others(tree: Tree, start: int, end: int, match: re.Match[str]) -> Iterator[str]:
    number, behind = int(match[2].replace(",", "")), match[4].lower()
    before = tree.lower(start - 1 - (tree.lower(start - 1) == ".")).rstrip(".")
    if _ORDINAL.fullmatch(behind):
        yield from (_ordinal(number - less) for less in (1, 2, 3) if number > less)
    elif match[0].lower().removesuffix("s").isdigit() and (behind or number in _YEARS):
        step = 10 if behind else 20 if before in _ABOUT else 1
        yield from (str(number - step * less) for less in (1, 2, 3) if number > step * less)
    elif tree.lower(start - 1) in _MONTHS or tree.lower(end) in _MONTHS:
        yield from (str((number + more - 1) % _DAYS + 1) for more in (1, 2, 3, 7))
    else:
        digits = len(str(number))
        step = 1 if number <= 20 else 5 if digits == 2 else 10 ** (digits - 1)
        most = 100 if tree.text_of(start, end).endswith(("%", "percent")) else float("inf")
        others = (number + step * more for more in (1, 2, 3, 4))
        yield from (f"{other:,}" if "," in match[2] else str(other) for other in others if other <= most)


def _ordinal(number: int) -> str:
    tens, ones = divmod(number % 100, 10)
    return f"{number}{'th' if tens == 1 else {1: 'st', 2: 'nd', 3: 'rd'}.get(ones, 'th')}"


def _behind(tree: Tree, start: int, end: int) -> int:
    """Behind what is counted, where nothing else belongs to it: 12 chairs, not 13."""
    noun = tree[end - 1].head
    near = end <= noun <= end + 1 and tree.is_noun(noun) and not tree.is_noun(noun + 1)
    text = tree.text_of(start, end)
    counted = tree[end - 1].label == "nummod" and text[-1].isdigit()  # no 8th row
    year = text.isdigit() and int(text) in _YEARS  # the 2018, not 2016, prize
    return noun + 1 if near and counted and not year and end == start + 1 else end

"""A caption's paraphrase: an order is drawn, then words are changed until enough of the caption is."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from semclip.english.change import changed_share_of_words, words_of
from semclip.english.parse.tree import Tree
from semclip.english.render import render
from semclip.english.reword.changes import changes
from semclip.english.reword.doubts import is_file, may_be_named
from semclip.english.reword.frames import framed, framed_title
from semclip.english.reword.orders import Order, orders
from semclip.english.reword.parts import Form, Items, parts_of
from semclip.english.reword.synonyms import Swap, synonyms
from semclip.english.siblings import Siblings

#: The share of words that a paraphrase must change, at least (`changed_share_of_words`).
LEAST = 1 / 3
#: How often a swap that may be made is.
_SWAPPED = 0.98


@dataclass(frozen=True, slots=True)
class Paraphrase:
    """kind: what was done, joined by "+"; refused: why there is none, "" where there is one."""

    text: str = ""
    kind: str = ""
    refused: str = ""


def paraphrase(tree: Tree, siblings: Siblings, family: str, draw: random.Random) -> Paraphrase:
    """Another wording of a caption, at least a third of whose words or their order is changed.

    family: "A" for training, "B" for test: they share the grammar, but no frame and no pair of synonyms.
    draw: equal draws give equal texts; only its `random()` is used.
    """
    if is_file(tree):
        return Paraphrase(refused="it is the name of a file")
    named, before = may_be_named(tree), words_of(tree.text)
    swaps = [*synonyms(tree, siblings, family), *changes(tree)]
    last = Paraphrase(refused="no safe rewording changes a third of it")  # a frame alone, where nothing else is found
    for order in _orders(tree, family, draw):
        kinds, done = order.kind.split("+") if order.kind else [], list[Swap]()
        if named and order.items[0] != 0 and not str(order.items[0]).endswith((":", ".")):
            continue
        for swap in sorted(swaps, key=lambda swap: (swap.kind != "synonym", draw.random())):
            fits = _fits(tree, order.items, kinds, swap) and not any(_collide(swap, other) for other in done)
            if fits and draw.random() < _SWAPPED:
                done.append(swap)
        alone = kinds == ["frame"] and not done
        if alone and last.text:
            continue
        text = render(tree, _with(order.items, done))
        said = words_of(text)
        if tuple(said) not in siblings.as_words and changed_share_of_words(before, said) >= LEAST:
            found = Paraphrase(text, "+".join([*kinds, *dict.fromkeys(swap.kind for swap in done)]))
            if not alone:
                return found
            last = found
    return last


def _orders(tree: Tree, family: str, draw: random.Random) -> Iterator[Order]:
    """In an order drawn by weight (Efraimidis and Spirakis 2006), frames behind all others, the caption's own last."""
    parts = parts_of(tree)
    found = orders(tree, parts)
    yield from _drawn(found, draw)
    yield from _drawn(list(framed(tree, parts, family, found)), draw)
    yield from _drawn(list(framed_title(tree, family)), draw)
    yield Order("", list(range(len(tree))))


def _drawn(found: list[Order], draw: random.Random) -> list[Order]:
    # What adds few words tells less by its words alone: "there", "who", "can be seen" are rare in captions.
    weights = [
        order.weight / (1 + sum(len(i.split()) for i in order.items if isinstance(i, str))) ** 2 for order in found
    ]
    keys = sorted(((math.log(1 - draw.random()) / weight, i) for i, weight in enumerate(weights)), reverse=True)
    return [found[i] for _, i in keys]


def _collide(one: Swap, other: Swap) -> bool:
    """Whether two swaps change the same words, or would pile up relative clauses."""
    return (one.start < other.end and other.start < one.end) or one.kind == other.kind == "relative"


def _at(items: Items, place: int) -> int | None:
    """Where a word of the caption stands among the items, in whatever form."""
    if place in items:
        return items.index(place)
    return next((at for at, item in enumerate(items) if isinstance(item, Form) and item.place == place), None)


def _fits(tree: Tree, items: Items, kinds: list[str], swap: Swap) -> bool:
    """Whether the words of a swap still stand side by side, and behind the noun that a relative clause is about."""
    at = _at(items, swap.start)
    if at is None or (isinstance(items[at], str) and not swap.verb):
        return False
    if swap.kind == "relative" and ("relative" in kinds or at == 0 or items[at - 1] != swap.start - 1):
        return False
    if swap.kind in ("relative", "wearing") and tree.tag(swap.start) == "IN" and _goes_on(tree, items[at + 1 :]):
        return False
    return items[at + 1 : at + swap.end - swap.start] == list(range(swap.start + 1, swap.end))


def _goes_on(tree: Tree, items: Items) -> bool:
    """Whether a participle is said of who has something: there is a DJ that has headphones playing records."""
    telling = next((item for item in items if isinstance(item, str) or tree.tag(item) in ("VBG", "VBN")), "")
    return isinstance(telling, int | Form)  # not "who is", "can be seen"


def _with(items: Items, swaps: list[Swap]) -> Items:
    found = list(items)
    for swap in swaps:
        at = _at(found, swap.start)
        assert at is not None  # it fits
        item = found[at]
        found[at : at + swap.end - swap.start] = [swap.said(item.tag) if isinstance(item, Form) else swap.new]
    return found

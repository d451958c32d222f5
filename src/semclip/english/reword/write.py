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

#: The share of words that a paraphrase must change, at least (`change.changed_share`).
LEAST = 1 / 3
#: How often a synonym is put in where the order alone changes enough.
_SYNONYM = 0.9


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
    named = may_be_named(tree)
    before, written = _words(tree, list(range(len(tree)))), words_of(tree.text)
    swaps = [*synonyms(tree, siblings, family), *changes(tree)]
    last = Paraphrase(refused="no safe rewording changes a third of it")  # a frame alone, where nothing else is found
    for order in _orders(tree, family, draw):
        items, kinds = order.items, order.kind.split("+") if order.kind else []
        if named and items[0] != 0 and not str(items[0]).endswith((":", ".")):
            continue
        chosen = [
            swap
            for swap in sorted(swaps, key=lambda swap: (swap.kind == "synonym", draw.random()))
            if _fits(items, kinds, swap) and not _leaves_a_verb(tree, items, swap)
        ]
        done: list[Swap] = []
        while not (enough := _share(tree, before, _with(items, done)) >= LEAST) or draw.random() < _SYNONYM:
            if not chosen:
                break
            swap = chosen.pop()
            if not any(_collide(swap, other) for other in done):
                done.append(swap)
        if not enough or (last.text and kinds == ["frame"] and not done):
            continue
        text = render(tree, _with(items, done))
        said = words_of(text)  # "boxer's" is one word, in "boxer 's" are two
        if tuple(said) not in siblings.as_words and changed_share_of_words(written, said) >= LEAST:
            found = Paraphrase(text, "+".join([*kinds, *dict.fromkeys(swap.kind for swap in done)]))
            if kinds != ["frame"] or done:
                return found
            last = found
    return last


def _share(tree: Tree, before: list[str], items: Items) -> float:
    return changed_share_of_words(before, _words(tree, items))


def _words(tree: Tree, items: Items) -> list[str]:
    """The small words of items and of the caption's tail, without marks."""
    of_tree = tree.words
    words = [word for item in items for word in ((of_tree[item],) if isinstance(item, int) else item.split())]
    return [word for word in words if word[0].isalnum()] + tree.tail_words


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


def _leaves_a_verb(tree: Tree, items: Items, swap: Swap) -> bool:
    """Whether a participle would stand behind what somebody has: there is a DJ that has headphones playing records."""
    if swap.kind not in ("relative", "wearing") or tree.tag(swap.start) != "IN":
        return False
    for item in items[(_at(items, swap.start) or 0) + 1 :]:
        if isinstance(item, Form) or (isinstance(item, int) and tree.tag(item) in ("VBG", "VBN")):
            return True
        if isinstance(item, str):  # who is, can be seen
            return False
    return False


def _collide(one: Swap, other: Swap) -> bool:
    """Whether two swaps change the same words, or would pile up relative clauses."""
    return (one.start < other.end and other.start < one.end) or one.kind == other.kind == "relative"


def _at(items: Items, place: int) -> int | None:
    """Where a word of the caption stands among the items, in whatever form."""
    return next((at for at, item in enumerate(items) if item == place or getattr(item, "place", None) == place), None)


def _fits(items: Items, kinds: list[str], swap: Swap) -> bool:
    """Whether the words of a swap still stand side by side, and behind the noun that a relative clause is about."""
    at = _at(items, swap.start)
    if at is None or (isinstance(items[at], str) and not swap.verb):
        return False
    if swap.kind == "in" and at == 0:
        return False  # in sunglasses, a man smokes
    if swap.kind == "relative" and ("relative" in kinds or at == 0 or items[at - 1] != swap.start - 1):
        return False
    return items[at + 1 : at + swap.end - swap.start] == list(range(swap.start + 1, swap.end))


def _with(items: Items, swaps: list[Swap]) -> Items:
    found = list(items)
    for swap in swaps:
        at = _at(found, swap.start)
        assert at is not None  # it fits
        item = found[at]
        found[at : at + swap.end - swap.start] = [swap.said(item.tag) if isinstance(item, Form) else swap.new]
    return found

"""Another order or construction for what a caption says; every function gives what it can and refuses the rest."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from semclip.english import lexicon
from semclip.english.inflection import inflect, words
from semclip.english.parse.tree import FINITE, Token, Tree
from semclip.english.reword.parts import Items, Parts
from semclip.english.reword.places import adjuncts, told_by
from semclip.english.words.load import listed

_POSTURES = listed("postures")
_JOINTS = words("and & with in on at of from including featuring without")
#: With one of these there is more than one thing to tell first.
_JOINING = words(", and as while when")
#: What no title without a verb holds.
_SENTENCE = listed("no title")
_MARKS = ("-", "–", "—", "|", "•", ",")


@dataclass(frozen=True, slots=True)
class Order:
    """The words of a caption in another order. weight: how often it is chosen among others."""

    kind: str
    items: Items
    weight: float = 1.0


def orders(tree: Tree, p: Parts | None) -> list[Order]:
    """All that may be drawn before a frame is."""
    found = [*fronted(tree, p), *list_reordered(tree)]
    if p is not None:
        found += [
            *existential(p),
            *doing_first(p),
            *(progressive(p) if p.stands else ()),
            *(seen(p) if p.stands else ()),
        ]
    return found


def existential(p: Parts) -> Iterator[Order]:
    """There is a dog running; there is a dog that is running."""
    if not p.indefinite or p.participles is None:
        return
    there: Items = ["there", p.there_be, *p.introduced]
    if p.participles_stay:
        yield Order("existential", [*there, *p.participles], 2)
    if p.relative:
        yield Order("existential+relative", [*there, *p.relative], 1)


def progressive(p: Parts) -> Iterator[Order]:
    """A dog runs, a dog running -> a dog is running; a cat on a mat -> a cat is on a mat."""
    if p.verb is None:
        if not p.finite and p.place is not None and p.indefinite:
            yield Order("progressive", [*_before(p, p.place), p.be, *range(p.place, len(p.tree))], 0.7)
    elif p.clause and p.participles and not p.helpers and not (p.tree.tag(p.verb) == "VBN" and p.finite):
        yield Order("progressive", [*p.introduced, p.be, *p.participles], 0.7)


def seen(p: Parts) -> Iterator[Order]:
    """A dog can be seen running; a cat can be seen on a couch."""
    if p.verb is not None:
        if p.participles is not None and (p.finite or (p.tree.tag(p.verb) == "VBG" and not p.may_be_taken)):
            yield Order("seen", [*p.introduced, "can be seen", *p.participles], 0.6)
    elif p.finite:
        yield Order("seen", [*p.np, "can be seen", *p.rest], 0.6)
    elif p.place is not None:
        yield Order("seen", [*_before(p, p.place), "can be seen", *range(p.place, len(p.tree))], 0.6)


def doing_first(p: Parts) -> Iterator[Order]:
    """Climbing up a steep hill is a goat."""
    doing, tree = p.participles, p.tree
    if p.verb is None or doing is None or not p.indefinite or p.joined or len(doing) < 3:
        return
    if tree.tag(p.verb) == "VBN" or tree[p.verb].lemma in ("be", "have") or not _JOINING.isdisjoint(tree.words):
        return
    # wearing a coat standing in a fountain
    if len(doing) < 9 and not p.may_be_taken and not any(tree.is_verb(i) or tree.tag(i)[:3] == "PRP" for i in p.rest):
        yield Order("inverted", [*doing, p.be, *p.introduced], 0.3)


def fronted(tree: Tree, p: Parts | None) -> Iterator[Order]:
    """On a couch, a cat sleeps; on a couch sits a cat; on a couch, there is a cat; with its mouth open, a goat naps.

    The same of a sentence whose parts are not told: a mayor, left, and a guide wave in Rome on Monday.
    """
    if p is None or (p.verb is None and p.finite):
        for start in adjuncts(tree, verb) if (verb := told_by(tree)) is not None else ():
            yield Order("fronted", [*range(start, len(tree)), ",", *range(start - (tree.lower(start - 1) == ","))], 2)
    if p is None:
        return
    verb, prep = p.verb, p.place
    place: Items = list(range(prep, len(tree))) if prep is not None else []
    if verb is None:
        if prep is not None and p.helpers:
            yield Order("inverted", [*place, p.be, *p.np], 1)
        elif prep is not None and p.indefinite and not any(tree.is_verb(i) for i in p.np if i < prep):
            np = _before(p, prep)
            yield Order("fronted+existential", [*place, ",", "there", p.there_be, *np], 1)
            yield Order("inverted", [*place, p.be, *np], 0.7)
            yield Order("fronted+seen", [*place, ",", *np, "can be seen"], 0.7)
        return
    if prep is not None:
        kept: Items = list(range(verb + 1, prep))
        if not p.finite and p.indefinite and tree.tag(verb) in ("VBG", "VBN") and not p.may_be_taken:
            yield Order("fronted+existential", [*place, ",", "there", p.there_be, *p.introduced, verb, *kept], 1.5)
        if tree[verb].lemma in _POSTURES and not kept and not p.joined and tree.tag(verb) != "VBN":
            lemma = {"lay": "lie"}.get(tree[verb].lemma, tree[verb].lemma)
            yield Order("inverted", [*place, inflect(lemma, "VBP" if p.plural else "VBZ"), *p.introduced], 1.5)
    for start in dict.fromkeys([*([prep] if prep is not None else []), *adjuncts(tree, verb, p.joined)]):
        kept = [i for i in p.clause or () if not (isinstance(i, int) and i >= start)]
        if tree.lower(start - 1) == ",":
            kept = kept[:-1]
        elif "," in tree.words[verb:start]:
            continue
        if len(kept) > len(p.helpers) + (not p.helpers and not p.finite):
            yield Order("fronted", [*range(start, len(tree)), ",", *p.introduced, *kept], 2)


def _before(p: Parts, prep: int) -> Items:
    """What it speaks of without the place, and without a comma between them."""
    end = prep - (p.tree.lower(prep - 1) == ",")
    return [item for item in p.introduced if isinstance(item, str) or item < end]


def list_reordered(tree: Tree) -> Iterator[Order]:
    """Beach, sunset, palm trees -> palm trees, sunset, beach; blue bottle - 750 ml -> 750 ml - blue bottle.

    Of titles and lists of keywords, at their widest marks; what is a sentence has no parts that could move.
    """
    if tree.tail.lstrip()[:1] == "." or any(map(_is_of_a_sentence, tree.tokens)):
        return
    mark, at = next(((mark, at) for mark in _MARKS if (at := _marks(tree, mark))), ("", []))
    parts = [list(range(a + 1, b)) for a, b in itertools.pairwise([-1, *at, len(tree)])]
    places = all(tree[i].text[:1].isupper() for part in parts[-2:] for i in part)  # old mill, Saltby, Norfolk
    if mark == "," and (len(parts) < 3 or places or not _JOINTS.isdisjoint(tree.words)):
        return  # "A, B and C", "with A, B": such commas part no keywords
    if mark and all(parts) and {"and", "&", "or", "by"}.isdisjoint(tree.lower(part[0]) for part in parts):
        for turned in (parts[::-1], [parts[-1], *parts[:-1]]):
            items: Items = [item for i, part in enumerate(turned) for item in ([mark] if i else []) + part]
            yield Order("list reordered", items, 1)


def _is_of_a_sentence(token: Token) -> bool:
    verb = token.tag in FINITE or (not token.tag and token.lower in lexicon.THIRD_FORMS - lexicon.NOUNS.keys())
    return verb or token.lower in _SENTENCE or token.text.endswith(":")


def _marks(tree: Tree, mark: str) -> list[int]:
    return [i for i, word in enumerate(tree.words) if word == mark and tree[i].space and i]

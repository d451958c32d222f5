"""Another order or construction for what a caption says; every function gives what it can and refuses the rest."""

from collections.abc import Iterator
from typing import NamedTuple

from semclip.english.parse.tree import Tree
from semclip.english.reword.parts import Items, Parts
from semclip.english.reword.places import adjuncts, told_by


class Order(NamedTuple):
    """The words of a caption in another order. weight: how often it is chosen among others."""

    kind: str
    items: Items
    weight: float = 1.0


def orders(tree: Tree, p: Parts | None) -> list[Order]:
    """All that may be drawn before a frame is."""
    if p is None:
        return list(fronted_end(tree))
    found = [*existential(p), *fronted(p)]
    return [*found, *told(p)] if p.stands else found


def existential(p: Parts) -> Iterator[Order]:
    """There is a dog running; there is a dog that is running."""
    if not p.indefinite or p.participles is None:
        return
    there: Items = ["there", p.there_be, *p.introduced]
    if p.participles_stay:
        yield Order("existential", [*there, *p.participles], 2)
    if p.relative:
        yield Order("existential+relative", [*there, *p.relative], 1)


def told(p: Parts) -> Iterator[Order]:
    """A dog runs, a dog running -> a dog is running, can be seen running; a cat on a mat -> a cat is on a mat."""
    tree, verb = p.tree, p.verb
    if verb is None:
        if p.finite:
            yield Order("seen", [*p.np, "can be seen", *p.rest], 0.6)
        elif p.place is not None:
            place = range(p.place, len(tree))
            yield Order("seen", [*_before(p, p.place), "can be seen", *place], 0.6)
            if p.indefinite:
                yield Order("progressive", [*_before(p, p.place), p.be, *place], 0.7)
    elif p.participles is not None and p.clause:
        done = tree.tag(verb) == "VBN"
        if not p.helpers and not (done and p.finite):
            yield Order("progressive", [*p.introduced, p.be, *p.participles], 0.7)
        if p.finite or not done:
            yield Order("seen", [*p.introduced, "can be seen", *p.participles], 0.6)


def fronted_end(tree: Tree) -> Iterator[Order]:
    """In Rome on Monday, a mayor, left, and a guide wave: of a sentence whose parts are not told."""
    verb = told_by(tree)
    if not {"-", "–", ":"}.isdisjoint(tree.words[:4]):
        return  # FILE - a mayor leaves
    for start in adjuncts(tree, verb) if verb is not None else ():
        yield Order("fronted", [*range(start, len(tree)), ",", *range(start - (tree.lower(start - 1) == ","))], 2)


def fronted(p: Parts) -> Iterator[Order]:
    """On a couch, a cat sleeps; on a couch, there is a cat; with its mouth open, a goat naps."""
    tree, verb, prep = p.tree, p.verb, p.place
    if prep is not None and p.indefinite and not p.finite and not (verb is not None and p.may_be_taken):
        said = _before(p, prep) if verb is None else [*p.introduced, *range(verb, prep)]
        place = [*range(prep, len(tree)), ",", "there", p.there_be]
        yield Order("fronted+existential", [*place, *said], 1.5)
    if verb is None:
        yield from fronted_end(tree) if p.finite else ()
        return
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

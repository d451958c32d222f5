"""Another order or construction for what a caption says; every function gives what it can and refuses the rest."""

from collections.abc import Iterator
from dataclasses import dataclass

from semclip.english.inflection import inflect, words
from semclip.english.parse.tree import Tree
from semclip.english.reword.parts import Items, Parts
from semclip.english.reword.places import adjuncts, told_by
from semclip.english.words.load import listed

_POSTURES = listed("postures")
#: With one of these there is more than one thing to tell first.
_JOINING = words(", and as while when")


@dataclass(frozen=True, slots=True)
class Order:
    """The words of a caption in another order. weight: how often it is chosen among others."""

    kind: str
    items: Items
    weight: float = 1.0


def orders(tree: Tree, p: Parts | None) -> list[Order]:
    """All that may be drawn before a frame is."""
    if p is None:
        return list(fronted_end(tree))
    found = [*existential(p), *doing_first(p), *fronted(p)]
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


def doing_first(p: Parts) -> Iterator[Order]:
    """Climbing up a steep hill is a goat."""
    doing, tree = p.participles, p.tree
    if p.verb is None or doing is None or not p.indefinite or p.may_be_taken or not 2 < len(doing) < 9:
        return
    if tree.tag(p.verb) == "VBN" or tree[p.verb].lemma in ("be", "have") or not _JOINING.isdisjoint(tree.words):
        return
    # wearing a coat standing in a fountain
    if not any(tree.is_verb(i) or tree.tag(i).startswith("PRP") for i in p.rest):
        yield Order("inverted", [*doing, p.be, *p.introduced], 0.3)


def fronted_end(tree: Tree) -> Iterator[Order]:
    """In Rome on Monday, a mayor, left, and a guide wave: of a sentence whose parts are not told."""
    verb = told_by(tree)
    for start in adjuncts(tree, verb) if verb is not None else ():
        yield Order("fronted", [*range(start, len(tree)), ",", *range(start - (tree.lower(start - 1) == ","))], 2)


def fronted(p: Parts) -> Iterator[Order]:
    """On a couch, a cat sleeps; on a couch sits a cat; on a couch, there is a cat; with its mouth open, a goat naps."""
    tree, verb, prep = p.tree, p.verb, p.place
    place: Items = list(range(prep, len(tree))) if prep is not None else []
    if verb is None:
        if p.finite:
            yield from fronted_end(tree)
        if prep is not None and p.finite:
            yield Order("inverted", [*place, p.be, *p.np], 1)
        elif prep is not None and p.indefinite and not any(map(tree.is_verb, range(p.np[0], prep))):
            np = _before(p, prep)
            yield Order("fronted+existential", [*place, ",", "there", p.there_be, *np], 1)
            yield Order("inverted", [*place, p.be, *np], 0.7)
        return
    if prep is not None:
        kept: Items = list(range(verb + 1, prep))
        if not p.finite and p.indefinite and not p.may_be_taken:
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

"""Another order or construction for what a caption says; every function gives what it can and refuses the rest."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from semclip.english import lexicon
from semclip.english.inflection import inflect, words
from semclip.english.negate.denied import depicted_by
from semclip.english.parse.clause import is_being
from semclip.english.parse.tree import FINITE, Tree
from semclip.english.reword.doubts import is_terse
from semclip.english.reword.parts import Items, Parts, be_of
from semclip.english.reword.places import adjuncts, is_place, told_by
from semclip.english.words.load import listed

_POSTURES = listed("postures")
#: Verbs whose object may become the subject.
_TRANSITIVE = listed("passives")
_DAYS = words("monday tuesday wednesday thursday friday saturday sunday")
_JOINTS = words("and & with in on at of from including featuring without")
#: What no title without a verb holds.
_SENTENCE = listed("no title")


@dataclass(frozen=True, slots=True)
class Order:
    """The words of a caption in another order. weight: how often it is chosen among others."""

    kind: str
    items: Items
    weight: float = 1.0


def existential(p: Parts) -> Iterator[Order]:
    """There is a dog running; there is a dog that is running."""
    behind = p.participles
    if not p.indefinite or behind is None:
        return
    there: Items = ["there", p.there_be, *p.introduced]
    if not (p.verb is not None and p.may_be_taken):
        yield Order("existential", [*there, *behind], 2)
    if p.relative:
        yield Order("existential+relative", [*there, *p.relative], 1)


def stated(p: Parts) -> Iterator[Order]:
    """A dog runs, a dog running -> a dog is running; a cat on a mat -> a cat is on a mat."""
    behind, tree, verb = p.participles, p.tree, p.verb
    if verb is None:
        if not p.finite and (prep := p.place) is not None and p.indefinite:
            yield Order("stated", [*_before(p, prep), p.be, *range(prep, len(tree))], 0.7)
    elif behind is None or p.has_something or (tree.tag(verb) == "VBN" and p.finite):
        return
    elif not p.helpers:
        yield Order("progressive", [*p.introduced, p.be, *behind], 0.7)


def seen(p: Parts) -> Iterator[Order]:
    """A dog can be seen running; a cat can be seen on a couch."""
    behind = p.participles
    if p.verb is not None and behind is not None and not p.has_something and (p.finite or p.tree.tag(p.verb) == "VBG"):
        yield Order("seen", [*p.introduced, "can be seen", *behind], 0.6)
    elif p.verb is None and p.finite:
        yield Order("seen", [*p.np, "can be seen", *p.rest], 0.6)
    elif p.verb is None and (prep := p.place) is not None:
        yield Order("seen", [*_before(p, prep), "can be seen", *range(prep, len(p.tree))], 0.6)


def fronted(tree: Tree, p: Parts | None) -> Iterator[Order]:
    """On a couch, a cat sleeps; on a couch sits a cat; on a couch, there is a cat; with its mouth open, a goat naps.

    The same of a sentence whose parts are not told: a mayor, left, and a guide wave in Rome on Monday.
    """
    if p is None or (p.verb is None and p.finite):
        for start in adjuncts(tree, verb) if (verb := told_by(tree)) is not None else ():
            yield Order("fronted", [*range(start, len(tree)), ",", *range(start - (tree.lower(start - 1) == ","))], 2)
    if p is None:
        return
    verb, prep, clause = p.verb, p.place, p.clause
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
        kept = [i for i in clause or () if not (isinstance(i, int) and i >= start)]
        if tree.lower(start - 1) == ",":
            kept = kept[:-1]
        elif "," in tree.words[verb:start]:
            continue
        if len(kept) > len(p.helpers) + (not p.helpers and not p.finite):
            yield Order("fronted", [*range(start, len(tree)), ",", *p.introduced, *kept], 2)


def dated(tree: Tree) -> Iterator[Order]:
    """On Sunday, Nov. 13, 2011, workers carry a desk; of a date behind a sentence."""
    start = next((i for i in range(3, len(tree)) if tree.lower(i - 1) == "," and tree.lower(i) in _DAYS), None)
    if start is None or told_by(tree) is None or any(tree.style):
        return
    if all(tree.tag(i) in ("NNP", "CD", ",") for i in range(start, len(tree))):
        yield Order("fronted", ["on", *range(start, len(tree)), ",", *range(start - 1)], 2)


def _before(p: Parts, prep: int) -> Items:
    return [item for item in p.introduced if isinstance(item, str) or item < prep]


def modifier_first(p: Parts) -> Iterator[Order]:
    """A farmer in a hat milks a goat -> wearing a hat, a farmer milks a goat; a farmer milking a goat wears a hat."""
    tree, start, clause, behind = p.tree, p.modifier, p.clause, p.participles
    if start is None or p.verb is None or clause is None or behind is None or "," in tree.words or p.joined:
        return
    if tree.tag(p.verb) == "VBN" or not {"who", "that", "which"}.isdisjoint(tree.words[: p.verb]):
        return
    core, said = _before(p, start), list(range(start + 1, p.np[-1] + 1))
    with_ = tree.lower(start) == "with"
    doing: Items = [start if with_ or tree.tag(start) == "VBG" else "wearing", *said]
    if not with_ or any(tree.tag(i) == "PRP$" for i in said):
        yield Order("modifier first", [*doing, ",", *core, *clause], 2)
    verbs = any(tree.is_verb(i) for i in (*said, *p.rest))
    if not (p.has_something or is_terse(tree) or verbs) and tree[p.verb].lemma not in ("be", "have"):
        has: Items = ["have" if p.plural else "has", *said] if with_ else [p.be, *doing]
        yield Order("exchanged", [*core, *behind, *has], 2)


def passive(p: Parts) -> Iterator[Order]:
    """A dog chases a ball -> a ball is chased by a dog; only where nothing but a place stands behind them."""
    tree, verb = p.tree, p.verb
    if verb is None or p.joined or tree[verb].lemma not in _TRANSITIVE or tree.tag(verb) == "VBN":
        return
    thing = tree.child(verb, "dobj")
    if thing is None or tree.noun_start(thing) != verb + 1 or not is_being(tree, p.subject):
        return
    end, where = thing + 1, tree.child(thing + 1, "pobj") if thing + 1 < len(tree) else None
    if end < len(tree) and (p.place != end or where is None or not is_place(tree, where) or p.np[-1] != p.subject):
        return
    if tree.tag(verb + 1) in ("PRP$", "PRP") or (not tree.determiner(thing) and tree.tag(thing) == "NN"):
        return
    if tree.child(thing, "conj", "relcl", "acl", "appos") or tree.child(p.subject, "acl", "relcl"):
        return
    being = [be_of(tree.is_plural(thing)), *(["being"] if tree.tag(verb) == "VBG" else [])]
    done = inflect(tree[verb].lemma, "VBN")
    yield Order("passive", [*range(verb + 1, end), *being, done, "by", *p.introduced, *range(end, len(tree))], 1.5)


def active(p: Parts) -> Iterator[Order]:
    """A cake is being cut by a man -> a man is cutting a cake."""
    tree, verb = p.tree, p.verb
    agent = tree.child(verb, "agent") if verb is not None and tree.tag(verb) == "VBN" and not p.joined else None
    doer = tree.child(agent, "pobj") if agent is not None else None
    if verb is None or doer is None or agent != verb + 1 or tree.span(doer)[1] != len(tree) or not is_being(tree, doer):
        return
    doing = inflect(tree[verb].lemma, "VBG")
    yield Order("active", [*range(verb + 2, len(tree)), be_of(tree.is_plural(doer)), doing, *p.np], 2)


def doing_first(p: Parts) -> Iterator[Order]:
    """Climbing up a steep hill is a goat."""
    behind, tree = p.participles, p.tree
    named = tree.tag(p.subject).startswith("NNP") and p.finite
    if p.verb is None or behind is None or not (p.indefinite or named) or p.joined or len(behind) < 3:
        return
    if tree.tag(p.verb) == "VBN" or tree[p.verb].lemma in ("be", "have") or (not named and "," in tree.words):
        return
    if not p.goes_on and not any(tree.tag(i).startswith("PRP") or tree.tag(i) in FINITE for i in p.rest):
        pause = [","] if "," in tree.words[p.verb :] else []
        yield Order("inverted", [*behind, *pause, p.be, *p.introduced], 0.3)


def list_reordered(tree: Tree) -> Iterator[Order]:
    """Beach, sunset, palm trees -> palm trees, sunset, beach; blue bottle - 750 ml -> 750 ml - blue bottle.

    Of titles and lists of keywords, at their widest marks; what is a sentence has no parts that could move.
    """
    if not is_title(tree) and tree.lower(0) != "stock":  # photo
        return
    for mark in ("-", "–", "—", "|", "•", ","):
        at = [i for i, word in enumerate(tree.words) if word == mark and tree[i].space and i]
        if not at:
            continue
        parts = [list(range(a + 1, b)) for a, b in itertools.pairwise([-1, *at, len(tree)])]
        # "A, B and C", "with A, B": such commas part no keywords
        places = [all(tree[i].text[:1].isupper() for i in part) for part in parts[-2:]]
        if mark == "," and all(places):
            return  # old mill, Saltby, Norfolk
        keywords = mark != "," or (len(parts) > 2 and _JOINTS.isdisjoint(tree.words))
        if keywords and all(parts) and {"and", "&", "or", "by"}.isdisjoint(tree.lower(part[0]) for part in parts):
            for turned in ([*parts[::-1]], [parts[-1], *parts[:-1]], [parts[0], *parts[:0:-1]]):
                items: Items = [item for i, part in enumerate(turned) for item in ([mark] if i else []) + part]
                yield Order("list reordered", items, 1)
        return


def is_title(tree: Tree) -> bool:
    """Whether words are no sentence and have no stop: a title, a product's name, keywords."""
    verbs = any(
        tree.tag(i) in FINITE
        or word in _SENTENCE
        or (not tree.tag(i) and word in lexicon.THIRD_FORMS - lexicon.NOUNS.keys())
        for i, word in enumerate(tree.words)
    )
    stopped = tree.tail[:1] == "." or tree.tail[:2] == " ."
    return not verbs and not stopped and not any(word.endswith(":") for word in tree.words)


def depicted(tree: Tree, family: str) -> Iterator[Order]:
    """A photo of a dog -> a photo that shows a dog; a dog in a photo."""
    root, of = tree.root, depicted_by(tree)
    if of is None or is_terse(tree):
        return
    plural, who = tree.is_plural(root), {"A": "shows", "B": "depicts"}[family]
    before: Items = list(range(of)) if tree.determiner(root) or plural else ["a", *range(of)]
    shown: Items = list(range(of + 1, len(tree)))
    yield Order("depicted", [*before, "that", who[:-1] if plural else who, *shown], 1)
    if not any(tree.is_verb(i) for i in range(of, len(tree))) and tree.tag(of + 1) in ("DT", "NNS", "CD", "JJ"):
        yield Order("depicted", [*shown, "in", *before], 1.5)


def orders(tree: Tree, p: Parts | None, family: str) -> list[Order]:
    """All that may be drawn before a frame is."""
    found = [*fronted(tree, p), *dated(tree), *list_reordered(tree)]
    if p is None:
        return [*found, *depicted(tree, family)]
    if is_terse(tree):
        return [*found, *modifier_first(p)]
    rules = (existential, stated, seen, modifier_first, passive, active, doing_first)
    return found + [order for rule in rules for order in rule(p)]

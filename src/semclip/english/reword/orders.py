"""Another order or construction for what a caption says; every function gives what it can and refuses the rest."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from semclip.english import lexicon
from semclip.english.inflection import inflect, words
from semclip.english.negate.denied import DEPICTIONS, depicted_by
from semclip.english.parse.clause import is_being, is_person
from semclip.english.parse.tree import FINITE, Tree
from semclip.english.reword.parts import (
    INSTRUCTIONS,
    UNCOUNTED,
    Items,
    Parts,
    be_of,
    hides_a_verb,
    is_clothes,
    plural_of,
)
from semclip.english.words.load import listed


@dataclass(frozen=True, slots=True)
class Order:
    """The words of a caption in another order. weight: how often it is chosen among others."""

    kind: str
    items: Items
    weight: float = 1.0


_STATIC = listed("static prepositions")
_MOVES = listed("moves")
_POSTURES = listed("postures")
_GOALS = listed("goals")
_AIMED = listed("aimed")
_WHERE = listed("wheres")
_NOWHERE = words("background distance foreground air way other manner row line circle direction") | listed("body")
TIMES = words(
    "dusk dawn night sunset sunrise noon evening morning afternoon day daytime spring summer autumn fall winter"
)
_JOINING = words("while as when after before until because")
_SOME = words("some one both each all another")
#: What says more of the verb than where: in the snow from an adult.
_BESIDES = words("from to for into onto toward towards")
_CLAUSES = words("while as when until because")
_BY_PEOPLE = words("watched followed accompanied flanked pursued chased cheered led joined surrounded")
_DATED = ("NNP", "NNPS", "CD", "IN")
_DATELINE = words("in at on off during near outside before after ahead aboard")


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
        if not p.finite and (prep := last_place(p)) is not None and p.indefinite:
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
    elif p.verb is None and (prep := last_place(p)) is not None:
        yield Order("seen", [*_before(p, prep), "can be seen", *range(prep, len(p.tree))], 0.6)


def fronted(tree: Tree, p: Parts | None) -> Iterator[Order]:
    """On a couch, a cat sleeps; on a couch sits a cat; on a couch, there is a cat; with its mouth open, a goat naps.

    The same of a sentence whose parts are not told: a mayor, left, and a guide wave in Rome on Monday.
    """
    if p is None or (p.verb is None and p.finite):
        for start in _adjuncts(tree, verb) if (verb := _told_by(tree)) is not None else ():
            yield Order("fronted", [*range(start, len(tree)), ",", *range(start - (tree.lower(start - 1) == ","))], 2)
    if p is None:
        return
    verb, prep, clause = p.verb, last_place(p), p.clause
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
    for start in dict.fromkeys([*([prep] if prep is not None else []), *_adjuncts(tree, verb, p.joined)]):
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
    if start is None or _told_by(tree) is None or any(tree.style):
        return
    if all(tree.tag(i) in ("NNP", "CD", ",") for i in range(start, len(tree))):
        yield Order("fronted", ["on", *range(start, len(tree)), ",", *range(start - 1)], 2)


_DAYS = words("monday tuesday wednesday thursday friday saturday sunday")


def _before(p: Parts, prep: int) -> Items:
    return [item for item in p.introduced if isinstance(item, str) or item < prep]


def _told_by(tree: Tree) -> int | None:
    """The verb of a sentence that starts with its subject."""
    subject, root = tree.subject(tree.root), tree.root
    helped = tree.child(root, "aux", "auxpass") is not None
    if subject is None or not subject < root or not (helped or tree.tag(root) in FINITE):
        return None
    if tree.noun_start(subject) and any(tree.is_verb(i) or tree.lower(i) == "," for i in range(subject)):
        return None
    if hides_a_verb(tree, subject, True):
        return None
    participle = tree.tag(root) == "VBD" and inflect(tree[root].lemma, "VBN") == tree.lower(root)  # or one: "curled"
    return None if participle and not is_being(tree, subject) else root


def last_place(p: Parts) -> int | None:
    """Where the caption's last words start if they say where it all happens."""
    tree = p.tree
    head = p.verb if p.verb is not None else (p.helpers[0] if p.helpers else p.subject)
    heads = [head]
    while p.verb is None and not p.helpers and (following := tree.child(heads[-1], "conj")) is not None:
        heads.append(following)
    if p.np[0]:  # there is a cat on the couch
        heads.insert(0, 1)
    for prep in (prep for one in reversed(heads) for prep in tree.children(one, "prep", "advmod")):
        if tree.span(prep) == (prep, len(tree)) and _is_where(p, prep, several=len(heads) - bool(p.np[0]) > 1):
            return prep
    return None


def _is_where(p: Parts, prep: int, several: bool) -> bool:
    tree, verb = p.tree, p.verb
    start = verb if verb is not None else p.subject
    inside = range(prep, len(tree))
    if tree.lower(prep) not in _STATIC or prep < start or "with" in tree.words[start + 1 : prep]:
        return False  # the sun is on the horizon, in "plays with sun on the horizon"
    if any(tree.lower(i - 1) == "," and tree.tag(i) not in _DATED for i in inside[1:]):
        return False  # ", smiling, copy space"
    if any(tree.tag(i) in ("PRP", "PRP$") or tree.is_verb(i) or tree.lower(i) in _BESIDES for i in inside):
        return False
    noun = tree.child(prep, "pobj")
    of = tree.child(noun, "prep") if noun is not None and tree[noun].lemma in ("top", "front", "middle") else None
    if tree.lower(prep) == "next" or of is not None:
        inner = of if of is not None else tree.child(prep, "prep")
        noun = tree.child(inner, "pobj") if inner is not None else None
    if noun is None or not tree.is_noun(noun) or tree[noun].lemma in _NOWHERE or is_clothes(tree, noun):
        return False
    bare = verb is None and tree.determiner(noun) == "" and tree[noun].lemma not in TIMES
    if tree.determiner(noun) not in ("a", "an", "the", "some") and not bare:
        return False
    if is_setting(tree, noun, prep):
        return verb is None or tree[verb].lemma not in _GOALS
    # What is no place may be that of the last noun: a leash is the dog's, in "a man and a dog on a leash".
    if verb is None:
        own = several and is_being(tree, p.subject) and tree.lower(prep) in ("in", "on", "at")
        return not own and not is_being(tree, noun)
    if tree[verb].lemma in _MOVES and tree.lower(prep) in ("in", "on", "by", "at", "under", "over", "behind"):
        return False
    if tree.lower(prep) in ("at", "on") and tree[verb].lemma in _AIMED:
        return False
    return not tree.is_noun(prep - 1) and not (tree.tag(verb) == "VBN" and tree.lower(prep) in ("by", "in", "on"))


def is_place(tree: Tree, noun: int) -> bool:
    return tree[noun].lemma in _WHERE or "place" in lexicon.NOUNS.get(tree.lower(noun), ((),))[0]


def is_setting(tree: Tree, noun: int, prep: int) -> bool:
    """Whether a place is one that holds all that is told: behind another noun, a wall may be where that thing is."""
    return is_place(tree, noun) and not (tree.is_noun(prep - 1) and tree[noun].lemma in _BUILT)


_BUILT = words("wall cliff building house tower slope path trail bridge castle temple door gate table")


def _adjuncts(tree: Tree, verb: int, joined: tuple[int, ...] = ()) -> Iterator[int]:
    """Where an end starts that may stand first wherever a parser hangs it: with his head bowed; in Rome on Monday."""
    subject = tree.subject(verb)
    person = subject is not None and tree.tag(subject).startswith("NNP")
    titled = any(tree.style) and not tree[verb].text[:1].islower()
    for start in range(verb + 1, len(tree)):
        end = range(start, len(tree))
        tags, words_ = [tree.tag(i) for i in end], tree.words[start:]
        finite = not FINITE.isdisjoint(tags)
        if words_[0] in _JOINING and finite and start > verb + (words_[0] == "as") and "PRP" not in tags:
            if tree.tag(start + 1) in ("DT", "PRP$", "NN", "NNS", "NNP"):
                yield start
        elif finite and words_[0] in _DATELINE and _tells_of_place(tree, start, verb):
            yield start
        if any(tree.tag(i) in FINITE or tree.lower(i) in _JOINING for i in range(verb + 1, start)):
            return
        if tree.tag(start - 1) in ("DT", "CC"):
            continue
        if finite or max((*joined, verb)) >= start - 1 > verb:
            continue
        if any(tree.lower(i - 1) == "," and tree.tag(i) not in _DATED for i in end[1:]) or _CLAUSES & set(words_[1:]):
            continue
        noun = next((i for i in end if tree.is_noun(i) and not tree.is_noun(i + 1)), start)
        if subject is not None and is_person(tree, subject) and {"it", "its"} & set(words_):
            continue  # pulls a swing with a girl on it
        if words_[0] == "while":
            if tags[1:2] == ["VBG"]:
                yield start
        elif words_[0] == "with":
            own = tags[1:2] == ["PRP$"] and tree.tag(noun + 1) in ("VBG", "VBN", "JJ")
            if own and tree.tag(noun + 1) != "VBG" and tree.tag(noun + 2) == "IN" and tree.lower(noun + 2) in _STATIC:
                continue  # with her arms folded by a door
            # with a stick in its mouth, with trees behind him
            if own or (tree.tag(noun + 1) == "IN" and tree.tag(noun + 2) in ("PRP", "PRP$") and tags.count("IN") == 2):
                yield start
        elif tree.lower(start - 1) == "," and "," not in words_ and words_[0] not in _DATELINE | _SOME:
            hung = tree.tag(noun + 1) in ("VBG", "VBN", "IN", "RP") and {"PRP", "PRP$"} & set(tags)
            # "on a road, lit by lamps": what is done to somebody tells who is meant
            watched = words_[1:2] == ["by"] and words_[0] in _BY_PEOPLE
            if tags[0] == "VBG" or watched or (hung and tags[0] in ("PRP$", "NN", "NNS", "DT")):
                yield start
        elif any(tree.is_verb(i) and i not in joined for i in range(verb + 1, start)):
            continue  # the hills are where the fire burns, in "smoke rises from a fire burning in the hills"
        elif (
            (words_[0] in ("at", "on") and tree[verb].lemma in _AIMED)
            or _BESIDES & set(words_)
            or tree.tag(start - 1) == "IN"
        ):
            continue
        elif words_[0] in _DATELINE and "PRP" not in tags and start > verb + 1 and (person or "PRP$" not in tags):
            named = any(tag.startswith("NNP") for tag in (tags[1:2] if words_[0] == "on" else tags))
            if not titled and (named or (person and words_[0] != "on") or is_setting(tree, noun, start)):
                yield start


def _tells_of_place(tree: Tree, start: int, verb: int) -> bool:
    """Whether the last words are a place and what is told of it: at the border of Sredna, where the army waits."""
    clause = next(
        (i for i in range(start, len(tree)) if tree.lower(i - 1) == "," and tree.lower(i) in ("where", "which")), 0
    )
    if (
        clause < start + 3
        or tree.lower(start - 1) == ","
        or any(tree.lower(i) in _CUTS for i in range(start, clause - 1))
    ):
        return False
    inside = [tree.tag(i) for i in range(verb + 1, len(tree))]
    told = [tree.tag(i) for i in range(clause, len(tree))]
    return (
        tree.tag(start + 1) == "DT"
        and "PRP" not in inside
        and not (FINITE & {tree.tag(i) for i in range(verb + 1, clause)})
        and bool(FINITE & set(told))
    )


_CUTS = _JOINING | {","}


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
    if not p.has_something and tree[p.verb].lemma not in ("be", "have") and not verbs:
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
    place, end = last_place(p), thing + 1
    if end < len(tree) and (place != end or not is_place_of(p, end) or p.np[-1] != p.subject):
        return
    if tree.tag(verb + 1) in ("PRP$", "PRP") or (not tree.determiner(thing) and tree.tag(thing) == "NN"):
        return
    if tree.child(thing, "conj", "relcl", "acl", "appos") or tree.child(p.subject, "acl", "relcl"):
        return
    being = [be_of(tree.is_plural(thing)), *(["being"] if tree.tag(verb) == "VBG" else [])]
    done = inflect(tree[verb].lemma, "VBN")
    yield Order("passive", [*range(verb + 1, end), *being, done, "by", *p.introduced, *range(end, len(tree))], 1.5)


def is_place_of(p: Parts, prep: int) -> bool:
    noun = p.tree.child(prep, "pobj")
    return noun is not None and is_place(p.tree, noun)


#: Verbs whose object may become the subject.
_TRANSITIVE = listed("passives")


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
        keywords = mark != "," or (len(parts) > 2 and _JOINTS.isdisjoint(tree.words))
        if keywords and all(parts) and {"and", "&", "or", "by"}.isdisjoint(tree.lower(part[0]) for part in parts):
            for turned in ([*parts[::-1]], [parts[-1], *parts[:-1]], [parts[0], *parts[:0:-1]]):
                items: Items = [item for i, part in enumerate(turned) for item in ([mark] if i else []) + part]
                yield Order("list reordered", items, 1)
        return


_JOINTS = words("and & with in on at of from including featuring without")


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


#: What no title without a verb holds.
_SENTENCE = listed("no title")

#: Said of any caption, by family: before a noun phrase, before one that has an article, a sentence, a title.
FRAMES = {
    "A": {
        "phrase": ("this picture shows", "a picture of", "what this picture shows {be}"),
        "there": ("here {be}", "in this picture , there {be}", "pictured here {be}"),
        "sentence": ("in this picture ,", "as can be seen in this picture ,", "the picture shows that"),
        "title": ("shown in this picture :", "what can be seen in this picture :"),
        "depicts": ("shows",),
    },
    "B": {
        "phrase": ("this image shows", "an image of", "what we see {be}"),
        "there": ("here we see", "in this image , there {be}", "shown here {be}"),
        "sentence": ("in this image ,", "as is shown in this image ,", "the image shows that"),
        "title": ("pictured in this image :", "what is to be seen in this image :"),
        "depicts": ("depicts",),
    },
}
#: Orders that are sentences, before which a frame may stand.
_SENTENCES = ("fronted", "progressive", "exchanged", "modifier first", "seen", "passive", "active", "stated")


def framed(tree: Tree, p: Parts | None, family: str, reordered: list[Order]) -> Iterator[Order]:
    """This picture shows a dog that is running; as can be seen in this picture, a dog is running."""
    frames, whole, root = FRAMES[family], list[int | str](range(len(tree))), tree.root
    if p is not None and p.participles is not None and tree.lower(0) != "there":
        phrases = [] if p.verb is not None and p.may_be_taken else [("frame", [*p.introduced, *p.participles])]
        phrases += [("frame+relative", [*p.introduced, *p.relative])] if p.relative and p.indefinite else []
        for kind, phrase in phrases:
            title = any(tree.style) and tree.tag(0) != "DT"
            for frame in (*frames["phrase"][: 2 if title else None], *(frames["there"] if p.indefinite else ())):
                yield Order(kind, [frame.format(be=p.there_be), *phrase], 0.5)
    elif p is None and _is_phrase(tree) and (tree.determiner(root) or not ("," in tree.words or any(tree.style))):
        article = tree.tag(root) == "NN" and not tree.determiner(root) and tree[root].lemma in DEPICTIONS
        plural = plural_of(tree, root)
        first, last = 2 * (tree[root].lemma in DEPICTIONS), 2 if plural is None else 3
        for frame in frames["phrase"][first:last]:
            frame = frame.format(be=be_of(plural or False))
            yield Order("frame", [frame, *(["a"] if article else []), *whole], 0.5)
    sentences = [order for order in reordered if order.kind in _SENTENCES]
    subject = tree.subject(root) or 0
    headline = tree.tag(subject) == "NN" and not tree.determiner(subject) and tree[subject].lemma not in UNCOUNTED
    if _told_by(tree) is not None and not any(tree.style) and not headline:
        sentences.insert(0, Order("", whole))
    for order in sentences:
        for frame in frames["sentence"][: 1 if order.kind == "seen" else None]:
            yield Order(f"frame+{order.kind}".rstrip("+"), [frame, *order.items], 0.3)


def _is_phrase(tree: Tree) -> bool:
    """Whether a caption is a noun phrase that is not understood further."""
    clauses = any(t.label in ("nsubj", "nsubjpass") for t in tree.tokens)
    told = ":" in tree.words or tree.lower(0) in INSTRUCTIONS or clauses
    return tree.is_noun(tree.root) and not (tree.span(tree.root)[0] or told or hides_a_verb(tree, tree.root, False))


def framed_title(tree: Tree, family: str, reordered: list[Order]) -> Iterator[Order]:
    """Shown in this picture: oak coffee table, 120 cm; of titles that are no phrase."""
    if not any(tree.tags) and is_title(tree) and tree.lower(0) not in INSTRUCTIONS and tree.lower(0)[:1].isalnum():
        for order in (*reordered, Order("", list(range(len(tree))))):
            for frame in FRAMES[family]["title"]:
                yield Order(f"frame+{order.kind}".rstrip("+"), [frame, *order.items], 0.3)


def depicted(tree: Tree, family: str) -> Iterator[Order]:
    """A photo of a dog -> a photo that shows a dog; a dog in a photo."""
    root, of = tree.root, depicted_by(tree)
    if of is None:
        return
    (who,) = FRAMES[family]["depicts"]
    plural = tree.is_plural(root)
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
    rules = (existential, stated, seen, modifier_first, passive, active, doing_first)
    return found + [order for rule in rules for order in rule(p)]

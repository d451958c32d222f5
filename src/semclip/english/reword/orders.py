"""Another order or construction for what a caption says; every function gives what it can and refuses the rest."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from semclip.english import lexicon
from semclip.english.inflection import inflect, words
from semclip.english.negate.denied import DEPICTIONS, depicted_by
from semclip.english.parse.clause import is_being
from semclip.english.parse.tree import FINITE, Tree
from semclip.english.reword.parts import INSTRUCTIONS, UNCOUNTED, Form, Items, Parts
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
#: Verbs whose object may become the subject.
_TRANSITIVE = listed("passives")


def existential(p: Parts) -> Iterator[Order]:
    """There is a dog running; there is a dog that is running."""
    behind = p.participles
    if not p.indefinite or behind is None:
        return
    there: Items = ["there", p.there_be, *p.introduced]
    yield Order("existential", [*there, *behind], 2)
    if p.relative and p.tree.child(p.subject, "acl", "relcl", "conj") in (None, p.verb):
        yield Order("existential+relative", [*there, *p.relative], 1)


def progressive(p: Parts) -> Iterator[Order]:
    """A dog runs, a dog running -> a dog is running; a dog is running -> a dog runs."""
    behind = p.participles
    if p.verb is None or behind is None or p.has_something or (p.tree.tag(p.verb) == "VBN" and p.finite):
        return
    if not p.helpers:
        yield Order("progressive", [*p.introduced, p.be, *behind], 0.7)
    elif not p.joined and p.tree.tag(p.verb) == "VBG" and p.tree[p.verb].lemma != "be":
        yield Order("simple", [*p.np, Form(p.tree, p.verb, "VBP" if p.be == "are" else "VBZ"), *p.rest], 0.7)


def seen(p: Parts) -> Iterator[Order]:
    """A dog can be seen running; a cat can be seen on a couch."""
    behind = p.participles
    if p.verb is not None and behind is not None and not p.has_something and (p.finite or p.tree.tag(p.verb) == "VBG"):
        yield Order("seen", [*p.introduced, "can be seen", *behind], 0.6)
    elif p.verb is None and p.finite:
        yield Order("seen", [*p.np, "can be seen", *p.rest], 0.6)
    elif p.verb is None and (prep := _last_place(p.tree, p)) is not None:
        np = [item for item in p.introduced if isinstance(item, str) or item < prep]
        yield Order("seen", [*np, "can be seen", *range(prep, len(p.tree))], 0.6)


def fronted(p: Parts) -> Iterator[Order]:
    """On a couch, a cat is sleeping; on a couch sits a cat; on a couch, there is a cat."""
    tree = p.tree
    prep = _last_place(tree, p)
    if prep is None:
        return
    place: Items = list(range(prep, len(tree)))
    if p.verb is None and not p.helpers:
        np = [i for i in p.introduced if isinstance(i, str) or i < prep]
        if p.indefinite and np and not any(tree.is_verb(i) for i in range(prep)):
            yield Order("fronted+existential", [*place, ",", "there", p.there_be, *np], 1)
            yield Order("inverted", [*place, p.be, *np], 0.7)
            yield Order("fronted+seen", [*place, ",", *np, "can be seen"], 0.7)
        return
    if p.verb is None:
        yield Order("inverted", [*place, p.be, *p.np], 1)
        return
    kept = list(range(p.verb + 1, prep))
    if not p.finite and p.indefinite and tree.tag(p.verb) in ("VBG", "VBN"):
        yield Order("fronted+existential", [*place, ",", "there", p.there_be, *p.introduced, p.verb, *kept], 1.5)
    if tree[p.verb].lemma in _POSTURES and not kept and not p.joined and tree.tag(p.verb) != "VBN":
        lemma = {"lay": "lie"}.get(tree[p.verb].lemma, tree[p.verb].lemma)
        yield Order("inverted", [*place, inflect(lemma, "VBP" if p.be == "are" else "VBZ"), *p.introduced], 1.5)


def adjunct_first(p: Parts) -> Iterator[Order]:
    """In Rome, a nurse sings; with its mouth open, a goat sleeps; watched by a farmer, a goat sleeps."""
    clause = p.clause
    if p.verb is None or clause is None:
        return
    place = _last_place(p.tree, p)
    for start in dict.fromkeys([*([place] if place is not None else []), *_adjuncts(p.tree, p.verb, p.joined)]):
        kept = [i for i in clause if not (isinstance(i, int) and i >= start)]
        if p.tree.lower(start - 1) == ",":
            kept.remove(start - 1)
        elif "," in p.tree.words[p.verb : start]:
            continue
        if len(kept) > len(p.helpers) + (not p.helpers and not p.finite):
            yield Order("fronted", [*range(start, len(p.tree)), ",", *p.introduced, *kept], 2)


def sentence_adjunct_first(tree: Tree) -> Iterator[Order]:
    """The same of a sentence whose parts are not told: a mayor, left, and a guide wave in Rome on Monday."""
    root, subject = tree.root, tree.subject(tree.root)
    if tree.tag(root) in ("VBZ", "VBP", "VBD") and subject is not None and subject < root:
        for start in _adjuncts(tree, root):
            kept = list(range(start - (tree.lower(start - 1) == ",")))
            yield Order("fronted", [*range(start, len(tree)), ",", *kept], 2)


def _adjuncts(tree: Tree, verb: int, joined: Sequence[int] = ()) -> Iterator[int]:
    """Where an end starts that may stand first wherever a parser hangs it: with his head bowed; in Rome on Monday."""
    subject = tree.subject(verb)
    person = subject is not None and tree.tag(subject).startswith("NNP")
    for start in range(verb + 1, len(tree)):
        end = range(start, len(tree))
        joins = tree.lower(start) in _JOINING and tree.tag(start + 1) in ("DT", "PRP$", "NN", "NNS", "NNP")
        if joins and start > verb + 1 and "PRP" not in map(tree.tag, end) and any(tree.tag(i) in FINITE for i in end):
            yield start
        if any(tree.tag(i) in FINITE or tree.lower(i) in _JOINING for i in range(verb + 1, start)):
            return
        if any(tree.tag(i) in FINITE for i in end) or max((*joined, verb)) >= start - 1 > verb:
            continue
        if any(tree.lower(i - 1) == "," and tree.tag(i) not in _DATED for i in end[1:]):
            continue
        tags, words_ = [tree.tag(i) for i in end], tree.words[start:]
        if tree.lower(start) == "while":
            if tags[1:2] == ["VBG"]:
                yield start
        elif tree.lower(start) == "with":
            noun = next((i for i in end if tree.is_noun(i) and not tree.is_noun(i + 1)), start)
            own = tags[1:2] == ["PRP$"] and tree.tag(noun + 1) in ("VBG", "VBN")
            # with a stick in its mouth, with trees behind him
            if own or (tree.tag(noun + 1) == "IN" and tree.tag(noun + 2) in ("PRP", "PRP$") and tags.count("IN") == 2):
                yield start
        elif tree.lower(start - 1) == "," and "," not in words_ and tree.lower(start) not in _DATELINE:
            noun = next((i for i in end if tree.is_noun(i)), start)
            hung = tree.tag(noun + 1) in ("VBG", "VBN", "IN", "RP") and {"PRP", "PRP$"} & set(tags)
            # "on a road, lit by lamps": what is done to somebody tells who is meant
            if (
                tags[0] == "VBG"
                or (words_[1:2] == ["by"] and words_[0] in _BY_PEOPLE)
                or (hung and tags[0] in ("PRP$", "NN", "NNS", "DT"))
            ):
                yield start
        elif tree.tag(start - 1) in ("VBG", "VBN"):
            continue  # the hills are where the fire burns, in "smoke rises from a fire burning in the hills"
        elif (
            tree.lower(start) in _DATELINE and "PRP" not in tags and start > verb + 1 and (person or "PRP$" not in tags)
        ):
            noun = next((i for i in end if tree.is_noun(i) and not tree.is_noun(i + 1)), start)
            named = any(tag.startswith("NNP") for tag in (tags[1:2] if tree.lower(start) == "on" else tags))
            if not any(tree.style) and (named or (person and tree.lower(start) != "on") or _is_place(tree, noun)):
                yield start


_BY_PEOPLE = words("watched followed accompanied flanked pursued chased cheered led joined surrounded")
_DATED = ("NNP", "NNPS", "CD", "IN")
_DATELINE = words("in at on during near outside before after ahead aboard")


def modifier_first(p: Parts) -> Iterator[Order]:
    """A farmer in a hat milks a goat -> wearing a hat, a farmer milks a goat; a farmer milking a goat wears a hat."""
    tree, start, clause, behind = p.tree, p.modifier, p.clause, p.participles
    if start is None or p.verb is None or clause is None or behind is None or "," in tree.words or p.joined:
        return
    if tree.tag(p.verb) == "VBN" or not {"who", "that", "which"}.isdisjoint(tree.words[: p.verb]):
        return
    core = [i for i in p.introduced if isinstance(i, str) or i < start]
    said = list(range(start + 1, len(p.np)))
    doing: Items = [start if tree.tag(start) == "VBG" else "wearing", *said]
    with_ = tree.lower(start) == "with"
    has: Items = ["has" if p.be == "is" else "have", *said] if with_ else [p.be, *doing]
    if not with_ or any(tree.tag(i) == "PRP$" for i in said):
        doing = [start, *said] if with_ else doing
        yield Order("modifier first", [*doing, ",", *core, *clause], 2)
    if not p.has_something and tree[p.verb].lemma not in ("be", "have"):
        yield Order("exchanged", [*core, *behind, *has], 2)


def _last_place(tree: Tree, p: Parts) -> int | None:
    """Where the caption's last words start if they say where it all happens."""
    head = p.verb if p.verb is not None else (p.helpers[0] if p.helpers else p.subject)
    heads = [head]
    while p.verb is None and not p.helpers and (following := tree.child(heads[-1], "conj")) is not None:
        heads.append(following)
    for prep in (prep for one in reversed(heads) for prep in tree.children(one, "prep", "advmod")):
        start, end = tree.span(prep)
        if any(tree.lower(i - 1) == "," and tree.tag(i) not in _DATED for i in range(start + 1, end)):
            continue  # ", smiling, copy space"
        if end != len(tree) or start != prep or tree.lower(prep) not in _STATIC:
            continue
        noun = tree.child(prep, "pobj")
        of = tree.child(noun, "prep") if noun is not None and tree[noun].lemma in ("top", "front", "middle") else None
        if tree.lower(prep) == "next" or of is not None:
            inner = of if of is not None else tree.child(prep, "prep")
            noun = tree.child(inner, "pobj") if inner is not None else None
        if noun is None or tree.determiner(noun) not in ("a", "an", "the", "some") or not tree.is_noun(noun):
            continue
        if len(heads) > 1 and any(is_being(tree, one) for one in heads) and not _is_place(tree, noun):
            continue  # the leash is the dog's, in "a man and a dog on a leash"
        if "with" in tree.words[head + 1 : prep]:
            continue  # the sun is on the horizon, in "plays with sun on the horizon"
        if tree[noun].lemma in ("background", "distance", "foreground", "air", "way", "other") or any(
            tree.tag(i) in ("PRP", "PRP$") or tree.is_verb(i) for i in range(prep, end)
        ):
            continue
        if p.verb is not None:
            if tree[p.verb].lemma in _MOVES and tree.lower(prep) in ("in", "on", "by", "at", "under", "over", "behind"):
                place = bool(lexicon.NOUNS.get(tree.lower(noun), (frozenset[str](),))[0] & {"place"})
                if not place or tree[p.verb].lemma in _GOALS:
                    continue
            if tree.lower(prep) in ("at", "on") and tree[p.verb].lemma in _AIMED:
                continue
            if tree.child(p.verb, "dobj") is not None and not _is_place(tree, noun):
                continue
            if tree.tag(p.verb) == "VBN" and tree.lower(prep) in ("by", "in", "on") and not _is_place(tree, noun):
                continue
        return prep
    return None


_GOALS = listed("goals")
_AIMED = listed("aimed")


def _is_place(tree: Tree, noun: int) -> bool:
    return tree.lower(noun) in _WHERE or bool(lexicon.NOUNS.get(tree.lower(noun), (frozenset[str](),))[0] & {"place"})


_WHERE = listed("wheres")


def passive(p: Parts) -> Iterator[Order]:
    """A dog chases a ball -> a ball is chased by a dog."""
    tree, verb = p.tree, p.verb
    if verb is None or p.joined or tree[verb].lemma not in _TRANSITIVE or tree.tag(verb) == "VBN":
        return
    thing = tree.child(verb, "dobj")
    if (
        thing is None
        or tree.child(thing, "conj", "relcl", "acl", "appos")
        or tree.child(verb, "prt", "dative", "xcomp")
    ):
        return
    start, end = tree.noun_start(thing), thing + 1
    if start != verb + 1 or tree.tag(start) in ("PRP$", "PRP") or tree.lower(end) in ("of", "'s", "and", ","):
        return
    if any(
        tree.tag(i) in ("PRP", "PRP$") or tree[i].label in ("advcl", "mark", "xcomp") for i in range(end, len(tree))
    ):
        return
    if any(tree.is_verb(i) for i in range(end, len(tree))) or tree.child(p.subject, "acl", "relcl"):
        return
    if any(tree.lower(i) in ("with", "from", "for", "of") for i in range(end, len(tree))) or not is_being(
        tree, p.subject
    ):
        return
    if end < len(tree) and p.np[-1] != p.subject:
        return
    be = "are" if tree.is_plural(thing) else "is"
    being = [be, "being"] if tree.tag(verb) == "VBG" else [be]
    done = inflect(tree[verb].lemma, "VBN")
    patient: Items = list(range(start, end))
    if not tree.determiner(thing) and tree.tag(thing) == "NN":
        return
    yield Order("passive", [*patient, *being, done, "by", *p.introduced, *range(end, len(tree))], 1.5)


def active(p: Parts) -> Iterator[Order]:
    """A cake is being cut by a man -> a man is cutting a cake."""
    tree, verb = p.tree, p.verb
    if verb is None or tree.tag(verb) != "VBN" or p.joined:
        return
    agent = tree.child(verb, "agent")
    doer = tree.child(agent, "pobj") if agent is not None else None
    if doer is None or agent != verb + 1 or tree.span(doer)[1] != len(tree) or not is_being(tree, doer):
        return
    plural = tree.is_plural(doer)
    doing = inflect(tree[verb].lemma, "VBG")
    yield Order("active", [*range(verb + 2, len(tree)), "are" if plural else "is", doing, *p.np], 2)


_JOINING = words("while as when after before until because")


def clause_first(tree: Tree) -> Iterator[Order]:
    """A chef sings while a goat eats -> while a goat eats, a chef sings."""
    for mark, token in enumerate(tree.tokens):
        if token.label not in ("mark", "advmod") or token.lower not in _JOINING or mark < 3:
            continue
        clause = token.head
        if tree[clause].label != "advcl" or tree.span(clause) != (mark, len(tree)) or tree[clause].head != tree.root:
            continue
        if any(tree.tag(i) == "PRP" for i in range(mark, len(tree))) or tree.tag(tree.root) not in (
            "VBZ",
            "VBP",
            "VBG",
        ):
            continue
        front = [i for i in range(mark) if not (i == mark - 1 and tree.lower(i) == ",")]
        if tree.subject(clause) is not None and tree.subject(tree.root) is not None:
            yield Order("clauses swapped", [*range(mark, len(tree)), ",", *front], 2)


def doing_first(p: Parts) -> Iterator[Order]:
    """Climbing up a steep hill is a goat."""
    behind = p.participles
    named = p.tree.tag(p.subject).startswith("NNP") and p.finite
    if p.verb is None or behind is None or not (p.indefinite or named) or p.joined or len(behind) < 3:
        return
    if p.tree.tag(p.verb) == "VBN" or p.tree[p.verb].lemma in ("be", "have") or (not named and "," in p.tree.words):
        return
    if not any(p.tree.tag(i).startswith("PRP") or p.tree.tag(i) in FINITE for i in p.rest):
        pause = [","] if "," in p.tree.words[p.verb :] else []
        yield Order("inverted", [*behind, *pause, p.be, *p.introduced], 0.3)


#: Said of any caption, by family: before a noun phrase, and before a sentence.
FRAMES = {
    "A": ("this picture shows", "a picture of", "here {be}", "in this picture , there {be}", "pictured here {be}"),
    "B": ("this image shows", "an image of", "here we see", "in this image , there {be}", "shown here {be}"),
}
_BEFORE_TITLE = {
    "A": ("shown in this picture :", "what can be seen in this picture :"),
    "B": ("pictured in this image :", "what is to be seen in this image :"),
}
_BEFORE_SENTENCE = {
    "A": ("in this picture ,", "as can be seen in this picture ,", "the picture shows that"),
    "B": ("in this image ,", "as is shown in this image ,", "the image shows that"),
}


def framed(p: Parts, family: str) -> Iterator[Order]:
    """This picture shows a dog running; this picture shows a dog that is running."""
    behind = p.participles
    if behind is None:
        return
    for frame in FRAMES[family]:
        if "{be}" in frame and not p.indefinite:
            continue
        before: Items = [frame.format(be=p.there_be), *p.introduced]
        yield Order("frame+progressive" if p.finite else "frame", [*before, *behind], 0.5)
        if p.relative and p.indefinite and p.tree.child(p.subject, "acl", "relcl", "conj") in (None, p.verb):
            yield Order("frame+relative", [*before, *p.relative], 0.5)


def framed_sentence(tree: Tree, family: str, reordered: Sequence[Order] = ()) -> Iterator[Order]:
    """As can be seen in this picture, a dog is running; the same of a sentence in another order."""
    root = tree.root
    past = tree.tag(root) == "VBD" and inflect(tree[root].lemma, "VBN") == tree.lower(root)  # or a participle: "curled"
    verbal = (tree.subject(root) is not None and tree.tag(root) not in ("VBG", "VBN")) or tree.child(root, "aux")
    sentences = [order for order in reordered if order.kind in _SENTENCES]
    subject = tree.subject(root) or 0
    headline = tree.tag(subject) == "NN" and not tree.determiner(subject) and tree[subject].lemma not in UNCOUNTED
    if not any(tree.style) and not past and tree.is_verb(root) and verbal and not headline:
        sentences = [Order("", list(range(len(tree)))), *sentences]
    for order in sentences:
        for frame in _BEFORE_SENTENCE[family][: 1 if order.kind == "seen" else None]:
            yield Order(f"frame+{order.kind}".rstrip("+"), [frame, *order.items], 0.3)


_SENTENCES = ("fronted", "clauses swapped", "progressive", "exchanged", "modifier first", "seen", "passive", "active")


def framed_title(tree: Tree, family: str, reordered: Sequence[Order] = ()) -> Iterator[Order]:
    """Shown in this picture: oak coffee table, 120 cm; of titles that are no phrase."""
    if is_title(tree) and tree.lower(0) not in INSTRUCTIONS and tree.lower(0)[:1].isalnum():
        for order in (*reordered, Order("", list(range(len(tree))))):
            for frame in _BEFORE_TITLE[family] if order.kind in ("list reordered", "") else ():
                yield Order(f"frame+{order.kind}".rstrip("+"), [frame, *order.items], 0.3)


def framed_as_it_is(tree: Tree, family: str) -> Iterator[Order]:
    """This is a close-up of a plate; where the caption is a noun phrase that is not understood further."""
    root = tree.root
    if (
        not tree.is_noun(root)
        or tree.span(root)[0]
        or ":" in tree.words
        or tree.lower(0) in INSTRUCTIONS
        or any(t.label in ("nsubj", "nsubjpass") for t in tree.tokens)
    ):
        return
    bare = tree.tag(root) == "NN" and not tree.determiner(root) and tree[root].lemma in DEPICTIONS
    whole: Items = [*(["a"] if bare else []), *range(len(tree))]
    if "," not in tree.words or tree.determiner(root):
        for frame in {"A": ("this is", "what this picture shows is"), "B": ("what we see is", "shown here is")}[family]:
            yield Order("frame", [frame.replace("is", "are") if tree.is_plural(root) else frame, *whole], 0.5)


def unexistential(tree: Tree) -> Iterator[Order]:
    """There is a cat on the couch -> a cat is on the couch; on the couch, there is a cat."""
    noun = tree.child(tree.root, "attr", "nsubj", "dobj") if tree.lower(0) == "there" else None
    if noun is None or tree.root != 1 or tree.lower(1) not in ("is", "are", "'s") or tree.noun_start(noun) != 2:
        return
    for start in range(noun + 1, len(tree)):
        if "and" in tree.words[:start] or any(tree.is_verb(i) for i in range(2, len(tree))):
            break
        if tree.lower(start) in _STATIC and tree.tag(start + 1) == "DT":
            yield Order("fronted", [*range(start, len(tree)), ",", *range(start)], 2)
    end = noun
    while (following := tree.child(end, "conj")) is not None and tree.is_noun(following):
        end = following
    rest = list(range(end + 1, len(tree)))
    if end != noun and any(tree.tag(i) == "IN" for i in range(noun, end)):
        return  # screens on a desk and a poster on a wall
    if not rest or (tree.tag(rest[0]) != "IN" and tree.tag(rest[0]) != "VBG") or tree.lower(rest[0]) in ("of", "with"):
        return
    be = "are" if tree.is_plural(noun) else "is"
    yield Order("existential", [*range(2, end + 1), be, *rest], 2)
    yield Order("seen", [*range(2, end + 1), "can be seen", *rest], 0.6)
    if tree.lower(rest[0]) in _STATIC and not any(tree.is_verb(i) or tree.tag(i).startswith("PRP") for i in rest):
        yield Order("fronted", [*rest, ",", 0, 1, *range(2, end + 1)], 2)


def list_reordered(tree: Tree) -> Iterator[Order]:
    """Beach, sunset, palm trees -> palm trees, sunset, beach; blue bottle - 750 ml -> 750 ml - blue bottle.

    Of titles and lists of keywords, at their widest marks; what is a sentence has no parts that could move.
    """
    if not is_title(tree):
        return
    for mark in ("-", "–", "—", "|", "•", ","):
        at = [i for i, word in enumerate(tree.words) if word == mark and tree[i].space and i]
        if not at:
            continue
        parts = [list(range(a + 1, b)) for a, b in itertools.pairwise([-1, *at, len(tree)])]
        # "A, B and C": the last comma parts no keywords
        keywords = mark != "," or (len(parts) > 2 and {"and", "&"}.isdisjoint(tree.words[at[-1] :]))
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
    return (
        not verbs
        and not any(word.endswith(":") for word in tree.words)
        and tree.tail[:1] != "."
        and tree.tail[:2] != " ."
    )


#: What no title without a verb holds.
_SENTENCE = listed("no title")


def depicted(tree: Tree, family: str) -> Iterator[Order]:
    """A photo of a dog -> this picture shows a dog; a dog is pictured."""
    root, of = tree.root, depicted_by(tree)
    if of is None:
        return
    who = {"A": "shows", "B": "depicts"}[family]
    before: Items = list(range(of)) if tree.determiner(root) or tree.is_plural(root) else ["a", *range(of)]
    shown: Items = list(range(of + 1, len(tree)))
    yield Order("depicted", [*before, "that", who if not tree.is_plural(root) else who[:-1], *shown], 1)
    if not any(tree.is_verb(i) for i in range(of, len(tree))) and tree.tag(of + 1) in ("DT", "NNS", "CD", "JJ"):
        yield Order("depicted", [*shown, "in", *before], 1.5)


OF_PARTS: tuple[Callable[[Parts], Iterator[Order]], ...] = (
    existential, progressive, seen, fronted, adjunct_first, modifier_first, passive, active, doing_first,
)  # fmt: skip
OF_TREE: tuple[Callable[[Tree], Iterator[Order]], ...] = (
    sentence_adjunct_first,
    clause_first,
    unexistential,
    list_reordered,
)

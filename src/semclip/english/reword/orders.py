"""Another order or construction for what a caption says; every function gives what it can and refuses the rest."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from semclip.english import lexicon
from semclip.english.inflection import inflect, words
from semclip.english.negate.denied import DEPICTIONS, chunks_of, depicted_by
from semclip.english.parse.clause import is_being
from semclip.english.parse.tree import Tree
from semclip.english.reword.parts import Items, Parts


@dataclass(frozen=True, slots=True)
class Order:
    """The words of a caption in another order. weight: how often it is chosen among others."""

    kind: str
    items: Items
    weight: float = 1.0


_STATIC = words("in on at near behind under beside inside outside by underneath beneath atop next above below")
_MOVES = words(
    """jump dive fall throw go put look leap climb step run walk toss kick hit get drop place walk point lean swing
    move land enter slide crash splash pour hang hold have wear turn blow carry pull push lift bring take"""
)
_POSTURES = words("sit stand lie lay rest sleep hang kneel crouch perch")
#: Verbs whose object may become the subject.
_TRANSITIVE = words(
    """chase ride carry pull push hold throw kick catch eat drink wash brush paint cut repair fix inspect check examine
    feed lead lift cook bake read fly drive play wear use pour serve prepare follow watch clean chew build photograph
    film pet hug kiss lick bite hit row paddle sell cross climb walk herd groom milk operate water plant pick sew teach
    treat measure adjust decorate fill stir slice load unload deliver install examine weld assemble test"""
)


def existential(p: Parts) -> Iterator[Order]:
    """There is a dog running; there is a dog that is running."""
    behind = p.participles
    if not p.indefinite or behind is None:
        return
    there: Items = ["there", p.there_be, *p.introduced]
    yield Order("existential", [*there, *behind], 2)
    if behind and p.tree.child(p.subject, "acl", "relcl", "conj") in (None, p.verb):
        yield Order("existential+relative", [*there, p.who, p.be, *behind], 1)


def progressive(p: Parts) -> Iterator[Order]:
    """A dog runs, a dog running -> a dog is running; a dog is running -> a dog runs."""
    behind = p.participles
    if p.verb is None or behind is None or (p.tree.tag(p.verb) == "VBN" and p.finite):
        return
    if not p.helpers:
        yield Order("progressive", [*p.introduced, p.be, *behind], 0.7)
    elif not p.joined and p.tree.tag(p.verb) == "VBG" and p.tree[p.verb].lemma != "be":
        form = inflect(p.tree[p.verb].lemma, "VBP" if p.be == "are" else "VBZ")
        yield Order("simple", [*p.np, form, *p.rest], 0.7)


def seen(p: Parts) -> Iterator[Order]:
    """A dog can be seen running; a cat can be seen on a couch."""
    behind = p.participles
    if (p.verb is not None and behind is not None and p.tree.tag(p.verb) == "VBG") or (p.verb and behind and p.finite):
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
    if p.finite:
        yield Order("fronted", [*place, ",", *p.np, *p.helpers, p.verb, *kept], 2)
    elif p.indefinite and tree.tag(p.verb) in ("VBG", "VBN"):
        yield Order("fronted+existential", [*place, ",", "there", p.there_be, *p.introduced, p.verb, *kept], 1.5)
        if not p.joined:
            yield Order("fronted+progressive", [*place, ",", *p.introduced, p.be, p.verb, *kept], 1.5)
    if tree[p.verb].lemma in _POSTURES and not kept and not p.joined and tree.tag(p.verb) != "VBN":
        lemma = {"lay": "lie"}.get(tree[p.verb].lemma, tree[p.verb].lemma)
        yield Order("inverted", [*place, inflect(lemma, "VBP" if p.be == "are" else "VBZ"), *p.introduced], 1.5)


def _last_place(tree: Tree, p: Parts) -> int | None:
    """Where the caption's last words start if they say where it all happens."""
    head = p.verb if p.verb is not None else (p.helpers[0] if p.helpers else p.subject)
    heads = [head]
    while p.verb is None and not p.helpers and (following := tree.child(heads[-1], "conj")) is not None:
        heads.append(following)
    for prep in (prep for one in reversed(heads) for prep in tree.children(one, "prep", "advmod")):
        start, end = tree.span(prep)
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
                if not place or tree[p.verb].lemma in ("jump", "dive", "fall", "step", "look", "point", "put", "place"):
                    continue
            if tree.child(p.verb, "dobj") is not None and not _is_place(tree, noun):
                continue
            if tree.tag(p.verb) == "VBN" and tree.lower(prep) in ("by", "in", "on") and not _is_place(tree, noun):
                continue
        return prep
    return None


def _is_place(tree: Tree, noun: int) -> bool:
    return tree.lower(noun) in _WHERE or bool(lexicon.NOUNS.get(tree.lower(noun), (frozenset[str](),))[0] & {"place"})


_WHERE = words(
    """kitchen park field beach street garden room office yard forest lake desert snow grass sidewalk stage restaurant
    classroom lab laboratory workshop hospital warehouse factory living-room backyard court studio meadow"""
)


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
    if p.verb is None or behind is None or not p.indefinite or p.joined or len(behind) < 3:
        return
    if p.tree.tag(p.verb) == "VBN" or p.tree[p.verb].lemma in ("be", "have") or "," in p.tree.words:
        return
    if not any(p.tree.tag(i).startswith("PRP") for i in p.rest):
        yield Order("inverted", [*behind, p.be, *p.introduced], 0.3)


#: Said of any caption, by family: before a noun phrase, and before a sentence.
FRAMES = {
    "A": ("this picture shows", "a picture of", "here {be}", "in this picture , there {be}", "pictured here {be}"),
    "B": ("this image shows", "an image of", "here we see", "in this image , there {be}", "shown here {be}"),
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
        if behind and p.indefinite and p.tree.child(p.subject, "acl", "relcl", "conj") in (None, p.verb):
            yield Order("frame+relative", [*before, p.who, p.be, *behind], 0.5)


def framed_sentence(tree: Tree, family: str) -> Iterator[Order]:
    """As can be seen in this picture, a dog is running."""
    root = tree.root
    past = tree.tag(root) == "VBD" and inflect(tree[root].lemma, "VBN") == tree.lower(root)  # or a participle: "curled"
    if any(tree.style) or past or not tree.is_verb(root):
        return
    if (tree.subject(root) is not None and tree.tag(root) not in ("VBG", "VBN")) or tree.child(root, "aux"):
        for frame in _BEFORE_SENTENCE[family]:
            yield Order("frame", [frame, *range(len(tree))], 0.3)


def framed_as_it_is(tree: Tree, family: str) -> Iterator[Order]:
    """This is a close-up of a plate; where the caption is a noun phrase that is not understood further."""
    root = tree.root
    if not tree.is_noun(root) or tree.span(root)[0] or any(t.label in ("nsubj", "nsubjpass") for t in tree.tokens):
        return
    bare = tree.tag(root) == "NN" and not tree.determiner(root) and tree[root].lemma in DEPICTIONS
    whole: Items = [*(["a"] if bare else []), *range(len(tree))]
    if "," not in tree.words or tree.determiner(root):
        for frame in {"A": ("this is", "here is"), "B": ("what we see is", "shown here is")}[family]:
            yield Order("frame", [frame.replace("is", "are") if tree.is_plural(root) else frame, *whole], 0.5)


def unexistential(tree: Tree) -> Iterator[Order]:
    """There is a cat on the couch -> a cat is on the couch; on the couch, there is a cat."""
    noun = tree.child(tree.root, "attr", "nsubj", "dobj") if tree.lower(0) == "there" else None
    if noun is None or tree.root != 1 or tree.lower(1) not in ("is", "are") or tree.noun_start(noun) != 2:
        return
    end = noun
    while (following := tree.child(end, "conj")) is not None and tree.is_noun(following):
        end = following
    rest = list(range(end + 1, len(tree)))
    if not rest or (tree.tag(rest[0]) != "IN" and tree.tag(rest[0]) != "VBG") or tree.lower(rest[0]) in ("of", "with"):
        return
    be = "are" if tree.is_plural(noun) else "is"
    yield Order("existential", [*range(2, end + 1), be, *rest], 2)
    if tree.lower(rest[0]) in _STATIC and not any(tree.is_verb(i) or tree.tag(i).startswith("PRP") for i in rest):
        yield Order("fronted", [*rest, ",", 0, 1, *range(2, end + 1)], 2)


def list_reordered(tree: Tree) -> Iterator[Order]:
    """Beach, sunset, palm trees -> palm trees, sunset, beach."""
    chunks = chunks_of(tree)
    if len(chunks) > 2:
        turned = chunks[::-1]
        yield Order(
            "list reordered", [item for i, chunk in enumerate(turned) for item in ([","] if i else []) + chunk], 1
        )


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
    existential, progressive, seen, fronted, passive, active, doing_first,
)  # fmt: skip
OF_TREE: tuple[Callable[[Tree], Iterator[Order]], ...] = (clause_first, unexistential, list_reordered)

"""Usual mistakes of statistical parsers on captions, which have seen few headlines and participles: those that are
mended, and those that are signs that a parser went wrong ("a technician repairs" read as a noun)."""

from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.inflection import known_as, lemma_of
from semclip.english.lexicon import kind_of
from semclip.english.parse.clause import COLLECTIVES, is_being
from semclip.english.parse.tag import COMPOUNDED
from semclip.english.parse.tree import FINITE, NOUNS, VERBS, Token, Tree
from semclip.english.words.load import listed

#: What is done to things: "a clock mounted on a wall" is no sentence about a clock that mounted.
_DONE_TO = listed("done to")


def mended(tokens: list[Token]) -> list[Token]:
    """The tokens with other tags, heads and labels where those given cannot be right."""
    for rule in _RULES:
        for place, token in list(rule(tokens)):
            tokens[place] = token
    return tokens


def _joined_alike(tokens: list[Token]) -> Iterator[tuple[int, Token]]:
    """A noun joined to another one than its "and" is goes to that of the "and"."""
    joins = [(i, token.head) for i, token in enumerate(tokens) if token.label == "cc"]
    for place, token in enumerate(tokens):
        near = [head for cc, head in joins if token.head < cc < place]
        if not near or token.label != "conj" or token.tag not in NOUNS or token.head in near:
            continue
        if near[-1] < place and tokens[near[-1]].tag in NOUNS:
            yield place, token._replace(head=near[-1])


def _no_plural(tokens: list[Token]) -> Iterator[tuple[int, Token]]:
    """A plate of spaghetti: what does not end in s is hardly ever a plural."""
    for place, token in enumerate(tokens):
        word = token.lower
        if (
            token.tag == "NNS"
            and word == token.lemma
            and word[-1:] != "s"
            and word not in lexicon.ONE_OR_MORE
            and not kind_of(word)
        ):
            yield place, token._replace(tag="NN")


def _named_like_a_person(tokens: list[Token]) -> Iterator[tuple[int, Token]]:
    """Chef preparing sushi: a capital at the start makes no name."""
    first = tokens[0]
    if first.tag == "NNP" and _tag(tokens, 1) != "NNP" and (first.lower in lexicon.NOUNS or kind_of(first.lower)):
        plural = lexicon.NOUNS.get(first.lower, (frozenset(), False))[1]
        yield 0, first._replace(tag="NNS" if plural else "NN")


def _noun_behind_and(tokens: list[Token]) -> Iterator[tuple[int, Token]]:
    """A suit and tie: no bare verb is joined to a noun."""
    for place, token in enumerate(tokens):
        if token.tag != "VB" or token.label != "conj" or place < 2 or "NOUN" not in known_as(token.lower):
            continue
        before = place - 2
        if tokens[place - 1].tag == "CC" and tokens[before].tag in NOUNS and tokens[token.head].tag != "VB":
            yield place, token._replace(tag="NN", head=before)
            yield place - 1, tokens[place - 1]._replace(head=before)
            root = next(i for i, one in enumerate(tokens) if one.head == i)
            for i, one in enumerate(tokens):
                if one.head == place and one.tag in ("VBG", "VBN"):
                    yield i, one._replace(head=root, label="acl")


def _participle_read_as_noun(tokens: list[Token]) -> Iterator[tuple[int, Token]]:
    """A kitten playing with a ball: no kind of "playing"."""
    for place, token in enumerate(tokens):
        noun = place - 1
        if token.tag != "NN" or not token.lower.endswith("ing") or token.lower in lexicon.NOUNS or noun < 0:
            continue
        before = tokens[noun]
        known = before.lower in lexicon.NOUNS or kind_of(before.lower)
        if (
            before.head != place
            or before.label != "compound"
            or not known
            or _tag(tokens, place + 1) not in ("IN", "RB")
        ):
            continue
        if "VERB" in known_as(token.lower):
            head = noun if token.head == place else token.head
            yield noun, before._replace(head=head, label=token.label)
            yield place, token._replace(tag="VBG", lemma=lemma_of(token.lower, "VBG"), head=noun, label="acl")
            for i in range(noun):
                if tokens[i].head == place:
                    yield i, tokens[i]._replace(head=noun)


def _worn(tokens: list[Token]) -> Iterator[tuple[int, Token]]:
    """A toddler in a shirt playing: the shirt does not play."""
    for place, token in enumerate(tokens):
        worn = tokens[token.head]
        if (
            token.label != "acl"
            or token.tag != "VBG"
            or token.lemma in _OF_SHIRTS
            or worn.label not in ("pobj", "dobj")
        ):
            continue
        wearer = tokens[worn.head].head
        clothes = "clothes" in lexicon.NOUNS.get(worn.lower, ((),))[0]
        if clothes and tokens[worn.head].lower in ("in", "wearing") and kind_of(tokens[wearer].lower):
            yield place, token._replace(head=wearer)


_OF_SHIRTS = frozenset({"read", "say", "show", "feature", "match", "depict", "display", "bear", "cover", "hang"})


def _subject(tokens: list[Token]) -> Iterator[tuple[int, Token]]:
    """A mechanic works: what stands before a finite verb at the top is no part of its name."""
    for place, token in enumerate(tokens):
        above = tokens[token.head]
        if token.head <= place or above.head != token.head or token.tag not in NOUNS:
            continue
        finite = (
            above.tag in ("VBZ", "VBP", "VBG")
            and token.label in ("amod", "compound", "nmod")
            and token.head == place + 1
        )
        if finite or (token.label == "npadvmod" and (place == 0 or token.head == place + 1)):
            yield place, token._replace(label="nsubj")
            for i in range(place):
                if tokens[i].head == token.head:
                    yield i, tokens[i]._replace(head=place)


def _participle(tokens: list[Token]) -> Iterator[tuple[int, Token]]:
    """A clock mounted on a wall, a sign sitting on a road; three people put up a tent."""
    for place, token in enumerate(tokens):
        above = tokens[token.head]
        if token.label == "xcomp" and token.tag == "VBG" and above.tag in NOUNS and above.head == token.head:
            yield place, token._replace(label="acl")
        if token.tag != "VBD" or token.head != place:
            continue
        subject = next((i for i, one in enumerate(tokens) if one.head == place and one.label == "nsubj"), None)
        if subject is None:
            continue
        if token.lemma == token.lower and tokens[subject].tag == "NNS":
            yield place, token._replace(tag="VBP")
        elif token.lemma in _DONE_TO and _tag(tokens, place + 1) == "IN":
            yield subject, tokens[subject]._replace(head=subject, label="ROOT")
            yield place, token._replace(tag="VBN", head=subject, label="acl")


def _determiner(tokens: list[Token]) -> Iterator[tuple[int, Token]]:
    """A stop sign: the article is that of the sign."""
    for place, token in enumerate(tokens):
        head = token.head
        while tokens[head].label == "compound" and tokens[head].head > head:
            head = tokens[head].head
        if token.label in ("det", "nummod") and head != token.head:
            yield place, token._replace(head=head)


def _tag(tokens: list[Token], place: int) -> str:
    return tokens[place].tag if place < len(tokens) else ""


_RULES = (
    _joined_alike, _no_plural, _named_like_a_person, _noun_behind_and, _participle_read_as_noun, _worn, _subject,
    _participle, _determiner,
)  # fmt: skip


def is_sound(tree: Tree) -> bool:
    """Whether numbers agree and a noun or a verb is at the top."""
    for place, token in enumerate(tree.tokens):
        if token.tag in ("NNS", "NNPS") and tree.determiner(place) in ("a", "an", "another", "each", "every"):
            start = tree.noun_start(place)
            if not {"few", "lot", "couple", "dozen", "hundred", "bunch"} & set(tree.words[start:place]):
                return False
        if token.tag == "NNS" and token.label == "compound" and tree.tag(place + 1) == "NNS":
            return False  # "boots splashes", "dogs runs"
        if token.tag == "NNS" and token.label == "compound" and is_being(tree, place) and _may_be_verb(tree, place + 1):
            return False  # "firefighters spray water"
        if token.lower in COMPOUNDED and token.label != "amod" and tree.is_noun(place - 1) and tree.is_noun(place + 1):
            return False
        if token.tag in VERBS and _is_no_verb(token):
            return False  # "kids bedroom" read as a sentence
        if token.tag in FINITE and token.label in ("dobj", "pobj", "compound", "amod"):
            return False  # "a girl in a dress runs": what is in something is a noun
        worn = "clothes" in lexicon.NOUNS.get(token.lower, ((),))[0]
        if token.tag == "NNS" and token.label == "compound" and worn and "VERB" in known_as(tree.lower(place + 1)):
            return False  # "women in kilts dance in a circle"
        runs = token.tag == "NNS" and token.lower in lexicon.THIRD_FORMS
        run = token.tag == "NN" and token.lower in lexicon.BASE_FORMS and tree.tag(tree.root) == "NNS"
        worn = "clothes" in lexicon.NOUNS.get(tree.lower(place - 1), ((),))[0] and tree.tag(place - 1) == "NN"
        if ((runs or run) and tree.lower(place + 1) in _WAYS) or (runs and worn and tree.tag(place + 1) == "IN"):
            return False  # "a skier in black races down a slope"
        if token.label == "npadvmod" and kind_of(token.lower) and tree.tag(place + 1) == "VBG":
            return False  # "a couple riding bikes" read as bikes of a kind
        again = token.label == "appos" and tree.tag(tree.noun_start(place)) == "DT"
        if again and {",", "(", "-"}.isdisjoint(tree.words[token.head : place]):
            return False  # "two children admire a baby": nothing is named again without a comma
    top, subject = tree[tree.root], tree.subject(tree.root)
    if (
        top.tag == "VBZ"
        and tree.root == len(tree) - 1
        and top.lower in lexicon.NOUNS
        and not is_being(tree, tree.root - 1)
    ):
        return False  # "playing in autumn leaves"
    of_one = subject is not None and tree.tag(subject) in ("NN", "NNP") and not tree.is_plural(subject)
    collective = tree[subject or 0].lemma in COLLECTIVES or kind_of(tree.lower(subject or 0))
    if top.tag == "VBP" and top.lower in lexicon.NOUNS and of_one and not collective:
        return False  # "a teddy bear" read as a teddy that bears
    if top.tag in NOUNS and subject is not None and tree.child(tree.root, "cop") is None:
        return False  # "a dog leaps" read as a noun
    if top.tag == "VBD" and tree.child(tree.root - 1, "poss") is not None and "with" in tree.words[: tree.root]:
        return False  # "a singer with her eyes closed"
    if (
        (top.tag == "VB" and tree.child(tree.root, "aux") is None)
        or (tree.root == 0 and top.tag in ("VBN", "VBP"))
        or (subject is not None and tree.tag(subject) in ("JJ", "VBG"))
    ):
        return False  # nobody is told to do something
    return top.tag in NOUNS or tree.is_verb(tree.root) or top.tag in ("MD", "CD")


_WAYS = frozenset({"down", "up", "across", "through", "into", "toward", "towards", "along", "past", "off", "onto"})


def _may_be_verb(tree: Tree, place: int) -> bool:
    return tree.tag(place) == "NN" and "VERB" in known_as(tree.lower(place)) and tree.is_noun(place + 1)


def _is_no_verb(token: Token) -> bool:
    readings = known_as(token.lemma)
    return (
        "NOUN" in readings and "VERB" not in readings and "AUX" not in readings and "VERB" not in known_as(token.lower)
    )

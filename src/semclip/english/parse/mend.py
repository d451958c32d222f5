"""Usual mistakes of statistical parsers on captions, which have seen few headlines and participles: those that are
mended, and those that are signs that a parser went wrong ("a technician repairs" read as a noun)."""

from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.inflection import known_as, lemma_of, words
from semclip.english.lexicon import kind_of
from semclip.english.parse.clause import COLLECTIVES, is_being
from semclip.english.parse.tag import COMPOUNDED
from semclip.english.parse.tree import FINITE, NOUNS, VERBS, Token, Tree
from semclip.english.words.load import listed

#: What is done to things: "a clock mounted on a wall" is no sentence about a clock that mounted.
_DONE_TO = listed("done to")
#: What a shirt does, and not who wears it.
_OF_SHIRTS = words("read say show feature match depict display bear cover hang")
_BEHIND_ACTS = words("down up across through into toward towards along past off onto as while")
_SIDES = words("left right center centre")
_ONE = ("NN", "NNP")
#: Tags of what may follow a verb.
_BEHIND_VERBS = ("IN", "RB", "DT", "TO", "PRP$", "VBG")
_SEVERAL = words("few lot couple dozen hundred bunch")

#: Tokens that are to stand at these places.
_Mends = Iterator[tuple[int, Token]]


def mended(tokens: list[Token]) -> list[Token]:
    """The tokens with other tags, heads and labels where those given cannot be right."""
    for rule in _RULES:
        for place, token in list(rule(tokens)):
            tokens[place] = token
    return tokens


def _joined_alike(tokens: list[Token]) -> _Mends:
    """A noun joined to another one than its "and" is goes to that of the "and"."""
    joins = [(i, token.head) for i, token in enumerate(tokens) if token.label == "cc"]
    for place, token in enumerate(tokens) if joins else ():
        if token.label == "conj" and token.tag in NOUNS:
            near = [head for cc, head in joins if token.head < cc < place]
            if near and token.head not in near and near[-1] < place and tokens[near[-1]].tag in NOUNS:
                yield place, token._replace(head=near[-1])


def _no_plural(tokens: list[Token]) -> _Mends:
    """A plate of spaghetti: what does not end in s is hardly ever a plural."""
    for place, token in enumerate(tokens):
        bare = token.tag == "NNS" and token.lower == token.lemma and token.lemma[-1:] != "s"
        if bare and token.lemma not in lexicon.ONE_OR_MORE and not kind_of(token.lemma):
            yield place, token._replace(tag="NN")


def _named_like_a_person(tokens: list[Token]) -> _Mends:
    """Chef preparing sushi: a capital at the start makes no name, nor a verb of what is none."""
    first = tokens[0]
    named = first.tag == "VB" and first.label == "compound" and "VERB" not in known_as(first.lower)
    if named or (first.tag == "NNP" and _tag(tokens, 1) != "NNP" and _is_known(first)):
        yield 0, first._replace(tag="NNS" if lexicon.NOUNS.get(first.lower, ("", False))[1] else "NN")


def _noun_behind_and(tokens: list[Token]) -> _Mends:
    """A suit and tie: no bare verb is joined to a noun."""
    for place, token in enumerate(tokens):
        if token.tag == "VB" and token.label == "conj" and place > 1 and "NOUN" in known_as(token.lower):
            one, cc = place - 2, tokens[place - 1]
            if cc.tag == "CC" and tokens[one].tag in NOUNS and tokens[token.head].tag != "VB":
                yield place, token._replace(tag="NN", head=one)
                yield place - 1, cc._replace(head=one)
                root = _root(tokens)
                for i, word in enumerate(tokens):
                    if word.head == place and word.tag in ("VBG", "VBN"):
                        yield i, word._replace(head=root, label="acl")


def _participle_read_as_noun(tokens: list[Token]) -> _Mends:
    """A kitten playing with a ball: no kind of "playing"."""
    for place, token in enumerate(tokens):
        if token.tag != "NN" or not token.lower.endswith("ing") or token.lower in lexicon.NOUNS or not place:
            continue
        noun, before = place - 1, tokens[place - 1]
        describes = before.head == place and before.label == "compound" and _is_known(before)
        if describes and _tag(tokens, place + 1) in ("IN", "RB") and "VERB" in known_as(token.lower):
            yield noun, before._replace(head=noun if token.head == place else token.head, label=token.label)
            yield place, token._replace(tag="VBG", lemma=lemma_of(token.lower, "VBG"), head=noun, label="acl")
            yield from _rehung(tokens, noun, place, noun)


def _verb_read_as_noun(tokens: list[Token]) -> _Mends:
    """Gymnast Ana Petrova competes on a beam, a seal heads for the shore: no plural has a subject or an "a"."""
    root = _root(tokens)
    verb, said = tokens[root], tokens[:root]
    if verb.tag != "NNS" or not said or "VERB" not in known_as(verb.lower):
        return
    before = [i for i, one in enumerate(said) if one.head == root]
    subject = next((i for i in before if said[i].label == "nsubj" and said[i].tag in _ONE), root - 1)
    of_one = any(said[i].lower in ("a", "an") for i in before) and _SEVERAL.isdisjoint(one.lower for one in said)
    named = said[-1].tag == "NNP" and any(kind_of(one.lower) == "person" for one in said)
    told = said[subject].label == "nsubj" or ((of_one or named) and _tag(tokens, root + 1) in _BEHIND_VERBS)
    if told and said[subject].tag in _ONE:
        yield root, verb._replace(tag="VBZ", lemma=lemma_of(verb.lower, "VBZ"))
        yield subject, said[subject]._replace(head=root, label="nsubj")
        yield from _rehung(tokens, subject, root, subject)


def _verb_of_several(tokens: list[Token]) -> _Mends:
    """Dancers of the ballet perform a scene: nobody is told to."""
    root = _root(tokens)
    below = {(one.label, one.tag) for one in tokens[:root] if one.head == root}
    if tokens[root].tag == "VB" and ("nsubj", "NNS") in below and all(label != "aux" for label, _ in below):
        yield root, tokens[root]._replace(tag="VBP")


def _side_of_photo(tokens: list[Token]) -> _Mends:
    """Minister Ida Falk, left, shakes hands: she has not left."""
    side = _root(tokens)
    if tokens[side].lower not in _SIDES or not 0 < side < len(tokens) - 2:
        return
    verb = next((i for i, one in enumerate(tokens) if i > side and one.head == side and one.tag in FINITE), None)
    if verb is not None and tokens[side - 1].text == tokens[side + 1].text == ",":
        subject = next((i for i, one in enumerate(tokens[:side]) if one.label == "nsubj"), side)
        yield verb, tokens[verb]._replace(head=verb, label="ROOT")
        for i, one in enumerate(tokens):
            if one.head == side and i not in (side, verb, side - 1, side + 1):
                yield i, one._replace(head=verb)
        for i in (side - 1, side, side + 1):
            yield i, tokens[i]._replace(head=subject, label="advmod" if i == side else "punct")


def _worn(tokens: list[Token]) -> _Mends:
    """A toddler in a shirt playing: the shirt does not play."""
    for place, token in enumerate(tokens):
        if token.label == "acl" and token.tag == "VBG" and token.lemma not in _OF_SHIRTS:
            worn = tokens[token.head]
            wearer = tokens[worn.head].head
            clothes = worn.label in ("pobj", "dobj") and lexicon.is_clothes(worn.lower)
            if clothes and tokens[worn.head].lower in ("in", "wearing") and kind_of(tokens[wearer].lower):
                yield place, token._replace(head=wearer)


def _subject(tokens: list[Token]) -> _Mends:
    """A mechanic works: what stands before a finite verb at the top is no part of its name."""
    for place, token in enumerate(tokens):
        above = tokens[token.head]
        if token.head > place and above.head == token.head and token.tag in NOUNS:
            beside = token.head == place + 1
            acts = above.tag in ("VBZ", "VBP", "VBG") and token.label in ("amod", "compound", "nmod") and beside
            if acts or (token.label == "npadvmod" and (place == 0 or beside)):
                yield place, token._replace(label="nsubj")
                yield from _rehung(tokens, place, token.head, place)


def _participle(tokens: list[Token]) -> _Mends:
    """A clock mounted on a wall, a sign sitting on a road; three people put up a tent."""
    for place, token in enumerate(tokens):
        above = tokens[token.head]
        if token.label == "xcomp" and token.tag == "VBG" and above.tag in NOUNS and above.head == token.head:
            yield place, token._replace(label="acl")
        if token.tag != "VBD" or token.head != place:
            continue
        subject = next((i for i, one in enumerate(tokens) if one.head == place and one.label == "nsubj"), place)
        if token.lemma == token.lower and tokens[subject].tag == "NNS":
            yield place, token._replace(tag="VBP")
        elif token.lemma in _DONE_TO and _tag(tokens, place + 1) == "IN" and subject != place:
            yield subject, tokens[subject]._replace(head=subject, label="ROOT")
            yield place, token._replace(tag="VBN", head=subject, label="acl")


def _determiner(tokens: list[Token]) -> _Mends:
    """A stop sign: the article is that of the sign."""
    for place, token in enumerate(tokens):
        if token.label in ("det", "nummod"):
            head = token.head
            while tokens[head].label == "compound" and tokens[head].head > head:
                head = tokens[head].head
            if head != token.head:
                yield place, token._replace(head=head)


def _rehung(tokens: list[Token], end: int, old: int, new: int) -> _Mends:
    """What stands before `end` and hung on an old head hangs on a new one."""
    return ((i, token._replace(head=new)) for i, token in enumerate(tokens[:end]) if token.head == old)


def _root(tokens: list[Token]) -> int:
    return next(i for i, token in enumerate(tokens) if token.head == i)


def _tag(tokens: list[Token], place: int) -> str:
    return tokens[place].tag if place < len(tokens) else ""


def _is_known(noun: Token) -> bool:
    return noun.lower in lexicon.NOUNS or kind_of(noun.lower) != ""


_RULES = (
    _joined_alike, _no_plural, _named_like_a_person, _noun_behind_and, _participle_read_as_noun, _verb_read_as_noun,
    _verb_of_several, _side_of_photo, _worn, _subject, _participle, _determiner,
)  # fmt: skip


def is_sound(tree: Tree) -> bool:
    """Whether numbers agree and a noun or a verb is at the top."""
    return _has_a_top(tree) and not any(_is_odd(tree, place, token) for place, token in enumerate(tree))


def _is_odd(tree: Tree, place: int, token: Token) -> bool:
    """Whether a word cannot be what the parser takes it for."""
    following, word = tree.tag(place + 1), tree.words[place]
    several = token.tag == "NNS" and word != "police"
    if word in COMPOUNDED and token.label != "amod" and tree.is_noun(place - 1) and following in NOUNS:
        return True  # "a snow covered slope"
    if token.tag in VERBS:
        called = token.tag in FINITE and token.label in ("dobj", "pobj", "compound", "amod")
        return called or _is_no_verb(token)  # "a girl in a dress runs"; "kids bedroom" read as a sentence
    one = token.tag in ("NNS", "NNPS") and tree.determiner(place) in ("a", "an", "another", "each", "every")
    if one and _SEVERAL.isdisjoint(tree.words[tree.noun_start(place) : place]):
        return True
    if several and token.label == "compound":
        may_be_verb = "VERB" in known_as(tree.lower(place + 1))
        if following == "NNS" or (may_be_verb and lexicon.is_clothes(word)):
            return True  # "boots splashes", "dogs runs"; "women in kilts dance in a circle"
        if may_be_verb and following == "NN" and tree.is_noun(place + 2) and (place == 0 or is_being(tree, place)):
            return True  # "firefighters spray water"
    again = token.label == "appos" and tree.tag(tree.noun_start(place)) == "DT"
    if again and {",", "(", "-"}.isdisjoint(tree.words[token.head : place]):
        return True  # "two children admire a baby": nothing is named again without a comma
    if token.label == "npadvmod" and following == "VBG" and kind_of(word):
        return True  # "a couple riding bikes" read as bikes of a kind
    runs = several and word in lexicon.THIRD_FORMS
    run = token.tag == "NN" and word in lexicon.BASE_FORMS and tree.tag(tree.root) == "NNS"
    if (runs or run) and tree.lower(place + 1) in _BEHIND_ACTS:
        return True  # "a skier in black races down a slope"
    return runs and following == "IN" and tree.tag(place - 1) == "NN" and lexicon.is_clothes(tree.lower(place - 1))


def _has_a_top(tree: Tree) -> bool:
    """Whether a noun, or a verb with its subject, is at the top."""
    root, subject = tree.root, tree.subject(tree.root)
    top, is_noun = tree[root], tree.words[root] in lexicon.NOUNS
    if top.tag in NOUNS:
        return subject is None or tree.child(root, "cop") is not None  # "a dog leaps" read as a noun
    if not (tree.is_verb(root) or top.tag in ("MD", "CD")) or (root == 0 and top.tag in ("VBN", "VBP")):
        return False
    if top.tag == "VB" and tree.child(root, "aux") is None:
        return False  # nobody is told to do something
    if top.tag == "VBZ" and is_noun and root == len(tree) - 1 and not is_being(tree, root - 1):
        return False  # "playing in autumn leaves"
    if top.tag == "VBD" and tree.child(root - 1, "poss") is not None and "with" in tree.words[:root]:
        return False  # "a singer with her eyes closed"
    if subject is None:
        return True
    of_one = tree.tag(subject) in ("NN", "NNP") and not tree.is_plural(subject)
    if top.tag == "VBP" and is_noun and of_one and tree[subject].lemma not in COLLECTIVES:
        return kind_of(tree.lower(subject)) != ""  # "a teddy bear" read as a teddy that bears
    return tree.tag(subject) not in ("JJ", "VBG")


def _is_no_verb(token: Token) -> bool:
    readings = known_as(token.lemma) | known_as(token.lower)
    return "NOUN" in known_as(token.lemma) and readings.isdisjoint({"VERB", "AUX"})

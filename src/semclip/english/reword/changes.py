"""Small changes inside a caption that keep its meaning: wearing a hat -> in a hat; a cup and a jug swapped."""

from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.inflection import inflect, known_as, words
from semclip.english.negate.denied import DEPICTIONS
from semclip.english.parse.clause import inside_collective, is_being
from semclip.english.parse.tree import Tree
from semclip.english.render import moved
from semclip.english.reword.doubts import is_terse
from semclip.english.reword.parts import pronoun_of, relative_of
from semclip.english.reword.places import is_clothes, is_place
from semclip.english.reword.synonyms import Swap

#: Determiners of what is not known already, of one and of several.
_INDEFINITE = {"NN": words("a an") | {""}, "NNS": words("some two three four five several many") | {""}}
_BEHIND = words("background foreground distance")
_OWN = words("the his her its their both this these that those")


def changes(tree: Tree) -> Iterator[Swap]:
    """Every small change that may be made."""
    if any(token.label == "neg" for token in tree.tokens):
        return
    sentence = not (is_terse(tree) or any(tree.style))
    for place, token in enumerate(tree.tokens):
        if token.label == "acl" and token.tag in ("VBG", "VBN"):
            yield from _participle(tree, place, sentence)
        elif token.lower == "in" and token.label == "prep":
            yield from _worn(tree, place)
        elif token.lower == "with" and token.label == "prep" and sentence:
            yield from _had(tree, place)
        elif token.label == "cc" and token.lower == "and":
            yield from _joined_swapped(tree, place)
        elif token.tag == "VBG" and token.label == "ROOT":
            yield from _simple(tree, place)


def _one(tree: Tree, noun: int) -> bool:
    """Whether a relative clause may follow a noun: it is not one of two, not known already, and not a picture."""
    alone = tree.child(noun, "conj") is None and tree[noun].label != "conj" and tree[noun].lemma not in DEPICTIONS
    return alone and tree.determiner(noun) in _INDEFINITE.get(tree.tag(noun), ())


def _participle(tree: Tree, place: int, sentence: bool) -> Iterator[Swap]:
    """a man riding a horse -> a man who is riding a horse; wearing a hat -> in a hat."""
    head, tag = tree[place].head, tree.tag(place)
    noun = place - 1 if inside_collective(tree, head) == place - 1 and tag == "VBG" else head
    if "with" in tree.words[max(0, tree.noun_start(head) - 1) : noun] or noun != place - 1 or not _one(tree, noun):
        return  # with his head bowed
    if tree.is_noun(noun - 1) and is_being(tree, noun - 1) and not is_being(tree, noun):
        return  # a man rock climbing
    worn = tree.child(place, "dobj")
    dressed = tree.lower(place) == "wearing" and is_being(tree, noun) and is_clothes(tree, worn)
    if dressed and tree.child(place, "conj") is None:
        yield Swap(place, place + 1, "in", "in")
    if tree[noun].label in ("pobj", "dobj") and noun == head and tag == "VBG" and not is_being(tree, noun):
        return  # in "a boy in a creek throwing a rock" the creek throws nothing
    if tag == "VBN":  # shares fell; a hat made
        done = inflect(tree[place].lemma, "VBN") == tree.lower(place)
        sentence = sentence and done and tree.child(place, "prep", "agent") is not None
    if sentence and place + 1 < len(tree) and not (tree.tag(noun) == "NN" and tree.noun_start(noun) == noun):
        clause = relative_of(tree, noun, tree.is_plural(noun), place)
        said = (tree.lower(item) if isinstance(item, int) else item for item in clause)
        yield Swap(place, place + 1, " ".join(said), "relative")


def _worn(tree: Tree, place: int) -> Iterator[Swap]:
    """a woman in a hat -> a woman wearing a hat."""
    noun = tree[place].head
    if noun == place - 1 and _one(tree, noun) and is_being(tree, noun) and is_clothes(tree, tree.child(place, "pobj")):
        yield Swap(place, place + 1, "wearing", "wearing")


def _had(tree: Tree, place: int) -> Iterator[Swap]:
    """a kitchen with a stove -> a kitchen that has a stove."""
    noun, what = tree[place].head, tree.child(place, "pobj")
    if what is None or noun != place - 1 or not _one(tree, noun) or tree.child(what, "acl", "relcl") is not None:
        return
    if tree.determiner(what) in _OWN or not _BEHIND.isdisjoint(tree.words[what:]):
        return
    if tree.tag(what) == "NN" and not tree.determiner(what) and tree[what].lemma not in lexicon.MASS:
        return
    # In "a man in a boat with his dog" nobody knows who has the dog.
    first = not any(tree.is_noun(i) or tree.is_verb(i) for i in range(tree.noun_start(noun)))
    if first or (tree.child(what, "prep", "conj") is None and tree[noun].label not in ("pobj", "dobj")):
        has = "have" if tree.is_plural(noun) else "has"
        yield Swap(place, place + 1, f"{pronoun_of(tree, noun)} {has}", "relative")


def _joined_swapped(tree: Tree, cc: int) -> Iterator[Swap]:
    """a man and a dog -> a dog and a man; of two things that the caption is about, or that end it."""
    one, last = cc - 1, next((i for i in range(cc + 1, len(tree)) if not tree.is_noun(i + 1) and tree.is_noun(i)), cc)
    first = tree.noun_start(one)
    about = first == 0 or (first == 2 and tree.lower(0) == "there")
    where = tree.child(last + 1, "pobj") if last + 1 < len(tree) else None
    apart = tree.is_verb(last + 1) or (where is not None and is_place(tree, where))  # not "a man and a dog on a leash"
    ends = last + 1 == len(tree) or (about and apart)
    alike = is_being(tree, one) == is_being(tree, last) and (about or not is_being(tree, one))
    joined = tree.tag(one) == tree.tag(last) == "NN" and tree[last].head == one and tree.noun_start(last) == cc + 1
    # Without articles of their own, what describes the first may describe both: an old coat and hat.
    if ends and alike and joined and {tree.lower(first), tree.lower(cc + 1)} <= {"a", "an"} and not any(tree.style):
        items = (" ".join(moved(tree, i) for i in range(*item)) for item in ((cc + 1, last + 1), (first, cc)))
        yield Swap(first, last + 1, " and ".join(items), "joined swapped")


def _simple(tree: Tree, verb: int) -> Iterator[Swap]:
    """is running -> runs."""
    subject, lemma, helper = tree.subject(verb), tree[verb].lemma, tree.lower(verb - 1)
    joined = any(tree.tag(i) == "VBG" and tree.lower(i - 1) == "and" for i in range(verb + 2, len(tree)))
    plain = subject is not None and subject < verb - 1 and tree.child(verb, "conj") is None and not joined
    if plain and helper in ("is", "are") and "VERB" in known_as(lemma) and lemma not in ("be", "go"):
        yield Swap(verb - 1, verb + 1, inflect(lemma, "VBZ" if helper == "is" else "VBP"), "simple")

"""Small changes inside a caption that keep its meaning: wearing a hat -> in a hat; is running -> runs."""

from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.inflection import inflect, known_as, words
from semclip.english.parse.clause import inside_collective, is_being
from semclip.english.parse.tree import Tree
from semclip.english.reword.doubts import is_headline
from semclip.english.reword.parts import STATIVE, be_of, pronoun_of
from semclip.english.reword.places import is_clothes
from semclip.english.reword.synonyms import Swap

#: Determiners of what is not known already, of one and of several.
_INDEFINITE = {"NN": words("a an") | {""}, "NNS": words("some two three four five several many") | {""}}
#: What is only to be seen there, or known already: a tower with a sky behind it, with his dog.
_NOT_HAD = words("background foreground distance him her it them his its their both this these that those the")


def changes(tree: Tree) -> Iterator[Swap]:
    """Every small change that may be made."""
    sentence = not is_headline(tree)
    for place, token in enumerate(tree):
        if token.label == "acl" and token.tag in ("VBG", "VBN"):
            yield from _participle(tree, place, sentence)
        elif token.label == "prep" and token.lower == "in":
            yield from _worn(tree, place)
        elif token.label == "prep" and token.lower == "with" and sentence:
            yield from _had(tree, place)
        elif token.tag == "VBG" and token.label == "ROOT":
            yield from _simple(tree, place)


def _one(tree: Tree, noun: int) -> bool:
    """Whether a relative clause may follow a noun: it is not one of two, and not known already."""
    alone = tree.child(noun, "conj") is None and tree[noun].label != "conj"
    return alone and tree.determiner(noun) in _INDEFINITE.get(tree.tag(noun), ())


def _is_first(tree: Tree, noun: int) -> bool:
    """Whether it is the first noun: behind two of them, nobody knows whose the words are that follow."""
    return not any(tree.is_noun(i) or tree.is_verb(i) for i in range(tree.noun_start(noun)))


def _participle(tree: Tree, place: int, sentence: bool) -> Iterator[Swap]:
    """a man riding a horse -> a man who is riding a horse; wearing a hat -> in a hat."""
    head, tag = tree[place].head, tree.tag(place)
    noun = place - 1 if inside_collective(tree, head) == place - 1 and tag == "VBG" else head
    if noun != place - 1 or not _one(tree, noun) or "with" in tree.words[max(0, tree.noun_start(head) - 1) : noun]:
        return  # with his head bowed
    if is_being(tree, noun - 1) and not is_being(tree, noun):
        return  # a man rock climbing
    if tree.lower(place) == "wearing" and is_being(tree, noun) and is_clothes(tree, tree.child(place, "dobj")):
        yield Swap(place, place + 1, "in", "in")
    done = (tag == "VBG" and tree[place].lemma not in STATIVE) or (
        inflect(tree[place].lemma, "VBN") == tree.lower(place) and tree.child(place, "prep", "agent") is not None
    )  # a map that is showing a river; shares fell; a hat made
    bare = tree.tag(noun) == "NN" and tree.noun_start(noun) == noun
    if sentence and done and not bare and place + 1 < len(tree) and _is_first(tree, head):
        said = f"{pronoun_of(tree, noun)} {be_of(tree.is_plural(noun))} {tree.lower(place)}"
        yield Swap(place, place + 1, said, "relative")


def _worn(tree: Tree, place: int) -> Iterator[Swap]:
    """a woman in a hat -> a woman wearing a hat."""
    noun = tree[place].head
    if noun == place - 1 and _one(tree, noun) and is_being(tree, noun) and is_clothes(tree, tree.child(place, "pobj")):
        yield Swap(place, place + 1, "wearing", "wearing")


def _had(tree: Tree, place: int) -> Iterator[Swap]:
    """a kitchen with a stove -> a kitchen that has a stove."""
    noun, what = tree[place].head, tree.child(place, "pobj")
    if what is None or noun != place - 1 or not _one(tree, noun) or not _is_first(tree, noun):
        return
    if is_being(tree, what) or not _NOT_HAD.isdisjoint(tree.words[place:]):
        return
    salmon = tree.tag(noun) == "NN" and not (tree.determiner(noun) or is_being(tree, noun))  # with lemon
    counted = tree.tag(what) != "NN" or tree.determiner(what) or tree[what].lemma in lexicon.MASS
    if counted and not salmon and tree.child(what, "acl", "relcl") is None:
        has = "have" if tree.is_plural(noun) else "has"
        yield Swap(place, place + 1, f"{pronoun_of(tree, noun)} {has}", "relative")


def _simple(tree: Tree, verb: int) -> Iterator[Swap]:
    """is running -> runs."""
    subject, lemma, helper = tree.subject(verb), tree[verb].lemma, tree.lower(verb - 1)
    joined = any(tree.tag(i) == "VBG" and tree.lower(i - 1) == "and" for i in range(verb + 2, len(tree)))
    plain = subject is not None and tree.child(verb, "conj") is None and not joined
    if plain and helper in ("is", "are") and "VERB" in known_as(lemma) and lemma not in ("be", "go"):
        yield Swap(verb - 1, verb + 1, inflect(lemma, "VBZ" if helper == "is" else "VBP"), "simple")

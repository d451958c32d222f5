"""Where a caption tells of the place, the time or what goes along with it, and that may stand first."""

from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.inflection import words
from semclip.english.parse.clause import is_being
from semclip.english.parse.tree import FINITE, Tree
from semclip.english.reword.doubts import is_misread
from semclip.english.words.load import listed

_STATIC = listed("static prepositions")
_MOVES = listed("moves")
_GOALS = listed("goals")
_AIMED = listed("aimed")
_WHERE = listed("wheres")
_NOWHERE = listed("body") | words(
    "background distance foreground air way other manner row line circle direction color colour shape size style"
)
_JOINING = words("while as when after before until because")
#: What says more of the verb than where, or of the last noun: in the snow from an adult, on a chair with one arm.
_BESIDES = words("from to for into onto toward towards with")
_DATELINE = words("in at on off during near outside before after ahead aboard")
_CAUSES = words("force cause prompt trigger leave send make give create injure kill damage destroy")
#: What may be where a thing is, not all that is told.
_BUILT = words("wall cliff building house tower slope path trail bridge castle temple door gate table")


def told_by(tree: Tree) -> int | None:
    """The verb of a sentence that starts with its subject."""
    subject, root = tree.subject(tree.root), tree.root
    helped = tree.child(root, "aux", "auxpass") is not None
    if subject is None or not (helped or tree.tag(root) in FINITE) or is_misread(tree, subject, True):
        return None
    return None if any(tree.is_verb(i) or tree.lower(i) == "," for i in range(subject)) else root


def is_clothes(tree: Tree, noun: int | None) -> bool:
    return noun is not None and lexicon.is_clothes(tree.lower(noun))


def last_place(tree: Tree, subject: int, verb: int | None, be: int | None, there: bool) -> int | None:
    """Where the caption's last words start if they say where it all happens. there: it begins with "there is"."""
    heads = (verb if verb is not None else subject if be is None else be, 1 if there else -1)
    for prep in tree.ends:
        head = tree[prep].head
        while verb is None and tree[head].label == "conj":
            head = tree[head].head
        if head in heads and _is_where(tree, subject, verb, prep):
            return prep
    return None


def _is_where(tree: Tree, subject: int, verb: int | None, prep: int) -> bool:
    """Whether it is said of all: on a couch; nothing that the verb needs or that tells more of the last noun."""
    inside, word = range(prep, len(tree)), tree.lower(prep)
    if word not in _STATIC or tree.tag(prep - 1) in ("RP", "RB"):
        return False  # sits up on a roof
    told = range(verb + 1 if verb is not None else subject + 1, prep)
    if any(tree.lower(i) == "with" or (verb is None and tree.tag(i) == "IN" and tree.lower(i) != "of") for i in told):
        return False  # plays with lights on the horizon; a nurse at a desk and a boy in a hall
    if any(tree.is_verb(i) or tree.lower(i) in _BESIDES for i in inside):
        return False
    noun = _noun_behind(tree, prep)
    if tree[noun].lemma in ("top", "front", "middle") and tree.lower(noun + 1) == "of":
        noun = _noun_behind(tree, noun + 1)
    if not tree.is_noun(noun) or tree[noun].lemma in _NOWHERE or is_clothes(tree, noun):
        return False
    setting, determiner = _is_setting(tree, noun, prep), tree.determiner(noun)
    bare = verb is None and not determiner and (setting or tree.tag(noun) == "NNS")
    if determiner not in ("a", "an", "the", "some") and not bare:
        return False  # in action
    if setting:
        return verb is None or tree[verb].lemma not in _GOALS
    # What is no place may be that of the last noun: a leash is the dog's, in "a man and a dog on a leash".
    if verb is None:
        several = is_being(tree, subject) and tree.child(subject, "conj") is not None
        return not is_being(tree, noun) and not (several and word in ("in", "on", "at"))
    if tree.is_noun(prep - 1) or (tree.tag(verb) == "VBN" and word in ("by", "in", "on")):
        return False
    return tree[verb].lemma not in _MOVES and not (word in ("at", "on") and tree[verb].lemma in _AIMED)


def _noun_behind(tree: Tree, start: int) -> int:
    """The head of the first noun phrase; start where there is none."""
    return next((i for i in range(start, len(tree)) if tree.is_noun(i) and not tree.is_noun(i + 1)), start)


def _is_setting(tree: Tree, noun: int, prep: int) -> bool:
    """Whether a place is one that holds all that is told: behind another noun, a wall may be where that thing is."""
    place = tree[noun].lemma in _WHERE or "place" in lexicon.NOUNS.get(tree.lower(noun), ((),))[0]
    return place and not (tree.is_noun(prep - 1) and tree[noun].lemma in _BUILT)


def adjuncts(tree: Tree, verb: int, joined: tuple[int, ...] = ()) -> Iterator[int]:
    """Where an end starts that may stand first wherever a parser hangs it: with his head bowed; in Rome on Monday."""
    for start in range(verb + 1, len(tree)):
        told = tree.lower(start) in _JOINING and any(tree.tag(i) in FINITE for i in range(start, len(tree)))
        if told or tree.tag(start) in FINITE:
            if told and _is_clause(tree, start, verb):
                yield start
            return
        whole = start - 1 > max(joined, default=-1) and not _is_cut(tree, start)
        if whole and (_goes_along(tree, start, verb) or _says_when(tree, start, verb)):
            yield start


def _is_cut(tree: Tree, start: int) -> bool:
    """Whether an end is no whole: something before it belongs to it, or a clause ends it."""
    behind = range(start + 1, len(tree))
    cut = any(tree.lower(i) in _JOINING or tree.tag(i) in FINITE for i in behind)
    return cut or tree.tag(start - 1) in ("DT", "CC", "IN", "RP")


def _is_clause(tree: Tree, start: int, verb: int) -> bool:
    """while a dog eats; not "as it does", "looks as ..."."""
    pronoun = any(tree.tag(i) == "PRP" for i in range(start, len(tree)))
    opened = tree.is_noun(start + 1) or tree.tag(start + 1) in ("DT", "PRP$")
    return opened and not pronoun and (start > verb + 1 or tree.lower(start) != "as")


def _goes_along(tree: Tree, start: int, verb: int) -> bool:
    """while singing; with her arms folded; with a stick in its mouth; ", waving a flag"."""
    if tree.lower(start) == "with":
        noun = _noun_behind(tree, start)
        tags = [tree.tag(i) for i in range(noun + 1, len(tree))]
        if tree.tag(start + 1) == "PRP$":  # with her arms folded by a door: who is by the door?
            return tags[:1] == ["VBG"] or tags in (["VBN"], ["JJ"])
        another = any(is_being(tree, i) for i in (*range(verb, start), noun))
        return not another and tags[:2] == ["IN", "PRP$"] and len(tags) == 3
    doing = start if tree.lower(start - 1) == "," else start + 1 if tree.lower(start) == "while" else -1
    # zebras lined up, drinking: a phrase? ", forcing": it is what happens that forces
    return tree.tag(doing) == "VBG" and tree.tag(verb) != "VBD" and tree[doing].lemma not in _CAUSES


def _says_when(tree: Tree, start: int, verb: int) -> bool:
    """in Rome on Monday; in a park; nothing that the verb needs or that says more of another noun."""
    end, word = range(start, len(tree)), tree.lower(start)
    further = any(tree.tag(i)[:3] == "PRP" or tree.lower(i) in _BESIDES for i in end)
    if word not in _DATELINE or start == verb + 1 or further:
        return False
    if any(map(tree.is_verb, range(verb + 1, start))) or (word in ("at", "on") and tree[verb].lemma in _AIMED):
        return False  # the hills are where the fire burns, in "smoke rises from a fire burning in the hills"
    named = any(tree.tag(i).startswith("NNP") for i in (end[1:2] if word == "on" else end))
    return (named and not any(tree.style)) or _is_setting(tree, _noun_behind(tree, start), start)

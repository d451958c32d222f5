"""Where a caption tells of the place, the time or what goes along with it, and that may stand first."""

from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.inflection import inflect, words
from semclip.english.parse.clause import is_being, is_person
from semclip.english.parse.tree import FINITE, Tree
from semclip.english.reword.doubts import is_misread
from semclip.english.words.load import listed

_STATIC = listed("static prepositions")
_MOVES = listed("moves")
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
#: What may be where a thing is, not all that is told.
_BUILT = words("wall cliff building house tower slope path trail bridge castle temple door gate table")


def told_by(tree: Tree) -> int | None:
    """The verb of a sentence that starts with its subject."""
    subject, root = tree.subject(tree.root), tree.root
    helped = tree.child(root, "aux", "auxpass") is not None
    if subject is None or not subject < root or not (helped or tree.tag(root) in FINITE):
        return None
    if tree.noun_start(subject) and any(tree.is_verb(i) or tree.lower(i) == "," for i in range(subject)):
        return None
    if is_misread(tree, subject, True):
        return None
    participle = tree.tag(root) == "VBD" and inflect(tree[root].lemma, "VBN") == tree.lower(root)  # or one: "curled"
    return None if participle and not is_being(tree, subject) else root


def is_clothes(tree: Tree, noun: int | None) -> bool:
    return noun is not None and "clothes" in lexicon.NOUNS.get(tree.lower(noun), ((),))[0]


def last_place(tree: Tree, subject: int, verb: int | None, be: int | None, there: bool) -> int | None:
    """Where the caption's last words start if they say where it all happens. there: it begins with "there is"."""
    heads = [verb if verb is not None else subject if be is None else be]
    while verb is None and be is None and (following := tree.child(heads[-1], "conj")) is not None:
        heads.append(following)
    several = len(heads) > 1 and is_being(tree, subject)
    for prep in (
        prep for one in [*reversed(heads), *([1] if there else [])] for prep in tree.children(one, "prep", "advmod")
    ):
        if (
            tree.span(prep) == (prep, len(tree))
            and tree.lower(prep + 1) != ","
            and _is_where(tree, subject, verb, prep, several)
        ):
            return prep
    return None


def _is_where(tree: Tree, subject: int, verb: int | None, prep: int, several: bool) -> bool:
    start = verb if verb is not None else subject
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
        return not is_being(tree, noun) and not (several and tree.lower(prep) in ("in", "on", "at"))
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


def adjuncts(tree: Tree, verb: int, joined: tuple[int, ...] = ()) -> Iterator[int]:
    """Where an end starts that may stand first wherever a parser hangs it: with his head bowed; in Rome on Monday."""
    subject = tree.subject(verb)
    person = subject is not None and tree.tag(subject).startswith("NNP")
    titled = any(tree.style) and not tree[verb].text[:1].islower()
    for start in range(verb + 1, len(tree)):
        end = range(start, len(tree))
        tags, said = [tree.tag(i) for i in end], tree.words[start:]
        finite = not FINITE.isdisjoint(tags)
        if said[0] in _JOINING and finite and start > verb + (said[0] == "as") and "PRP" not in tags:
            if tree.tag(start + 1) in ("DT", "PRP$", "NN", "NNS", "NNP"):
                yield start
        elif finite and said[0] in _DATELINE and _tells_of_place(tree, start, verb):
            yield start
        if any(tree.tag(i) in FINITE or tree.lower(i) in _JOINING for i in range(verb + 1, start)):
            return
        if tree.tag(start - 1) in ("DT", "CC") or tree.lower(start + 1) == ",":
            continue
        if finite or max((*joined, verb)) >= start - 1 > verb:
            continue
        if any(tree.lower(i - 1) == "," and tree.tag(i) not in _DATED for i in end[1:]) or _CLAUSES & set(said[1:]):
            continue
        noun = next((i for i in end if tree.is_noun(i) and not tree.is_noun(i + 1)), start)
        if subject is not None and is_person(tree, subject) and {"it", "its"} & set(said):
            continue  # pulls a swing with a girl on it
        if said[0] == "while":
            if tags[1:2] == ["VBG"]:
                yield start
        elif said[0] == "with":
            own = tags[1:2] == ["PRP$"] and tree.tag(noun + 1) in ("VBG", "VBN", "JJ")
            if own and tree.tag(noun + 1) != "VBG" and tree.tag(noun + 2) == "IN" and tree.lower(noun + 2) in _STATIC:
                continue  # with her arms folded by a door
            # with a stick in its mouth, with trees behind him
            if own or (tree.tag(noun + 1) == "IN" and tree.tag(noun + 2) in ("PRP", "PRP$") and tags.count("IN") == 2):
                yield start
        elif tree.lower(start - 1) == "," and "," not in said and said[0] not in _DATELINE | _SOME:
            hung = tree.tag(noun + 1) in ("VBG", "VBN", "IN", "RP") and {"PRP", "PRP$"} & set(tags)
            # "on a road, lit by lamps": what is done to somebody tells who is meant
            watched = said[1:2] == ["by"] and said[0] in _BY_PEOPLE
            lined = (
                tree.tag(verb) == "VBD" and tree.child(verb, "dobj") is None
            )  # "zebras lined up, drinking": a phrase?
            if (tags[0] == "VBG" and not lined) or watched or (hung and tags[0] in ("PRP$", "NN", "NNS", "DT")):
                yield start
        elif any(tree.is_verb(i) and i not in joined for i in range(verb + 1, start)):
            continue  # the hills are where the fire burns, in "smoke rises from a fire burning in the hills"
        elif (
            (said[0] in ("at", "on") and tree[verb].lemma in _AIMED)
            or _BESIDES & set(said)
            or tree.tag(start - 1) == "IN"
        ):
            continue
        elif said[0] in _DATELINE and "PRP" not in tags and start > verb + 1 and (person or "PRP$" not in tags):
            named = any(tag.startswith("NNP") for tag in (tags[1:2] if said[0] == "on" else tags))
            if not titled and (named or (person and said[0] != "on") or is_setting(tree, noun, start)):
                yield start


def _tells_of_place(tree: Tree, start: int, verb: int) -> bool:
    """Whether the last words are a place and what is told of it: at the border of Sredna, where the army waits."""
    behind = range(start + 1, len(tree))
    clause = next((i for i in behind if tree.lower(i - 1) == "," and tree.lower(i) in ("where", "which")), 0)
    cut = tree.lower(start - 1) == "," or any(tree.lower(i) in _JOINING | {","} for i in range(start, clause - 1))
    tags = [tree.tag(i) for i in range(verb + 1, len(tree))]
    once = FINITE.isdisjoint(tags[: clause - verb - 1]) and "PRP" not in tags
    return clause >= start + 3 and not cut and tree.tag(start + 1) == "DT" and once

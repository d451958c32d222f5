"""A caption that denies something: made affirmative (without a hat -> with a hat), or denied in other words."""

from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.caption import is_before_number
from semclip.english.edits import Change, Scene, rule
from semclip.english.inflection import article_of, inflect, words
from semclip.english.negate.denied import not_behind
from semclip.english.parse.tree import Tree

_NOT = words("not n't n’t")
_DENIALS = lexicon.NEGATION_WORDS | _NOT
_HELPERS = words("is are was were has have can could should must may might will would ca wo")
#: Helpers that "n't" has changed.
_WHOLE = {"ca": "can", "wo": "will"}
_DO = {"does": "VBZ", "do": "VBP", "did": "VBD"}
_HARDLY = words("hardly barely")
#: What goes with a denial alone, and what stands there without it.
_AFFIRMED = {"yet": "already", "anywhere": ""}
_SEEN = words("visible around nearby anywhere")
#: What somebody is who is not there.
_NOBODY = {"nobody": "somebody", "none": "some"}
#: The same denial in another word.
_SAME = {"nobody": "no one", "hardly": "barely", "barely": "hardly"}


def _only(tree: Tree) -> int | None:
    """Where the one denial of a caption stands; None where there are several."""
    places = [i for i, word in enumerate(tree.words) if word in _DENIALS and not is_before_number(tree.words, i)]
    return places[0] if len(places) == 1 and places[0] not in tree.quoted else None


@rule(
    "negation_removed",
    ("A man without a hat sits on a bench .", "A man with a hat sits on a bench ."),
    ("A street with no cars", "A street with cars"),
    ("A dog is not running .", "A dog is running ."),
    ("There is no dog on the beach .", "There is a dog on the beach ."),
    ("A dog does not run .", "A dog runs ."),
    ("Nobody sits on the bench .", "Somebody sits on the bench ."),
    ("A street with no one in sight", "A street with someone in sight"),
    ("A man walks without looking at a dog .", "A man walks while looking at a dog ."),
    ("A road with trees and no traffic", "A road with trees and traffic"),
    ("A lane with flowers , no people in sight", "A lane with flowers , people in sight"),
    ("A man over a board , no opponent", "A man over a board , with an opponent"),
    ("A goat is barely visible .", "A goat is clearly visible ."),
    ("A stall with no customers yet", "A stall with customers already"),
)
def affirmed(scene: Scene) -> Iterator[Change]:
    """What the caption denies affirmed; only where it denies one thing, once."""
    tree, place = scene.tree, _only(scene.tree)
    if place is None:
        return
    word, before, after = tree.lower(place), tree.lower(place - 1), tree.lower(place + 1)
    noun, end = _noun_behind(tree, place), place + 1
    if word in _NOBODY and after != "of":
        yield scene.change((place, end, _NOBODY[word]))
    elif word == "no" and after == "one":
        yield scene.change((place, end + 1, "someone"))
    elif word in _HARDLY and after == "visible":
        yield scene.change((place, end, "clearly"))
    elif word == "without" and tree.tag(end) == "VBG" and "while" not in tree.words:
        yield scene.change((place, end, "while"))
    elif word == "without" and noun is not None and tree[place].label == "prep":
        end += after == "any"
        yield scene.change((place, end, f"with {_some(tree, end, noun)}".strip()))
    elif word == "no" and noun is not None:
        added = before == "," and noun == len(tree) - 1
        # with boats and (no) sailors
        several = tree.tag(noun) == "NNS" or tree[noun].lemma in lexicon.UNCOUNTED
        listed = before in ("or", ",") or (before == "and" and not several)
        yet = [(i, i + 1, _AFFIRMED[tree.lower(i)]) for i in range(end, len(tree)) if tree.lower(i) in _AFFIRMED]
        if added or not listed or _is_seen(tree, noun):
            yield scene.change((place, end, f"{'with ' * added}{_some(tree, end, noun)}".strip()), *yet)
    elif word in _NOT and before in _DO and tree.is_verb(end):
        yield scene.change((place - 1, end + 1, inflect(tree[end].lemma, _DO[before])))
    elif word in _NOT and before in _HELPERS:
        yield scene.change((place - 1, end, _WHOLE.get(before, before)))
    elif word in _NOT and tree.is_noun(place - 1) and tree.tag(end) in ("VBG", "VBN", "JJ", "IN"):
        yield scene.change((place, end, ""))  # a dog not on a leash, her face not visible


def _noun_behind(tree: Tree, place: int) -> int | None:
    """The head of the noun phrase that a denial stands before."""
    after = range(place + 1, len(tree))
    return next((i for i in after if tree.is_noun(i) and tree.tag(i + 1) not in ("NN", "NNS")), None)


def _is_seen(tree: Tree, noun: int) -> bool:
    """Whether it is said behind a noun that it can be seen: people in sight."""
    return tree.words[noun + 1 : noun + 3] in (["in", "sight"], ["in", "view"]) or tree.lower(noun + 1) in _SEEN


def _some(tree: Tree, start: int, noun: int) -> str:
    """The article of what is affirmed: a hat, cars; none behind "any", which stood before what is not counted."""
    if tree.tag(start) in ("DT", "PRP$", "CD") or tree.tag(noun) in ("NNS", "NNPS") or tree.lower(start - 1) == "any":
        return ""
    return "" if tree[noun].lemma in lexicon.MASS else article_of(tree[start].text)


def absence_of(tree: Tree) -> str:
    """What a caption denies that is one thing and no more: the lemma of the noun behind "no" or "without"; else ""."""
    place = _only(tree)
    if place is None or tree.lower(place) not in ("no", "without") or tree.lower(place + 1) == "one":
        return ""
    noun = _noun_behind(tree, place)
    between = {tree.tag(i) for i in range(place + 1, noun or 0)}
    return tree[noun].lemma if noun is not None and between <= {"DT", "JJ", "NN", "NNS", "PRP$"} else ""


@rule(
    "denial_kept",
    ("A man without a hat sits on a bench .", "A man with no hat sits on a bench ."),
    ("A street with no cars", "A street without cars"),
    ("There is no dog on the beach .", "There is not a dog on the beach ."),
    ("A hall has no chairs .", "A hall does not have any chairs ."),
    ("A dog is not running .", "A dog isn't running ."),
    ("Nobody sits on the bench .", "No one sits on the bench ."),
    ("A street with no one in sight", "A street with nobody in sight"),
    ("There is a lighthouse , and no boats can be seen .", "There is a lighthouse , and boats cannot be seen ."),
    ("A room with desks but no students", "A room with desks but without students"),
    ("A man walks without looking at a dog .", "A man walks not looking at a dog ."),
)
def kept(scene: Scene) -> Iterator[Change]:
    """What the caption denies, denied in other words: true, and says what is missing."""
    tree, place, thing = scene.tree, _only(scene.tree), absence_of(scene.tree)
    if place is None:
        return
    word, before, after = tree.lower(place), tree.lower(place - 1), tree.lower(place + 1)
    noun, end, new = _noun_behind(tree, place), place + 1, ""
    if thing and noun is not None:
        some = _some(tree, end, noun)
        without = f"without {some}".strip()
        owned = tree.tag(end) == "PRP$" or after == "the" or "single" in tree.words[place:noun]  # without their mother
        if word == "without" and tree[place].label == "prep" and not owned:
            end, new = end + (after in ("a", "an", "any")), "with no"
        elif before == "with":
            place, new = place - 1, without
        elif before == "but" or (before == "," and ("with" not in tree.words[:place] or _is_seen(tree, noun))):
            new = without
        elif before == "and" and tree.is_noun(place - 2):
            place, end, new = place - 1, place, "but"
        elif tree.words[noun + 1 : noun + 3] == ["can", "be"]:
            end, new = noun + 2, f"{tree.text_of(end, noun + 1)} cannot"
        elif before in ("is", "are") and tree.lower(place - 2) == "there":
            new = f"not {some or 'any'}"
        elif before in ("has", "have") and (tree.is_noun(place - 2) or tree.lower(place - 2) in ("that", "which")):
            do = "does" if before == "has" else "do"
            place, new = place - 1, f"{do} not have {some or 'any'}"
    elif word == "without" and tree.tag(end) == "VBG":
        new = "with no" if tree.lower(place + 2) in ("", "-", ",", "(") else "not"
    elif word == "no" and after == "one":
        end, new = place + 2, "nobody"
    elif word in _NOT and before in _HELPERS - _WHOLE.keys() - {"may", "might"}:
        place, new = place - 1, not_behind(before, short=word == "not")
    else:
        new = _SAME.get(word, "")
    if new:
        yield scene.change((place, end, new), denied=thing)

"""Who is where, and who does what to whom: in front of -> behind; a dog chases a cat -> a cat chases a dog."""

from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.caption import Caption
from semclip.english.edits import Edit
from semclip.english.inflection import ing_form, third_form, words
from semclip.english.siblings import Siblings


def _forms(verbs: str) -> frozenset[str]:
    return frozenset(form for verb in verbs.split() for form in (verb, third_form(verb), ing_form(verb)))


_MOVES = _forms("jump leap hop dive climb walk run go step ride swim crawl")
_JUMPS = _forms("jump leap hop fly")
_REST = _forms("sit stand lie lay rest sleep") | {"seated"}
_SLOPES = words("hill hillside stairs steps staircase slope mountain ramp slide cliff ladder escalator mountainside")
_HOLLOW = words("bench table chair couch bed bridge desk")
_SOLID = words("rock boulder log wall motorcycle car boat surfboard fence")

#: words -> (new words, words in any caption that forbid the change, what the word before must be, what must follow).
_RELATIONS: tuple[tuple[tuple[str, ...], str, frozenset[str], frozenset[str], str], ...] = tuple(
    (tuple(old.split()), new, words(forbidden), before, after)
    for old, new, forbidden, before, after in (
        ("in front of", "behind", "behind", frozenset[str](), "thing"),
        ("behind", "in front of", "front", frozenset(), "thing"),
        ("on top of", "underneath", "under underneath beneath below", frozenset(), "phrase"),
        ("next to", "far away from", "", frozenset(), "phrase"),
        ("close to", "far away from", "", frozenset(), "phrase"),
        ("beside", "far away from", "", frozenset(), "phrase"),
        ("near", "far away from", "", frozenset(), "phrase"),
        ("outside of", "inside", "inside in-side indoors into", frozenset(), "thing"),
        ("outside", "inside", "inside indoors indoor into", frozenset(), "thing or end"),
        ("inside", "outside", "outside outdoors outdoor", frozenset(), "phrase"),
        ("outdoors", "indoors", "inside indoors indoor", frozenset(), "end"),
        ("indoors", "outdoors", "outside outdoors outdoor", frozenset(), "end"),
        ("up", "down", "down downhill", frozenset(), "slope"),
        ("down", "up", "up uphill", frozenset(), "slope"),
        ("into", "out of", "out from emerges emerging exits exiting", _MOVES, "phrase"),
        ("towards", "away from", "away", frozenset(), "phrase"),
        ("toward", "away from", "away", frozenset(), "phrase"),
        ("away from", "towards", "toward towards", _MOVES, "phrase"),
        ("above", "below", "below under underneath beneath", frozenset(), "phrase"),
        ("below", "above", "above over on top", frozenset(), "phrase"),
        ("underneath", "on top of", "above over top", frozenset(), "phrase"),
        ("under", "above", "above over top", frozenset(), "phrase"),
        ("over", "under", "under underneath below", _JUMPS, "phrase"),
        ("onto", "off", "off from", _MOVES, "phrase"),
        ("off of", "onto", "onto on", _MOVES, "phrase"),
        ("off", "onto", "onto on", _MOVES, "phrase"),
        ("on", "under", "under underneath below beneath", _REST, "hollow"),
        ("on", "beside", "beside next near behind", _REST, "solid"),
    )
)
_FIRST_WORDS = frozenset(old[0] for old, *_ in _RELATIONS)
_NO_RELATION_AFTER = words("from up while just very over right")
#: Nobody stands behind the sea or a face, or inside a street.
_NO_THING = words(
    """camera other air distance body face eyes mouth head chest him her them himself herself themselves water ocean
    sea lake river sunset sunrise sky street road sidewalk window"""
)
_NO_PHRASE = lexicon.DETERMINERS - words("this that these those another one each")


def relation_reversed(caption: Caption, siblings: Siblings) -> Iterator[Edit]:
    """Another place or direction: in front of -> behind; up the hill -> down the hill; inside -> outside."""
    if caption.bag.isdisjoint(_FIRST_WORDS):
        return
    taken: set[int] = set()
    for old, new, forbidden, before, after in _RELATIONS:
        for index in range(len(caption.words) - len(old) + 1):
            if caption.words[index] != old[0] or index in taken:
                continue
            end = index + len(old)
            if tuple(caption.words[index:end]) != old or not _has_before(caption, index, before):
                continue
            if not _follows(caption, end, after):
                continue
            taken.add(index)
            if caption.word(index - 1) in _NO_RELATION_AFTER or siblings.bag & forbidden:
                continue
            if (old[0] == "off" and "into" in caption.words) or "gap" in caption.words:
                continue  # off the edge into a pool; over a gap
            yield Edit(caption.replace(index, end, new), "relation_reversed", index, (" ".join(old), new))


def _has_before(caption: Caption, index: int, verbs: frozenset[str]) -> bool:
    before = caption.word(index - 1)
    return not verbs or before in verbs or (before == "down" and caption.word(index - 2) in verbs)


def _follows(caption: Caption, end: int, what: str) -> bool:
    following = caption.word(end)
    if what in ("end", "thing or end") and following in ("", ".", "!"):
        return True
    if what == "end" or following not in _NO_PHRASE:
        return False
    if what == "phrase":
        return caption.word(end + 1) not in ("camera", "other", "air", "distance")
    if what in ("thing", "thing or end"):
        return _NO_THING.isdisjoint(caption.words[end + 1 : end + 3])
    head = end + 1
    while caption.word(head) in lexicon.ADJECTIVES:
        head += 1
    nouns = {"slope": _SLOPES, "hollow": _HOLLOW, "solid": _SOLID}[what]
    noun = caption.word(head)
    return noun in nouns and (noun not in lexicon.NOUNS or caption.is_head(head))


#: Verbs that one does and the other suffers, so that the two cannot change places.
_ON_ANOTHER = _forms(
    """chase follow carry push pull hold watch ride feed lead lift throw tackle kick wash brush photograph bite lick
    hug kiss pet approach"""
) - {"pets", "rides", "watches", "feeds"} | words("watches feeds rides")
_PLACED = words("behind")
_OWN = words("his her its their he she him they them himself herself itself themselves")
_ANIMATE = {"adult", "person", "animal"}


def role_swapped(caption: Caption, siblings: Siblings) -> Iterator[Edit]:
    """Two beings in each other's place: a dog chases a cat -> a cat chases a dog. Refused where both may do it."""
    tokens = caption.words
    if siblings.bag & {"each", "together"}:
        return
    for index, word in enumerate(tokens):
        if word not in _ON_ANOTHER and word not in _PLACED:
            continue
        subject_end = index - 1 if tokens[index - 1 : index] in (["is"], ["are"]) else index
        first, second = _beings(caption, subject_end - 1), _object(caption, index + 1)
        if first is None or second is None or not _OWN.isdisjoint(tokens[second[1] :]):
            continue  # "carries a girl on his shoulders": they would be hers
        if caption.plural(first[1]) != caption.plural(second[1]):  # the verb would have to agree anew
            continue
        if tokens[first[1]] == tokens[second[1]] and tokens[first[0] : first[1]] == tokens[second[0] : second[1]]:
            continue
        if first[0] and not _opens(tokens[first[0] - 1]):
            continue
        left, right = caption.phrase(first[0], first[1] + 1), caption.phrase(second[0], second[1] + 1)
        changed = Caption(caption.replace(second[0], second[1] + 1, left))
        text = changed.replace(first[0], first[1] + 1, right)
        yield Edit(text, "role_swapped", index, (tokens[first[1]], tokens[second[1]]))


def _opens(word: str) -> bool:
    """Whether a phrase may be the subject behind this word, and not the object of another verb or preposition."""
    return word in ("as", "while", ":", "is", "are")


def _beings(caption: Caption, head: int) -> tuple[int, int] | None:
    if head < 0 or caption.words[head] not in lexicon.NOUNS or not lexicon.NOUNS[caption.words[head]][0] & _ANIMATE:
        return None
    start = caption.phrase_start(head)
    if start is None or caption.words[start] not in ("a", "an", "the", *lexicon.NUMBERS):
        return None
    return start, head


def _object(caption: Caption, start: int) -> tuple[int, int] | None:
    head = start + 1
    while caption.word(head) in lexicon.ADJECTIVES and caption.word(head) not in lexicon.NOUNS:
        head += 1
    found = _beings(caption, head) if head < len(caption.words) else None
    if found is None or found[0] != start or not caption.is_head(head) or caption.word(head + 1) in ("and", "of", "'s"):
        return None
    return found

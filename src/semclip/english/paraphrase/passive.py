"""Active to passive and back: A man rides a horse <-> A horse is ridden by a man."""

from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.inflection import words
from semclip.english.paraphrase import grammar as g
from semclip.english.paraphrase import verbs
from semclip.english.paraphrase.clause import Clause, Phrase
from semclip.english.paraphrase.places import BODY
from semclip.english.paraphrase.structure import POINTING, Structure, Tokens, second_sentence

_VERBS = words(
    """hold ride throw catch chase carry kick hit push pull watch drive play climb pet walk wash lift paint read fly
    follow lead use hug kiss toss bounce drag chew lick sniff fetch retrieve brush cook build cut examine clean attack
    paddle row swing operate feed perform do eat bite film photograph inspect shear groom tackle dribble swat serve
    prepare sweep mow rake roll load surround approach greet milk herd tow bathe repair fix decorate"""
)
_DEEDS = words(
    "trick tricks stunt stunts flip flips handstand handstands cartwheel jump jumps dance somersault backflip"
)
_GAMES = words("soccer football tennis basketball baseball volleyball hockey golf cricket rugby")
_PLACED = words(
    "in on at near beside behind under inside outside through across along over around down up from into off onto"
)
_UNCLEAR = POINTING | g.RELATIVES | words("something someone each")


def passive(clause: Clause) -> Iterator[Structure]:
    """Only of a known verb with its object right behind it, and with places that cannot be the object's own."""
    if not clause.is_action or clause.verb not in _VERBS or not clause.clear or clause.there or second_sentence(clause):
        return
    if clause.joined or clause.adverbs or "," in clause.subject or not clause.phrases or not _simple_tail(clause.tail):
        return
    found = clause.phrases[0]
    if found.kind != "object" or found.start or not _UNCLEAR.isdisjoint([*clause.rest, *clause.tail]):
        return
    if clause.verb == "watch" and any(word in verbs.VERBS for word in clause.rest):
        return  # watch people in a boat | fish
    if clause.perhaps_of_another:
        return
    plural = _number(clause.rest[: found.end], found.head)
    if plural is None or not _fits(clause.verb, found.head):
        return
    attached, placed = _others(clause, found.head)
    if placed is None:
        return
    item = clause.rest[: found.end + attached]
    later = [word for phrase in placed for word in clause.rest[phrase.start : phrase.end]]
    be = ["are" if plural else "is", *([] if clause.kind == "finite" else ["being"])]
    done = [*item, *be, verbs.PARTICIPLE_OF[clause.verb]]
    yield Structure("passive", [*done, *later, "by", *clause.subject, *clause.tail], 3)


def _simple_tail(tail: Tokens) -> bool:
    return not tail or (tail[0] in ("while", "as") and len(tail) > 1 and tail[1] not in verbs.ING)


def _fits(verb: str, head: str) -> bool:
    if head in BODY:
        return False
    if verb in ("do", "perform"):
        return head in _DEEDS
    if verb == "play":
        return head not in ("game", "games", "catch") and not g.is_being(head)
    return verb != "walk" or (g.is_being(head) and head not in ("people", "man"))


def _number(item: Tokens, head: str) -> bool | None:
    """Whether an object is a plural; None where it cannot be a subject."""
    if "of" in item:
        return g.is_plural(item[item.index("of") - 1]) and item[0] not in ("a", "an")
    two = "and" in item and not _one_of_two_colours(item)
    if two and item[0] not in g.DETERMINERS and not g.is_plural(head):
        return None  # hide and seek
    plural = two or g.is_plural(head)
    if not two and plural and item[0] in ("a", "an"):
        return None  # "a jeans": not understood
    if item[0] not in g.DETERMINERS and not plural and head not in _GAMES:
        return None
    return plural


def _one_of_two_colours(item: Tokens) -> bool:
    at = item.index("and")
    if item[at + 1] in g.DETERMINERS:
        return False
    return item[at - 1] in lexicon.ADJECTIVES and item[at + 1] in lexicon.ADJECTIVES


def _others(clause: Clause, head: str) -> tuple[int, list[Phrase] | None]:
    """How many words behind the object belong to it, and the phrases that do not; None where that is unclear."""
    attached, placed = 0, []
    person = g.is_being(head) and not g.is_animal(head)
    for i, phrase in enumerate(clause.phrases[1:]):
        worn = phrase.head in g.CLOTHES or phrase.head in lexicon.COLOUR_WORDS or phrase.head == "hair"
        if phrase.kind == "place" and i == 0 and phrase.preposition in ("in", "with") and person and worn:
            attached = phrase.end - phrase.start  # hugs a man | in a hat
            continue
        for_someone = phrase.preposition == "for" and not g.is_being(head) and g.is_being(phrase.head)
        where = (phrase.preposition in _PLACED or " " in phrase.preposition) and not worn
        if phrase.kind == "object" or not (phrase.kind == "adverb" or where or for_someone):
            return 0, None
        placed.append(phrase)
    return attached, placed


def active(clause: Clause) -> Iterator[Structure]:
    """A man is being chased by a dog -> A dog is chasing a man."""
    if clause.kind != "progressive" or clause.verb != "be" or clause.adverbs or clause.tail or not clause.clear:
        return
    verb = verbs.PARTICIPLES.get(clause.rest[0], "") if clause.rest else ""
    by = [phrase for phrase in clause.phrases if phrase.preposition == "by"]
    if verb not in _VERBS or clause.rest[1:2] != ["by"] or len(by) != 1 or by[0].end != len(clause.rest):
        return
    doer = clause.rest[2:]
    if doer[0] in g.DETERMINERS and g.is_being(by[0].head) and clause.is_plain and POINTING.isdisjoint(clause.rest):
        plural = g.is_plural(by[0].head) or "and" in doer
        yield Structure("active", [*doer, "are" if plural else "is", verbs.ING_OF[verb], *clause.subject], 3)

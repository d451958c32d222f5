"""Which places may stand before or behind the rest of their sentence without meaning another place."""

from semclip.english import lexicon
from semclip.english.inflection import words
from semclip.english.paraphrase import grammar as g
from semclip.english.paraphrase import verbs
from semclip.english.paraphrase.clause import Clause, Phrase

STATIC = words(
    """in on at near by beside under underneath beneath behind outside inside between among amid atop beyond above"""
) | {
    "next to", "in front of", "close to", "on top of", "in the middle of", "at the edge of", "on the edge of",
    "on the side of", "outside of", "inside of",
}  # fmt: skip
#: These place what happens, whatever stands before them.
_CLEAR = frozenset(("near", "next to", "beside", "behind", "in front of"))
BODY = words(
    """mouth hand hands arms arm head face back mouths teeth tongue lap neck shoulders shoulder ear ears eyes legs leg
    feet foot tail hair chest heads jaws knees knee"""
)
#: Where something happens: "in a park" places all of a sentence, "in a blanket" may place its object only.
SCENES = words(
    """street road field beach park river lake stream pond restaurant room kitchen store sidewalk hill mountain yard
    bridge city market stadium court track path trail slope building house water snow sand mud grass ocean sea pool
    forest woods desert shore playground crosswalk corner meadow lawn background dock pier garden alley lot backyard
    rain air night day sunset gym office bathroom bedroom library station airport hallway studio arena area town mall
    shop cafe bar plaza square canyon valley countryside creek fountain driveway porch patio dirt distance front
    foreground gravel pavement ice sun dark evening daytime stage hillside mountains streets hills shade puddle barn zoo
    classroom intersection parade farm festival museum church concert game party dusk dawn"""
)
#: One is there and does not arrive there: jumping "in the snow", but not "in the pool".
_GROUND = words(
    """snow grass sand mud dirt beach field park street road sidewalk yard backyard lawn meadow garden woods forest
    playground court night day air rain desert ice background distance city town shade sunset track room kitchen gym
    stadium"""
)
_WITHOUT_ARTICLE = words(
    "snow water grass sand mud night sunset dusk dawn dirt rain leaves mountains woods background traffic ice"
)
_STAYS = words(
    """sit stand lie rest sleep kneel crouch squat pose play wait relax lounge nap gather perform dance smile laugh
    talk eat read sunbathe meditate"""
)
#: With these a place may be a goal, or what is looked at or held.
_GOES = words(
    """jump leap dive fall climb get step go slide put throw drop place pour crawl pull land push toss dip look point
    lean hang bite stare gaze come enter kick shoot hit roll swing reach sink stick set turn take head peer hold carry
    bring shake move run walk bounce hop splash"""
)
_PARTICLES = words("up down out off over in on high low far right just back deep straight away")
_NOT_ALONE = g.POSSESSIVES | g.PRONOUNS | words("which who that each other")
_IDIOMS = words("phone cellphone leash side camera something")


def may_be_moved(clause: Clause, at: int) -> bool:
    """Whether the phrase at an index of `clause.phrases` may leave its place."""
    phrase = clause.phrases[at]
    if phrase.kind == "adverb":
        return phrase.head in ("outside", "outdoors", "indoors", "inside", "nearby")
    return phrase.kind == "place" and _is_a_place(clause, phrase) and _belongs_to_the_verb(clause, phrase, at)


def _is_a_place(clause: Clause, phrase: Phrase) -> bool:
    content = clause.rest[phrase.start : phrase.end]
    if phrase.preposition not in STATIC or not _NOT_ALONE.isdisjoint(content) or phrase.head in BODY | g.CLOTHES:
        return False
    if g.DETERMINERS.isdisjoint(content) and phrase.head not in _WITHOUT_ARTICLE:
        return False
    if phrase.preposition in ("on", "at") and phrase.head in _IDIOMS:
        return False
    if not g.is_noun(phrase.head) and (phrase.head.endswith("ing") or g.is_noun(content[-2])):
        return False  # outside a building | yelling: the last word is no noun
    return not (g.is_being(phrase.head) and phrase.preposition in ("at", "by", "in", "on", "under"))


def _belongs_to_the_verb(clause: Clause, phrase: Phrase, at: int) -> bool:
    earlier = clause.phrases[:at]
    if clause.verb in ("watch", "see", "help", "let", "make"):
        return False  # watches a dog jump | in the snow
    if phrase.preposition in ("in", "on", "at") and phrase.head not in SCENES and clause.kind != "noun":
        attached = any(p.kind == "object" or p.preposition in _ATTACHING for p in earlier)
        if attached or clause.verb not in _STAYS:  # "holding a baby in a blanket": it may belong to the object
            return False
    if clause.verb in _GOES and phrase.preposition not in _CLEAR and phrase.head not in _GROUND:
        return False
    if phrase.head in ("background", "distance", "foreground") and any(p.preposition == "with" for p in earlier):
        return False
    before = clause.rest[phrase.start - 1] if phrase.start else ""
    if before in _PARTICLES or (before in verbs.PARTICIPLES and phrase.start > 1):
        return False  # is high | in the air; with an arm propped | on a pillow
    if phrase.preposition == "by" and clause.verb in ("", "be"):
        return False  # who does it, in the passive
    if not earlier:
        return True
    nearest = earlier[-1]
    if nearest.kind == "object" and nearest.head in BODY:
        return False  # raising their hands | in the air
    if nearest.preposition == "with" and not (g.POSSESSIVES | BODY).isdisjoint(
        clause.rest[nearest.start : nearest.end]
    ):
        return False  # kids with their hands | in the air
    # Of two things the second place may say which one is meant: a man at a table | by a window.
    return earlier[-1].preposition not in _CHOOSING and not (
        earlier[-1].kind == "adverb" and earlier[-1].head in _PARTICLES
    )


_ATTACHING = words("of with for from")
_CHOOSING = words("toward towards around at of to for from into like behind between")


def is_a_spot(clause: Clause, phrase: Phrase) -> bool:
    """Whether "There is a dog" can be said of a phrase: of a park or a chair, not of a coat."""
    content = clause.rest[phrase.start : phrase.end]
    if not g.CLOTHES.isdisjoint(content) or phrase.preposition not in STATIC:
        return False
    if phrase.head in SCENES or phrase.preposition in _CLEAR:
        return True
    if clause.kind != "noun" or phrase.head in BODY | lexicon.COLOUR_WORDS or g.is_being(phrase.head):
        return False
    return not g.DETERMINERS.isdisjoint(content)

"""Where a scene plays, and whose absence is worth a word there: nobody misses a bed on a ski slope.

What is nearly always there unmentioned (sky, clothes, a floor, people in a city) is never called absent.
"""

from collections.abc import Collection

from semclip.english import lexicon
from semclip.english.inflection import words
from semclip.english.lexicon import kind_of
from semclip.english.words.load import table_of

_GAMES = words("football basketball baseball softball tennis cricket soccer rugby lacrosse volleyball hockey")
_PLAYED = words("player players game match team teams")
#: Settings, and things, that without people are none.
_OF_PEOPLE = words("people waiting festival")
#: Words that name people, and not only a number of beings.
PEOPLE = frozenset(word for word, (of, _) in lexicon.NOUNS.items() if of & {"adult", "person"}) - words(
    "group groups crowd crowds couple couples family families team teams audience boxer boxers"
)
_IN_HAND = words("book phone newspaper laptop umbrella")
_OUTSIDE = words("outside outdoors outdoor")
_INSIDE = words("home kitchen office")
#: Settings from the most telling: only the things of the first line of which any is told count.
_TELLING = (
    words("snow pool mountain music team"),
    words("beach sea lake home kitchen office table festival race camp rails sky zoo wheels dish"),
    words("water street city parking park yard woods playground farm"),
    words("meadow dog perch waiting"),
    words("people"),
)

_FITS = table_of("missable")
_BY_SETTING = {
    setting: frozenset(thing for thing, fits in _FITS.items() if setting in fits) for setting in table_of("settings")
}
_OF_WORD: dict[str, tuple[str, ...]] = {}
for _setting, _cues in table_of("settings").items():
    for _cue in _cues:
        _OF_WORD[_cue] = (*_OF_WORD.get(_cue, ()), _setting)

#: Things somewhere worth missing, in a fixed order.
MISSABLE = tuple(_FITS)


_SHORE = words("sand sandy ocean sea shore shoreline water wave waves surf seaside dune dunes coast")


def settings_of(bag: frozenset[str]) -> frozenset[str]:
    """The settings that words tell."""
    found = {setting for word in bag if word in _OF_WORD for setting in _OF_WORD[word]}
    if "ball" in bag and "beach" in found and bag.isdisjoint(_SHORE):
        found.discard("beach")  # a beach ball
    if not _GAMES.isdisjoint(bag) and not _PLAYED.isdisjoint(bag):  # more than a baseball cap or a tennis ball
        found.add("team")
    return frozenset(found)


def missable(bag: frozenset[str], present: Collection[str]) -> frozenset[str]:
    """Things, not of those present, whose absence is worth a word in a scene told by these words.

    Only the most telling settings count: in the snow it does not matter that there is a dog.
    """
    found = settings_of(bag)
    unfit = frozenset(present)
    if not bag.isdisjoint(lexicon.MANY_PEOPLE):
        found -= {"people"}
    if PEOPLE.isdisjoint(bag):
        found, unfit = found - _OF_PEOPLE, unfit | _IN_HAND
    if not _OUTSIDE.isdisjoint(bag):
        found -= _INSIDE
    for line in _TELLING:
        things = frozenset().union(*(_BY_SETTING[setting] for setting in found & line)) - unfit
        if things:
            return things
    # A scene that no list tells: nobody is in it, or no child, no animal.
    alone = PEOPLE.isdisjoint(bag) and "person" not in unfit and not any(kind_of(word) == "person" for word in bag)
    crowd = not bag.isdisjoint(lexicon.MANY_PEOPLE)  # in a crowd somebody may well be a child
    fallback = ("person",) if alone else ("child",) * (not crowd) + ("umbrella", "bicycle", "dog")
    return frozenset(next(([thing] for thing in fallback if thing not in unfit), []))

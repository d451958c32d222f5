"""Which things fit a scene and are not in it: nobody misses a bed on a ski slope.

What is nearly always there unmentioned (sky, clothes, a floor, people in a city) is never called absent.
"""

from collections.abc import Collection, Mapping

import numpy as np

from semclip.english import lexicon, things
from semclip.english.caption import Caption
from semclip.english.inflection import words
from semclip.english.lexicon import kind_of
from semclip.english.pairs import TAKEN_FOR
from semclip.english.siblings import Siblings
from semclip.english.words.load import listed, table_of

#: Things somewhere worth missing, in a fixed order, and the settings where somebody may well look for them in vain.
_FITS = table_of("missable")
MISSABLE = (*_FITS, "person", "child", "adult")
_NAMES = tuple(things.THINGS)
_INDEX = {name: i for i, name in enumerate(_NAMES)}
_UNSEEN = 0.02  # a thing that the input never names together with the scene's may be missing from it all the same
_PEOPLE = ("man", "woman", "child", "adult", "person")
#: Words that name people, and not only a number of beings.
PEOPLE = frozenset(word for word, (of, _) in lexicon.NOUNS.items() if of & {"adult", "person"}) - words(
    "group groups crowd crowds couple couples family families team teams audience boxer boxers"
)
#: Settings from the most telling: only the things of the first line of which any is told count.
_TELLING = (
    words("snow music birthday"),
    words("beach home kitchen playground"),
    words("street park yard woods farm camp"),
    words("meadow dog outside"),
)
_BY_SETTING = {
    setting: frozenset(thing for thing, fits in _FITS.items() if setting in fits) for setting in table_of("settings")
}
_OF_WORD = {cue: setting for setting, cues in table_of("settings").items() for cue in cues}
#: What nobody misses where any of these words is said: it may well be there, or hardly ever is.
_NOT_MISSED = (
    (lexicon.MANY_PEOPLE, words("child adult")),
    (listed("busy"), words("ball bicycle person child adult")),
    (listed("driven"), words("person child adult")),
    (listed("no pets"), words("dog cat frisbee")),
)
_SHORE = words("sand sandy ocean sea shore shoreline water wave waves surf seaside dune dunes coast")


class Absent:
    """What may be called absent from each group, by what its scene calls for and by what occurs together in the input.

    Plausibility of Y in a scene naming things Z: 0 where Y is named, hinted at or not worth a word there
    (`missable`), and where silence tells nothing (`Siblings.silence_tells`); else mean over Z of
    P(Y named | Z named), and a little more.
    """

    def __init__(self, groups: Mapping[str, Siblings]) -> None:
        self._groups = groups
        self._row = {group: i for i, group in enumerate(groups)}
        self._named = np.zeros((len(groups), len(_INDEX)), dtype=np.float32)  # (groups, things)
        for row, siblings in zip(self._named, groups.values(), strict=True):
            row[[_INDEX[thing] for thing in siblings.times_named if thing in _INDEX]] = 1
        together = self._named.T @ self._named
        self._given = together / np.maximum(1, together.diagonal())[:, None]  # row Z, column Y: P(Y | Z)

    def plausible(self, group: str) -> dict[str, float]:
        """Things absent from a group that fit its scene, with their weights."""
        siblings, named = self._groups[group], self._named[self._row[group]]
        if not siblings.silence_tells:
            return {}
        fits = missable(siblings.bag, siblings.signs)
        scores = named @ self._given / max(1, named.sum()) + _UNSEEN
        return {name: float(scores[i]) for i, name in enumerate(_NAMES) if name in fits}


def deniable(caption: Caption, siblings: Siblings) -> list[str]:
    """Things that the caption does not name and others do, or the list of objects: denying them is false.

    Two captions must name a thing, three where others are named that it may be taken for (a ball, a frisbee), or the
    list of objects and one caption. People need a caption without any: "a surfer rides a wave, with no man in sight"
    contradicts itself.
    """
    found = []
    for thing, times in sorted(siblings.times_named.items()):
        if thing not in MISSABLE or thing in caption.signs:
            continue
        if thing in _PEOPLE and not caption.signs.isdisjoint(_PEOPLE):
            continue
        doubtful = not siblings.times_named.keys().isdisjoint(TAKEN_FOR.get(thing, ()))
        if times + siblings.lists(thing) >= (3 if doubtful else 2):
            found.append(thing)
    return found


def settings_of(bag: frozenset[str]) -> frozenset[str]:
    """The settings that words tell."""
    found = {_OF_WORD[word] for word in bag if word in _OF_WORD}
    if "ball" in bag and bag.isdisjoint(_SHORE):
        found.discard("beach")  # a beach ball
    return frozenset(found - ({"dog"} if "hot" in bag else set()))  # no hot dog fetches a stick


def missable(bag: frozenset[str], present: Collection[str]) -> frozenset[str]:
    """Things, not of those present, whose absence is worth a word in a scene told by these words.

    Only the most telling settings count: in the snow it does not matter that there is a dog.
    """
    found, named = settings_of(bag), {things.NAMES[word][0] for word in bag if word in things.NAMES}
    unfit = frozenset(present).union(*(fits for cues, fits in _NOT_MISSED if not bag.isdisjoint(cues)))
    alone = PEOPLE.isdisjoint(bag) and "person" not in present and not any(kind_of(word) == "person" for word in bag)
    # "no adult" is said where there is a child, and the other way round
    other = {"adult"} if "child" in named else {"child"} if named & {"man", "woman", "adult"} else set[str]()
    who = frozenset({"person"} if alone else other)
    fits = (frozenset().union(*(_BY_SETTING[setting] for setting in found & line)) for line in _TELLING)
    return (who | next((fit for fit in fits if fit - unfit), frozenset())) - unfit

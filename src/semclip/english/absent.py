"""Which things fit a scene and are not in it: nobody misses a bed on a ski slope.

What is nearly always there unmentioned (sky, clothes, a floor, people in a city) is never called absent.
"""

from collections.abc import Collection, Mapping

import numpy as np

from semclip.english import lexicon
from semclip.english.caption import Caption
from semclip.english.inflection import words
from semclip.english.lexicon import kind_of
from semclip.english.pairs import TAKEN_FOR
from semclip.english.siblings import Siblings
from semclip.english.words.load import table_of

#: Things somewhere worth missing, in a fixed order, and the settings where somebody may well look for them in vain.
_FITS = table_of("missable")
MISSABLE = tuple(_FITS)
_INDEX = {name: i for i, name in enumerate(MISSABLE)}
_UNSEEN = 0.02  # a thing that the input never names together with the scene's may be missing from it all the same


class Absent:
    """What may be called absent from each group, by what its scene calls for and by what occurs together in the input.

    Plausibility of Y in a scene naming things Z: 0 where Y is named, hinted at or not worth a word there
    (`missable`), and where silence tells nothing (`Siblings.silence_tells`); else mean over Z of
    P(Y named | Z named), and a little more.
    Weights w(Y) are then fitted so that over all captions behind which something can be denied absent things are as
    frequent as denied ones (iterative proportional fitting). Other captions say of one thing both that it is there and
    that it is not.
    """

    def __init__(self, groups: Mapping[str, Siblings]) -> None:
        self._row = {group: i for i, group in enumerate(groups)}
        named = np.zeros((len(groups), len(_INDEX)), dtype=np.float32)  # (groups, things)
        fits = np.zeros_like(named, dtype=bool)
        denied = np.zeros(len(_INDEX))
        captions = np.zeros(len(groups))  # of each group, behind which something can be denied
        for i, siblings in enumerate(groups.values()):
            named[i, [_INDEX[t] for t in siblings.times_named if t in _INDEX]] = 1
            if siblings.silence_tells:
                fits[i, [_INDEX[t] for t in missable(siblings.bag, siblings.signs)]] = True
            for caption in siblings.captions.values():
                false = deniable(caption, siblings)
                denied[[_INDEX[thing] for thing in false]] += 1 / max(1, len(false))
                captions[i] += bool(false)
        together = named.T @ named
        given = together / np.maximum(1, together.diagonal())[:, None]  # row Z, column Y: P(Y | Z)
        scores = (named @ given / np.maximum(1, named.sum(1, keepdims=True)) + _UNSEEN) * fits
        self._scores = scores * _fitted_weights(scores, denied, captions)

    def plausible(self, group: str) -> dict[str, float]:
        """Things absent from a group that fit its scene, with their weights."""
        row = self._scores[self._row[group]]
        return {MISSABLE[i]: float(row[i]) for i in row.nonzero()[0]}


def _fitted_weights(scores: np.ndarray, denied: np.ndarray, captions: np.ndarray) -> np.ndarray:
    weights = np.ones(scores.shape[1])
    used = (scores.sum(1) > 0) & (captions > 0)
    # One caption per image: nothing is ever denied, so there is nothing to match.
    if not used.any():
        return weights
    rows, share = scores[used].astype(np.float64), captions[used] / captions[used].sum()
    wanted = denied / denied.sum()
    for _ in range(50):
        drawn = rows * weights
        drawn = share @ (drawn / np.maximum(drawn.sum(1, keepdims=True), 1e-12))
        ratio = np.divide(wanted, drawn, out=np.ones_like(wanted), where=drawn > 0)
        # Bounded, so that a thing that is hardly ever plausible is not forced upon the few scenes where it is.
        weights = np.clip(weights * np.sqrt(ratio), 0.02, 10)
    return weights


def deniable(caption: Caption, siblings: Siblings) -> list[str]:
    """Things that the caption does not name and others do, or the list of objects: denying them is false.

    Two captions must name a thing, three where others are named that it may be taken for (a ball, a frisbee), or the
    list of objects and one caption. People need a caption without any: "a surfer rides a wave, with no man in sight"
    contradicts itself.
    """
    found = []
    for thing, times in sorted(siblings.times_named.items()):
        if thing not in _INDEX or thing in caption.signs:
            continue
        if thing in _PEOPLE and not caption.signs.isdisjoint(_PEOPLE):
            continue
        doubtful = not siblings.times_named.keys().isdisjoint(TAKEN_FOR.get(thing, ()))
        if times + siblings.lists(thing) >= (3 if doubtful else 2):
            found.append(thing)
    return found


_PEOPLE = ("man", "woman", "child", "person")
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
_BY_SETTING = {
    setting: frozenset(thing for thing, fits in _FITS.items() if setting in fits) for setting in table_of("settings")
}
_OF_WORD: dict[str, tuple[str, ...]] = {}
for _setting, _cues in table_of("settings").items():
    for _cue in _cues:
        _OF_WORD[_cue] = (*_OF_WORD.get(_cue, ()), _setting)
_SHORE = words("sand sandy ocean sea shore shoreline water wave waves surf seaside dune dunes coast")


def settings_of(bag: frozenset[str]) -> frozenset[str]:
    """The settings that words tell."""
    found = {setting for word in bag if word in _OF_WORD for setting in _OF_WORD[word]}
    if "ball" in bag and bag.isdisjoint(_SHORE):
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

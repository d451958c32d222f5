"""One set of sentence forms that says "no Y" both truly (absence) and falsely (object denied), and which Y to take.

Absences and denials share forms, captions and the frequency of every Y: no word tells a true one from a false one.
"""

from collections.abc import Mapping

import numpy as np

from semclip.english import things
from semclip.english.caption import Caption
from semclip.english.inflection import article_of
from semclip.english.siblings import Siblings

#: Sentence forms by family: "A" for training and validation, "B" for test only.
#: {X}/{x}: the caption without its stop, as written / inside a sentence. {y}: dog, dogs, water. {any}: a dog, any dogs.
FORMS = {
    "A": (
        "{X}{comma} but there {be} no {y}{end}",
        "{X}{comma} with no {y} in the picture{end}",
        "{X}{comma} and the picture does not show {any}{end}",
        "{X}{comma} but no {y} {be} there{end}",
        "There {be} no {y} here{colon} {x}{end}",
    ),
    "B": (
        "{X}{comma} without {any} in sight{end}",
        "{X}{comma} but you can't see {any}{end}",
        "{X}{comma} although there {be}n't {any} anywhere{end}",
        "No {y} to be seen{colon} {x}{end}",
    ),
}
_INDEX = {name: i for i, name in enumerate(things.DENIABLE)}


def sentence(caption: Caption, thing: str, form: str, plural: bool) -> str:
    """The caption with "no thing" said in the given form; spaces before marks as the caption has them.

    thing: one of `things.THINGS`, or any other noun that can be counted.
    """
    entry = things.THINGS.get(thing) or things.Thing(thing, (thing,), frozenset())
    plural = plural and not entry.mass
    name = entry.plural if plural else entry.name
    some = f"any {name}" if plural or entry.mass else f"{article_of(name)} {name}"
    return fill(caption, form, y=name, be="are" if plural else "is", any=some)


def fill(caption: Caption, form: str, **parts: str) -> str:
    """The form with the caption in it, and the other parts that the form names."""
    body, end = caption.body_and_end
    space = " " if end.startswith(" ") else ""
    return form.format(X=body, x=caption.body_in_sentence, end=end, comma=space + ",", colon=space + ":", **parts)


def deniable(caption: Caption, siblings: Siblings) -> list[str]:
    """Things that the caption does not name and its siblings do: denying them is false.

    One sibling is enough for a thing, three where others are named that it may be taken for (a ball, a frisbee); people
    need two, and a caption without any people: "a surfer rides a wave, but there is no man" contradicts itself.
    """
    found = []
    for thing, times in sorted(siblings.times_named.items()):
        if thing not in _INDEX or not caption.bag.isdisjoint(things.NAME_FORMS[thing]):
            continue
        if thing in _PEOPLE:
            certain = times >= 2 and caption.signs.isdisjoint(_PEOPLE)
        else:
            certain = times >= 3 or siblings.times_named.keys().isdisjoint(things.TAKEN_FOR[thing])
        if certain:
            found.append(thing)
    return found


_PEOPLE = ("man", "woman", "child", "person")


class Absent:
    """Which things fit a scene and are not in it: counted on the input.

    Plausibility of Y in a scene naming things Z: mean over Z of P(Y named | Z named), taken as 0 where it is below half
    of P(Y named), so that no bed is missed on a ski slope. Weights w(Y) are then fitted
    so that over the whole input absent things are as frequent as denied ones (iterative proportional fitting).
    """

    def __init__(self, groups: Mapping[str, Siblings]) -> None:
        self._row = {group: i for i, group in enumerate(groups)}
        named = np.zeros((len(groups), len(_INDEX)), dtype=np.float32)  # (groups, things)
        hinted = np.zeros_like(named, dtype=bool)
        denied = np.zeros(len(_INDEX))
        for i, siblings in enumerate(groups.values()):
            named[i, [_INDEX[t] for t in siblings.times_named if t in _INDEX]] = 1
            hinted[i, [_INDEX[t] for t in siblings.signs if t in _INDEX]] = True
            for caption in siblings.captions.values():
                false = deniable(caption, siblings)
                denied[[_INDEX[thing] for thing in false]] += 1 / max(1, len(false))
        together = named.T @ named
        given = together / np.maximum(1, together.diagonal())[:, None]  # row Z, column Y: P(Y | Z)
        scores = named @ given / np.maximum(1, named.sum(1, keepdims=True))
        scores[hinted | (scores < named.mean(0) / 2)] = 0
        self._scores = scores * _fitted_weights(scores, denied)

    def plausible(self, group: str) -> tuple[list[str], list[float]]:
        """Things absent from a group that fit its scene, and their weights."""
        row = self._scores[self._row[group]]
        found = [thing for thing, i in _INDEX.items() if row[i] > 0]
        return found, [float(row[_INDEX[thing]]) for thing in found]


def _fitted_weights(scores: np.ndarray, denied: np.ndarray) -> np.ndarray:
    weights = np.ones(scores.shape[1])
    if denied.sum() == 0:  # one caption per image: nothing is ever denied, so there is nothing to match
        return weights
    wanted = denied / denied.sum()
    rows = scores[scores.sum(1) > 0].astype(np.float64)
    for _ in range(50):
        drawn = rows * weights
        drawn = (drawn / np.maximum(drawn.sum(1, keepdims=True), 1e-12)).mean(0) if len(rows) else wanted
        ratio = np.divide(wanted, drawn, out=np.ones_like(wanted), where=drawn > 0)
        # Bounded, so that a thing that is hardly ever plausible is not forced upon the few scenes where it is.
        weights = np.clip(weights * np.sqrt(ratio), 1e-3, 1e2)
    return weights

"""Queries of five forms with their truth on every photo, made from what is known of the photos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

from semclip.core.query import And, Node, Not, Text
from semclip.core.seeds import derive_seed
from semclip.english.presence import NOT_THERE, THERE, UNSURE, Presence, one, several
from semclip.evaluation.metrics.ranking import average_precision

#: form -> ways to say it. {a}: a wanted thing, {b}: a second one; {x}, {y}: excluded things.
WORDINGS = {
    "A": ("{a}", "a photo of {a}"),
    "A and B": ("{a} and {b}", "{a} with {b}", "both {a} and {b}"),
    "A without B": ("{a} without {x}", "{a} with no {x}", "{a} but no {x}", "{a} and not any {x}"),
    "A but neither B nor C": ("{a} but neither {x} nor {y}", "{a} without {x} or {y}", "{a} with no {x} and no {y}"),
    "not B": ("no {x}", "a photo without {x}", "everything except {x}"),
}

#: Photos that a query must keep away, as a proportion of those it asks for.
_BITE = 0.1

#: Forms that exclude something.
EXCLUDING = ("A without B", "A but neither B nor C", "not B")


@dataclass(frozen=True)
class Item:
    """One query.

    tree: its parts, as a parser would understand it. sentences: wording -> the query said in that way.
    decided: the P photos on which its truth is known, as places in `Presence.images`.
    right: (P,) whether a decided photo is what was asked for. held: (P,) whether it surely holds an excluded thing.
    """

    form: str
    wanted: tuple[str, ...]
    excluded: tuple[str, ...]
    tree: Node
    sentences: Mapping[str, str]
    decided: NDArray[np.int64]
    right: NDArray[np.bool_]
    held: NDArray[np.bool_]

    @property
    def id(self) -> str:
        return " ".join((*self.wanted, *(f"-{thing}" for thing in self.excluded)))

    @property
    def cluster(self) -> str:
        """What queries must share to be no independent evidence: what they exclude first, or else want first."""
        return (*self.excluded, *self.wanted)[0]

    @property
    def things(self) -> frozenset[str]:
        return frozenset((*self.wanted, *self.excluded))

    @cached_property
    def by_chance(self) -> dict[str, float]:
        """What random order reaches: average precision, and the shares of right and of held photos among the first."""
        precision = average_precision(np.zeros(len(self.right)), self.right)
        shares = {"precision": float(self.right.mean()), "violations": float(self.held.mean())}
        return {"average_precision": precision, **shares}


def items(known: Presence, least: int, per_form: int) -> list[Item]:
    """The queries that the photos can answer, at most `per_form` of each form, drawn by their names alone.

    A query needs `least` right photos; and for each of its parts `least` photos that are wrong in that part only, so
    that no part can be left out without a loss. Where something is wanted as well, those that are wrong in an excluded
    part only must be a tenth as many as the right ones: people exclude what they would be shown otherwise.
    """
    found = []
    for form, candidates in _candidates(known, least).items():
        drawn = sorted(candidates, key=lambda c: derive_seed("exclusion", form, *c[0], "-", *c[1]))
        fitting = (_item(known, form, wanted, excluded, least) for wanted, excluded in drawn)
        found += [item for item, _ in zip((i for i in fitting if i is not None), range(per_form), strict=False)]
    return found


_Parts = tuple[tuple[str, ...], tuple[str, ...]]


def _candidates(known: Presence, least: int) -> dict[str, list[_Parts]]:
    """By form, the parts of all queries that pairs of things do not already rule out."""
    there = (known.state == THERE).astype(np.int64)  # (P, T)
    both = there.T @ there  # photos with two things
    first_only = there.T @ (known.state == NOT_THERE)  # row A, column B: photos with A and without B
    row = {thing: i for i, thing in enumerate(known.things)}
    common = [t for t in known.things if both[row[t], row[t]] >= least]

    def bites(a: str, b: str) -> bool:
        return min(both[row[a], row[b]], first_only[row[a], row[b]]) >= least

    pairs = [(a, b) for a, b in permutations(common, 2) if bites(a, b)]
    keep_away = {a: [b for other, b in pairs if other == a] for a in common}
    return {
        "A": [((a,), ()) for a in common],
        "A and B": [((a, b), ()) for a, b in pairs if a < b and bites(b, a)],
        "A without B": [((a,), (b,)) for a, b in pairs],
        "A but neither B nor C": [((a,), two) for a in common for two in combinations(keep_away[a], 2)],
        "not B": [((), (b,)) for b in common],
    }


def _item(known: Presence, form: str, wanted: tuple[str, ...], excluded: tuple[str, ...], least: int) -> Item | None:
    states = [known.of(t) for t in wanted]
    for state in map(known.of, excluded):
        states.append(np.where(state == UNSURE, UNSURE, THERE + NOT_THERE - state).astype(np.int8))
    truth = _all_of(states)
    alone = [
        np.count_nonzero((s == NOT_THERE) & (_all_of(states[:i] + states[i + 1 :]) == THERE))
        for i, s in enumerate(states)
    ]
    right = np.count_nonzero(truth == THERE)
    if min(right, *alone) < least or (wanted and excluded and min(alone[len(wanted) :]) < _BITE * right):
        return None
    decided = np.flatnonzero(truth != UNSURE)
    held = np.zeros(len(truth), dtype=bool)
    for thing in excluded:
        held |= known.of(thing) == THERE
    parts: list[Node] = [*(Text(one(t)) for t in wanted), *(Not(Text(several(t))) for t in excluded)]
    said = dict([*zip("ab", map(one, wanted), strict=False), *zip("xy", map(several, excluded), strict=False)])
    return Item(
        form=form,
        wanted=wanted,
        excluded=excluded,
        tree=parts[0] if len(parts) == 1 else And(tuple(parts)),
        sentences={wording: wording.format(**said) for wording in WORDINGS[form]},
        decided=decided,
        right=truth[decided] == THERE,
        held=held[decided],
    )


def _all_of(states: Sequence[NDArray[np.int8]]) -> NDArray[np.int8]:
    """Kleene's conjunction: false where one part is false, else unsure where one is unsure, else true."""
    if not states:
        return np.array(THERE, dtype=np.int8)
    table = np.stack(states)
    unsure_or_there = np.where((table == UNSURE).any(axis=0), UNSURE, THERE)
    return np.where((table == NOT_THERE).any(axis=0), NOT_THERE, unsure_or_there).astype(np.int8)
